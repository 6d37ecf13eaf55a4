"""Why a bundle cannot be used.

BundleError
    BundleDamagedError
    BundleUnreadableError
    StoreUnreachableError
"""


class BundleError(ValueError):
    """A bundle cannot be used, or not for this purpose; the text names the file and the reason."""


class BundleDamagedError(BundleError):
    """A file of a bundle is missing or damaged."""


class BundleUnreadableError(BundleError):
    """A bundle is intact, but in a format of another version of Braid that this version cannot read."""


class StoreUnreachableError(BundleError):
    """The store of bundles cannot be reached now; this says nothing about its bundles."""
