"""The ranker: from a user's history to one ranked list."""

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError

from models.bundle.errors import BundleError
from models.bundle.loader import Bundle
from models.data.history import History
from models.data.interactions import find
from models.ranking.blend import blend
from models.ranking.candidates import Candidates
from models.ranking.config import RankingConfig
from models.ranking.features import FeatureBuilder, Scaler
from models.ranking.network import NETWORK_FILE, NetworkScorer
from models.ranking.retriever import Retriever

Float32 = npt.NDArray[np.float32]
Int32 = npt.NDArray[np.int32]


class Ranker:
    """Ranks the items of a bundle's catalogue for a history; one ranker serves one thread.

    Parameters
    ----------
    retriever
        Draws the candidates.
    network
        Scores them; None where the blend does not use it.
    item_ids, user_ids
        Known ids as UTF-8 bytes, ascending; an id's code is its position.
    version
        Version of the bundle.
    """

    def __init__(
        self,
        retriever: Retriever,
        network: NetworkScorer | None,
        item_ids: npt.NDArray[np.bytes_],
        user_ids: npt.NDArray[np.bytes_],
        version: str = "",
    ) -> None:
        self.retriever = retriever
        self.network = network
        self.item_ids = item_ids
        self.user_ids = user_ids
        self.version = version
        self.features = FeatureBuilder(retriever.popularity)

    @classmethod
    def load(cls, bundle: Bundle) -> "Ranker":
        """Build the ranker from a verified bundle.

        Raises
        ------
        BundleError
            The parts of the bundle do not fit together, or this version cannot read them.
        """
        try:
            config = RankingConfig.model_validate(bundle.manifest.settings)
        except ValidationError as error:
            raise BundleError(f"{bundle.folder}: settings: {error.errors()[0]['msg']}") from error
        item_ids = bundle.array("item_ids", "S")
        user_ids = bundle.array("user_ids", "S")
        retriever = Retriever.load(bundle, config)
        if not _fits(retriever, len(item_ids), len(user_ids)):
            raise BundleError(f"{bundle.folder}: its arrays are of different numbers of items or users")
        network = None
        if NETWORK_FILE in bundle.manifest.files:
            scaler = Scaler(
                bundle.array("scaler_mean", np.float32),  # type: ignore[arg-type]
                bundle.array("scaler_scale", np.float32),  # type: ignore[arg-type]
            )
            network = NetworkScorer(bundle.file(NETWORK_FILE), scaler)
        elif config.blend.network_weight > 0:
            raise BundleError(f"{bundle.folder}: {NETWORK_FILE} is missing")
        return cls(retriever, network, item_ids, user_ids, bundle.version)  # type: ignore[arg-type]

    def recommend(
        self,
        history: Sequence[str],
        *,
        strengths: Sequence[float] | None = None,
        limit: int,
        exclude: Collection[str] = (),
        user_id: str | None = None,
    ) -> list[tuple[str, float]]:
        """Rank items for a user's history.

        Parameters
        ----------
        history
            Ids of the items of the user's positive interactions, oldest first; ids that the bundle does not know
            are passed over.
        strengths
            How much each of them says, beside `history`; all alike by default.
        limit
            Length of the list, at most.
        exclude
            Ids never to be returned.
        user_id
            Where the bundle knows it, this user's own row is not taken for a neighbour.

        Returns
        -------
        list
            Item id and score, best first; empty where the bundle knows none of the history.
        """
        codes = find(self.item_ids, history)
        known = codes >= 0
        if not known.any():
            return []
        user = int(find(self.user_ids, [user_id])[0]) if user_id is not None else -1
        excluded = find(self.item_ids, list(exclude))
        candidates = self.retriever.retrieve(
            History(codes[known], user, None if strengths is None else np.array(strengths, dtype=np.float32)[known]),
            excluded=excluded,
            limit=max(limit, self.retriever.config.blend.candidates),
        )
        scores = self.score(candidates)
        order = np.argsort(-scores, kind="stable")[:limit]
        ids = self.item_ids[candidates.items[order]]
        return [(item_id.decode(), float(score)) for item_id, score in zip(ids, scores[order], strict=True)]

    def score(self, candidates: Candidates, network: Float32 | None = None) -> Float32:
        """Score candidates with the blend; `network` are the network's scores, where they are known already."""
        weight = self.retriever.config.blend.network_weight
        if self.network is None or weight <= 0:
            return candidates.neighbours
        if network is None:
            network = self.network.score(self.features.build(candidates))
        return blend(candidates.neighbours, network, weight)

    def popular(self, *, limit: int, exclude: Collection[str] = ()) -> list[tuple[str, float]]:
        """Give the most popular items of the training data and their number of interactions."""
        popularity = self.retriever.popularity
        excluded = find(self.item_ids, list(exclude))
        head = popularity.order[: limit + len(excluded)]
        head = head[~np.isin(head, excluded) & (popularity.counts[head] > 0)][:limit]
        return [(self.item_ids[item].decode(), float(popularity.counts[item])) for item in head]


def _fits(retriever: Retriever, n_items: int, n_users: int) -> bool:
    return all(recommender.fits(n_items, n_users) for recommender in retriever.recommenders)
