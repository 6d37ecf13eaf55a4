"""The retriever: the fitted recommenders, and the candidates that they draw together."""

from collections.abc import Collection, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from models.arrays.types import Int32
from models.bundle.loader import Bundle
from models.data.history import History
from models.data.interactions import Interactions
from models.ranking import kernels
from models.ranking.candidate_generation import CandidateGenerator, CandidateQuery
from models.ranking.candidates import KINDS, PARTS, TRENDING, Candidates
from models.ranking.config import RankingConfig
from models.ranking.new_items import NewItems
from models.recommenders.content import Content
from models.recommenders.popularity import Popularity
from models.recommenders.recommender import Recommender
from models.recommenders.score_board import ScoreBoard

SERVED_WHOLE = 20
"""Latest items of a history whose rows a request reads whole; a thousand would cost ten times as much as ten."""
_FILL = np.float32(1e-6)


class Retriever:
    """Draws candidates from all recommenders, filled up with popular items.

    One retriever serves one thread: its buffers are reused.
    """

    def __init__(self, config: RankingConfig, recommenders: Sequence[Recommender]) -> None:
        self.config = config
        self.recommenders = tuple(recommenders)
        self.popularity = next(part for part in recommenders if isinstance(part, Popularity))
        self.weights = np.array([getattr(config.blend, part) for part in PARTS], dtype=np.float32)
        # Behind all that is scored, popular items stand in their order.
        mix = self.weights.copy()
        mix[PARTS.index(Popularity.signals[0])] += _FILL
        self.mix = mix
        self._generator = CandidateGenerator(config, self.recommenders, self.popularity, mix)
        # Only signals of what is asked: the less there is of each item, the faster it is read.
        asked = tuple(signal for part in self.recommenders for signal in part.signals)
        self._board = ScoreBoard(len(self.popularity.counts), asked)

    @property
    def n_items(self) -> int:
        """Count the items of the catalogue."""
        return len(self.popularity.counts)

    @property
    def present(self) -> tuple[str, ...]:
        """Name the parts that the data has something for."""
        names = [part.signals[0] for part in self.recommenders if not part.empty]
        return (*names, TRENDING) if self.popularity.trends else tuple(names)

    @classmethod
    def fit(
        cls,
        interactions: Interactions,
        config: RankingConfig,
        catalogue: pa.Table | None = None,
        parts: Collection[str] = PARTS,
    ) -> Self:
        """Fit recommenders on the same interactions.

        Parameters
        ----------
        catalogue
            The items file of a data set, where there is one.
        parts
            Those to fit; popularity is always there.
        """
        interactions = interactions.raised(config.strength_exponent)
        kinds = [kind for kind in KINDS if kind is Popularity or kind.signals[0] in parts]
        return cls(config, [fit(kind, interactions, config, catalogue) for kind in kinds])

    def refitted(self, interactions: Interactions, config: RankingConfig, catalogue: pa.Table | None = None) -> Self:
        """Fit the same recommenders on other interactions with the same codes, or with other settings."""
        strong = interactions.raised(config.strength_exponent)
        recommenders = [
            # The catalogue does not change with the interactions.
            part
            if isinstance(part, Content) and part.config == config.content
            else fit(type(part), strong, config, catalogue)
            for part in self.recommenders
        ]
        return type(self)(config, recommenders)

    def reads(self, other: "Retriever") -> bool:
        """Tell whether it asks the same recommenders, and so draws the same candidates with the same weights."""
        mine, others = (
            [type(part) for part in retriever.recommenders if not part.empty] for retriever in (self, other)
        )
        return mine == others and self.config == other.config

    def pruned(self) -> "Retriever":
        """Leave out the recommenders of weight 0 that the network does not read."""
        return Retriever(self.config, [part for part in self.recommenders if _used(part, self.config)])

    @classmethod
    def load(cls, bundle: Bundle, config: RankingConfig) -> Self:
        """Build every recommender from the arrays of a bundle."""
        recommenders = [kind.load(bundle, getattr(config, kind.signals[0])) for kind in KINDS if _used(kind, config)]
        retriever = cls(config, recommenders)
        retriever._board.whole = SERVED_WHOLE
        return retriever

    def configured(self, config: RankingConfig) -> "Retriever":
        """Give the same fitted recommenders other request-time settings."""
        recommenders = [part.configured(getattr(config, part.signals[0])) for part in self.recommenders]
        return Retriever(config, recommenders)

    def replaced(self, recommender: Recommender, config: RankingConfig) -> "Retriever":
        """Put one recommender, fitted with other settings, in the place of the present one."""
        others = [recommender if type(recommender) is type(present) else present for present in self.recommenders]
        return Retriever(config, others).configured(config)

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Name the arrays of all recommenders, to store in a bundle."""
        arrays: dict[str, npt.NDArray[np.generic]] = {}
        for recommender in self.recommenders:
            arrays |= recommender.arrays()
        return arrays

    def block(self, items: Int32) -> None:
        """Keep items (codes) out of every answer from now on."""
        self._board.block(items)

    def unblock(self, items: Int32) -> None:
        """Let items (codes) into answers again."""
        self._board.unblock(items)

    def retrieve(self, history: History, query: CandidateQuery, new_items: NewItems | None = None) -> Candidates:
        """Draw the candidates for one request.

        Parameters
        ----------
        history
            What the user had, oldest first.
        arrivals
            Items that came after the recommenders were fitted, where there are any.
        """
        with self._board as board:
            return self._generator.generate(board, history, query, new_items)

    def first(self, order: Int32, query: CandidateQuery, count: int) -> Int32:
        """Give the first items of an order that are wanted, at most so many."""
        with self._board as board:
            board.exclude(query.excluded[query.excluded < self.n_items])
            if query.only is not None:
                allowed = np.zeros(self.n_items, dtype=np.bool_)
                allowed[query.only[(query.only >= 0) & (query.only < self.n_items)]] = True
                wanted = allowed if query.wanted is None else allowed & query.wanted[: self.n_items]
                return kernels.first_wanted(order, wanted, board.slot, count)
            if query.wanted is not None:
                return kernels.first_wanted(order, query.wanted, board.slot, count)
            return kernels.first_free(order, board.slot, count)


def used(config: RankingConfig) -> tuple[str, ...]:
    """Name the parts that settings have a use for."""
    return tuple(kind.signals[0] for kind in KINDS if _used(kind, config))


def _used(part: Recommender | type[Recommender], config: RankingConfig) -> bool:
    name = part.signals[0]
    return name in {Popularity.signals[0], *config.network_parts} or bool(getattr(config.blend, name) > 0)


def fit(
    kind: type[Any], interactions: Interactions, config: RankingConfig, catalogue: pa.Table | None = None
) -> Recommender:
    """Fit one recommender with its settings."""
    settings = getattr(config, kind.signals[0])
    recommender: Recommender
    if kind is Content:
        recommender = Content.fit(interactions, catalogue, settings)
    else:
        recommender = kind.fit(interactions, settings)
    return recommender
