"""The retriever: the fitted recommenders, and the candidates that they generate together."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from models.arrays.types import Int32
from models.bundle.loader import Bundle
from models.data.history import History
from models.data.interactions import Interactions
from models.ranking import kernels
from models.ranking.candidate_generation import Bounds, CandidateGenerator, CandidateQuery
from models.ranking.candidates import PARTS, Candidates
from models.ranking.config import RankingConfig
from models.ranking.context import context_of
from models.ranking.new_items import NewItems
from models.recommenders.entry import Entry
from models.recommenders.popularity import TRENDING, Popularity
from models.recommenders.profile_affinity import ProfileAffinity
from models.recommenders.recommender import Recommender, TrainingData
from models.recommenders.registry import RECOMMENDERS, entry_of
from models.recommenders.score_board import ScoreBoard

BOUNDS = Bounds()
_FILL = np.float32(1e-6)
_AFFINITY = ProfileAffinity.signals[0]


class Retriever:
    """Generates candidates with all recommenders, filled up with popular items.

    One retriever serves one thread: its buffers are reused.

    Parameters
    ----------
    config
        The settings of the request path.
    recommenders
        Fitted, with these settings; popularity is among them.
    bounds
        How much of a history is read; every copy keeps it.
    affinity
        The affinities of profiles, where only users without a history need them; otherwise one of the recommenders.
    """

    def __init__(
        self,
        config: RankingConfig,
        recommenders: Sequence[Recommender],
        bounds: Bounds = BOUNDS,
        affinity: ProfileAffinity | None = None,
    ) -> None:
        self.config = config
        self.bounds = bounds
        self.recommenders = tuple(recommenders)
        self.popularity = next(part for part in recommenders if isinstance(part, Popularity))
        own = next((part for part in recommenders if isinstance(part, ProfileAffinity)), affinity)
        self.affinity = None if own is None or own.empty else own
        self.weights = np.array([getattr(config.blend, part) for part in PARTS], dtype=np.float32)
        # Popular items rank, in their order, after all items that have a score.
        mix = self.weights.copy()
        mix[PARTS.index(Popularity.signals[0])] += _FILL
        self.mix = mix
        self._generator = CandidateGenerator(config, self.recommenders, self.popularity, mix, bounds)
        # Only the signals of these recommenders: a board with fewer rows is faster.
        signals = tuple(signal for part in self.recommenders for signal in part.signals)
        self._board = ScoreBoard(len(self.popularity.counts), signals)

    @property
    def n_items(self) -> int:
        """Return the number of items in the catalogue."""
        return len(self.popularity.counts)

    @property
    def present(self) -> tuple[str, ...]:
        """Return the names of the parts that have data."""
        names = [name for part in self.recommenders if not part.empty for name in entry_of(part.signals[0]).parts]
        return tuple(name for name in names if name != TRENDING or self.popularity.trends)

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
            Names of the parts to fit; popularity is always fitted.
        """
        training = TrainingData(interactions.pairs.raised(config.strength_exponent), catalogue)
        fitted = [
            fit(entry, training, config)
            for entry in RECOMMENDERS
            if entry.recommender is Popularity or any(part in parts for part in entry.parts)
        ]
        return cls(config, fitted)

    def refitted(self, interactions: Interactions, config: RankingConfig, catalogue: pa.Table | None = None) -> Self:
        """Fit the same recommenders on other interactions with the same codes, or with other settings."""
        training = TrainingData(interactions.pairs.raised(config.strength_exponent), catalogue)
        recommenders = []
        for part in self.recommenders:
            entry = entry_of(part.signals[0])
            # The catalogue does not change with the interactions.
            same = entry.from_catalogue and part.config == getattr(config, entry.name)
            recommenders.append(part if same else fit(entry, training, config))
        affinity = None if self.affinity is None else ProfileAffinity.fit(training, config.profile_affinity)
        return type(self)(config, recommenders, self.bounds, affinity)

    def pruned(self) -> "Retriever":
        """Leave out the recommenders of weight 0 that the network does not read."""
        names = scored(self.config)
        kept = [part for part in self.recommenders if part.signals[0] in names]
        return Retriever(self.config, kept, self.bounds, self.affinity)

    @classmethod
    def load(cls, bundle: Bundle, config: RankingConfig) -> Self:
        """Load the recommenders that rank from the arrays of a bundle.

        Raises
        ------
        BundleError
            An array is missing or of another type.
        """
        names = scored(config)
        entries = [entry for entry in RECOMMENDERS if entry.name in names]
        recommenders = [entry.recommender.load(bundle, getattr(config, entry.name)) for entry in entries]
        wants_affinity = _AFFINITY in used(config) and _AFFINITY not in names
        affinity = ProfileAffinity.load(bundle, config.profile_affinity) if wants_affinity else None
        return cls(config, recommenders, BOUNDS, affinity)

    def configured(self, config: RankingConfig) -> "Retriever":
        """Apply other request-time settings to the same fitted recommenders."""
        recommenders = [part.configured(getattr(config, part.signals[0])) for part in self.recommenders]
        affinity = None if self.affinity is None else self.affinity.configured(config.profile_affinity)
        return Retriever(config, recommenders, self.bounds, affinity)

    def replaced(self, recommender: Recommender, config: RankingConfig) -> "Retriever":
        """Replace one recommender by one fitted with other settings."""
        others = [recommender if type(recommender) is type(present) else present for present in self.recommenders]
        return Retriever(config, others, self.bounds, self.affinity).configured(config)

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return the arrays of all recommenders to store in a bundle, by name."""
        arrays: dict[str, npt.NDArray[np.generic]] = {}
        for recommender in self.recommenders:
            arrays |= recommender.arrays()
        return arrays

    def block(self, items: Int32) -> None:
        """Exclude items (codes) from every answer from now on."""
        self._board.block(items)

    def unblock(self, items: Int32) -> None:
        """Include items (codes) in answers again."""
        self._board.unblock(items)

    def retrieve(self, history: History, query: CandidateQuery, new_items: NewItems | None = None) -> Candidates:
        """Generate the candidates for one request.

        Parameters
        ----------
        history
            The user's interactions, oldest first.
        query
            Which items are wanted.
        new_items
            Items created after the recommenders were fitted, if any.
        """
        with self._board as board:
            found = self._generator.generate(board, history, query, new_items)
        if self.config.context:
            return replace(found, context=context_of(history, self.config.visit_pause))
        return found

    def first(self, order: Int32, query: CandidateQuery, count: int) -> Int32:
        """Return the first items of an order that are wanted, at most `count`."""
        with self._board as board:
            board.exclude(query.excluded[query.excluded < self.n_items])
            wanted = kernels.EVERY_ITEM if query.wanted is None else query.wanted
            if query.only is not None:
                allowed = np.zeros(self.n_items, dtype=np.bool_)
                allowed[query.only[(query.only >= 0) & (query.only < self.n_items)]] = True
                wanted = allowed if query.wanted is None else allowed & query.wanted[: self.n_items]
            return kernels.first_without_slot(order, board.slot, wanted, count)


def used(config: RankingConfig) -> tuple[str, ...]:
    """Return the recommenders that settings need: those that are scored, and what users without a history need."""
    names = scored(config)
    return (*names, _AFFINITY) if config.profile_affinity.newcomer_weight > 0 and _AFFINITY not in names else names


def scored(config: RankingConfig) -> tuple[str, ...]:
    """Return the recommenders with a weight, those that the network reads, and popularity."""
    names = []
    for entry in RECOMMENDERS:
        weighed = any(getattr(config.blend, part) > 0 for part in entry.parts)
        if weighed or entry.recommender is Popularity or entry.name in config.network_parts:
            names.append(entry.name)
    return tuple(names)


def fit(entry: Entry, training: TrainingData, config: RankingConfig) -> Recommender:
    """Fit one recommender with its settings."""
    return entry.recommender.fit(training, getattr(config, entry.name))
