"""The other contents of a bundle than the recommenders that rank: settings, network, facts, further recommenders."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from pydantic import ValidationError

from models.bundle.errors import BundleUnreadableError
from models.bundle.loader import Bundle
from models.bundle.manifest import KNOWN_MASKS
from models.ranking.candidates import PARTS
from models.ranking.config import RankingConfig
from models.ranking.features import Scaler, network_signals
from models.ranking.network import NETWORK_FILE, NetworkScorer
from models.recommenders.recommender import Recommender, by_name
from models.recommenders.registry import RECOMMENDERS


@dataclass(frozen=True)
class BundleFacts:
    """Facts about a bundle.

    `catalogue_at` is the moment at which reading of the catalogue began, in microseconds since 1970; `data_until` the
    latest time of the interactions, in their unit; `last_interaction_id` the newest row of the log that is in the
    bundle, None if unknown. `known_masks` are the tokens of the masks of users that the training knew: what the bundle
    has of these users is from after they were erased.
    """

    version: str = ""
    catalogue_at: int = 0
    data_until: float = 0.0
    last_interaction_id: int | None = None
    known_masks: frozenset[str] = frozenset()

    @classmethod
    def of(cls, bundle: Bundle) -> Self:
        """Read them from a bundle's manifest."""
        data = bundle.manifest.data
        # Without a recorded moment: the catalogue was read before the bundle was made.
        made_at = int(bundle.manifest.created_at.timestamp() * 1e6)
        return cls(
            bundle.version,
            int(data.get("catalogue_at") or made_at),
            float((data.get("window") or [0.0, 0.0])[1]),
            data.get("last_interaction_id"),
            frozenset(data.get(KNOWN_MASKS) or ()),
        )


NO_BUNDLE = BundleFacts()
"""The facts of a ranker that was not loaded from a bundle."""


def read_config(bundle: Bundle) -> RankingConfig:
    """Read the settings of the request path.

    A part that the stored blend does not name is newer than the bundle and has weight 0. A bundle whose settings do not
    say what scores are relative to is older than that: they are relative to all candidates. Nor does it say whether its
    log had an order: it has one if it has a window of time.

    Raises
    ------
    BundleUnreadableError
        They are not valid settings of this version.
    """
    ordered = bundle.manifest.data.get("window") is not None
    settings = {"generated_reference": False, "ordered": ordered, **bundle.manifest.settings}
    blend = settings.get("blend")
    if isinstance(blend, Mapping):
        settings["blend"] = dict.fromkeys(PARTS, 0.0) | dict(blend)
    try:
        return RankingConfig.model_validate(settings)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in ("settings", *first["loc"]))
        raise BundleUnreadableError(f"{bundle.folder}: {where}: {first['msg']}") from error


def read_network(bundle: Bundle) -> NetworkScorer:
    """Read the network and its scaler.

    Its features come from the signals that the settings name.

    Raises
    ------
    BundleUnreadableError
        The network or its scaler is missing or of another type.
    """
    mean, scale = (bundle.array(name, np.float32) for name in ("scaler_mean", "scaler_scale"))
    scaler = Scaler(mean, scale)  # type: ignore[arg-type]
    settings = bundle.manifest.settings
    context = bool(settings.get("context"))
    named = settings.get("network_signals")
    # Bundles from before it was written down name all recommenders of their version, and their networks read these.
    signals = network_signals(settings) if named is None else tuple(named)
    return NetworkScorer(bundle.file(NETWORK_FILE), scaler, signals, context=context)


def read_recommenders(bundle: Bundle, config: RankingConfig, loaded: Iterable[Recommender]) -> dict[str, Recommender]:
    """Read the recommenders of the bundle that do not rank: similar items, similar users and reasons use them.

    Returns
    -------
    dict
        Recommenders by name, including those that were loaded before.

    Raises
    ------
    BundleError
        An array is missing or of another type.
    """
    found = by_name(loaded)
    for entry in RECOMMENDERS:
        if entry.name not in found and any(array.startswith(f"{entry.name}_") for array in bundle.arrays):
            found[entry.name] = entry.recommender.load(bundle, getattr(config, entry.name))
    return found
