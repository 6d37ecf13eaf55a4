"""Candidates: the items drawn for one request, with every recommender's signals beside them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from models.bundle.loader import Bundle
from models.data.history import History
from models.data.interactions import Interactions
from models.ranking import kernels
from models.ranking.config import RankingConfig
from models.recommenders.als import Als
from models.recommenders.board import Board
from models.recommenders.content import Content
from models.recommenders.ease import Ease
from models.recommenders.item_knn import ItemKNN
from models.recommenders.kernels import largest
from models.recommenders.popularity import Popularity
from models.recommenders.recommender import Recommender
from models.recommenders.repeats import Repeats
from models.recommenders.spectral import Spectral
from models.recommenders.successor import Successor
from models.recommenders.user_knn import UserKNN

Float32 = npt.NDArray[np.float32]
Int32 = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]

KINDS = (ItemKNN, Successor, Content, UserKNN, Ease, Als, Spectral, Repeats, Popularity)
"""The recommenders; the settings of each bear the name of its first signal."""
SIGNALS = tuple(signal for kind in KINDS for signal in kind.signals)
"""Names of the signals, in the order of the rows."""
TRENDING = "trending"
PARTS = (*(kind.signals[0] for kind in KINDS), TRENDING)
"""The signals that are mixed, and measured alone."""
_FILL = np.float32(1e-6)
_PART_COLUMNS = np.array([SIGNALS.index(part) for part in PARTS], dtype=np.int64)


@dataclass(frozen=True)
class Candidates:
    """Items to rank and what the recommenders say of them.

    `items` are codes, int32 of length n; `signals` is float32 (len(SIGNALS), n); `parts` is float32 (len(PARTS), n),
    each part's score relative to its best item in this request; `neighbours` is their mix, float32 of length n.
    `wanted`, where given, marks those that may be in the answer: where only some items are to be ranked, the others
    are there so that features mean what they meant in training.
    """

    items: Int32
    signals: Float32
    parts: Float32
    neighbours: Float32
    history_length: int
    wanted: Mask | None = None

    def best(self, count: int) -> "Candidates":
        """Keep those with the best mixed score, and all that are wanted."""
        if len(self.items) <= count:
            return self
        chosen = largest(self.neighbours, count)
        if self.wanted is not None:
            chosen = np.union1d(chosen, np.flatnonzero(self.wanted))
        return self.take(chosen)

    def take(self, chosen: npt.NDArray[np.integer]) -> "Candidates":
        """Keep some of them."""
        return Candidates(
            self.items[chosen],
            self.signals[:, chosen],
            self.parts[:, chosen],
            self.neighbours[chosen],
            self.history_length,
            None if self.wanted is None else self.wanted[chosen],
        )


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
        self._mix = self.weights.copy()
        self._mix[PARTS.index(Popularity.signals[0])] += _FILL
        self._board = Board(len(self.popularity.counts), SIGNALS)

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
        return cls(config, recommenders)

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

    def retrieve(
        self,
        history: History,
        *,
        excluded: Int32,
        only: Int32 | None = None,
        wanted: Mask | None = None,
        favoured: Sequence[Mask] = (),
        limit: int | None = None,
        cut: bool = True,
    ) -> Candidates:
        """Draw the candidates for one request.

        Parameters
        ----------
        history
            What the user had, oldest first.
        excluded
            Item codes never to be returned.
        only
            Where given, these items and no others are wanted; all of them are drawn.
        wanted
            Where given, bool of length n_items: the items that are wanted; as many of them are drawn as there are
            otherwise. They come from all that any recommender scores, then from the popular ones among them.
        favoured
            Masks as `wanted`: beside the others, half as many items of each are drawn, the best that there are.
        limit
            How many to draw; the setting by default.
        cut
            Whether more than that are cut off; otherwise all that any recommender scores are drawn.
        """
        count = self.config.blend.candidates if limit is None else limit
        whole = history.raised(self.config.strength_exponent)
        recent = whole.latest(self.config.max_history)
        with self._board as board:
            board.exclude(excluded)
            if len(recent):
                for recommender in self.recommenders:
                    recommender.score(whole if isinstance(recommender, Repeats) else recent, board)
            if only is not None:
                board.touch(only)
            # The fill stands behind the others, most popular first.
            scored = board.count
            if scored < count:
                board.touch(self.popularity.order[: count + len(excluded)])
                scored = min(board.count, count)
            masks = [(mask, count // 2) for mask in favoured] + ([] if wanted is None else [(wanted, count)])
            for mask, number in masks:
                self._fill(board, mask, number)
            board.settle()
            tops, mixed = kernels.mix(board.columns, board.count, _PART_COLUMNS, self._mix)
            slots = largest(mixed[:scored], count) if cut else np.arange(scored, dtype=np.int32)
            more = [] if only is None else [board.slots(only)]
            for mask, number in masks:
                fitting = np.flatnonzero(mask[board.items])
                more.append(fitting[largest(mixed[fitting], number)])
            if more:
                slots = np.unique(np.concatenate([slots, *more])).astype(np.int32)
            signals, parts = kernels.gather(board.columns, slots, _PART_COLUMNS, tops)
            items = board.items[slots]
            marks = None if wanted is None else wanted[items]
            if only is not None:
                marks = np.isin(items, only) if marks is None else marks & np.isin(items, only)
            return Candidates(items, signals, parts, mixed[slots], len(history), marks)

    def _fill(self, board: Board, wanted: Mask, count: int) -> None:
        """Draw wanted items that nothing scores, most popular first, until there are enough of them."""
        missing = count - int(wanted[board.items].sum())
        if missing > 0:
            board.touch(kernels.first_wanted(self.popularity.order, wanted, board.slot, missing))


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
