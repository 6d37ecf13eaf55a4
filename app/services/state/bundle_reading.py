"""Reads the rankers of a bundle: that of its goal, and those of its further goals."""

import numpy as np
import structlog

from models.bundle.errors import BundleDamagedError, BundleError, BundleUnreadableError
from models.bundle.loader import Bundle
from models.bundle.store import BundleStore
from models.ranking.ranker import Ranker

_log = structlog.get_logger(__name__)


def read_rankers(store: BundleStore, version: str) -> tuple[Ranker, dict[str, Ranker]]:
    """Verify and load a version and the bundles of its further goals.

    Returns
    -------
    tuple
        The ranker of the bundle, and those of the further goals, by goal.

    Raises
    ------
    BundleError
        One of them is missing, damaged, or cannot be read by this version of Braid.
    """
    bundle = store.load(version)
    ranker = read_ranker(bundle)
    further = {}
    for goal, other in bundle.manifest.goals.items():
        further[goal] = read_ranker(store.load(other))
        if not np.array_equal(further[goal].item_ids, ranker.item_ids):
            raise BundleDamagedError(f"{bundle.folder}: bundle {other}, of the goal {goal!r}, has other items")
    return ranker, further


def read_ranker(bundle: Bundle) -> Ranker:
    """Build the ranker of a bundle whose files are intact: if their content does not fit, another version wrote it.

    Other errors, for example of memory or of the compiler's cache, may pass: the bundle is read again later.

    Raises
    ------
    BundleError
        It is damaged, or this version of Braid cannot read it.
    """
    try:
        return Ranker.load(bundle)
    except (BundleUnreadableError, BundleDamagedError):
        raise
    except BundleError as error:
        raise BundleUnreadableError(str(error)) from error
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        _log.exception("bundle not read")
        raise BundleUnreadableError(f"{bundle.folder}: {type(error).__name__}: {error}") from error
