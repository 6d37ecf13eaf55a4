"""Why a bundle cannot be used."""


class BundleError(ValueError):
    """A bundle is missing a part, damaged, or of a format this version does not read.

    The text names the file and the reason.
    """
