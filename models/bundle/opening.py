"""Opens the store of bundles that a path or a URL names."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from models.bundle.store import BundleStore

_FILE = "file"


def open_store(location: str, cache: Path) -> BundleStore:
    """Open a folder of bundles, or object storage by its URL.

    Parameters
    ----------
    location
        A path, or a URL as fsspec reads it: `file://`, `s3://`, `gs://`.
    cache
        Folder for local copies of bundles under a URL.

    Raises
    ------
    BundleError
        The library for URLs of this kind is not installed.
    """
    parts = urlsplit(location)
    if "://" not in location:
        return BundleStore(Path(location))
    if parts.scheme == _FILE:
        return BundleStore(Path(unquote(parts.path)))
    from models.bundle.remote import RemoteBundleStore  # noqa: PLC0415 - most need no object storage

    return RemoteBundleStore(location, cache)
