"""Why a bundle cannot be used."""


class BundleError(ValueError):
    """A bundle is missing a part, damaged, or of a format this version does not read.

    The text names the file and the reason.
    """


class StoreUnreachableError(BundleError):
    """Where the bundles are cannot be reached now; nothing is said about any of them."""
