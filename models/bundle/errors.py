"""Why a bundle cannot be used.

BundleError
    BundleDamagedError
    BundleUnreadableError
    StoreUnreachableError
"""


class BundleError(ValueError):
    """A bundle cannot be used, or not for what was asked; the text names the file and the reason."""


class BundleDamagedError(BundleError):
    """A file of a bundle is missing, or is not as it was written."""


class BundleUnreadableError(BundleError):
    """A bundle is whole, and another version of Braid made it, in a form that this version does not read."""


class StoreUnreachableError(BundleError):
    """Where the bundles are cannot be reached now; nothing is said about any of them."""
