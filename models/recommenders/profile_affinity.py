"""What users who share an attribute or a context reach more often than others, by the lift of each item there."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from models.arrays.sparse_rows import SparseRows
from models.arrays.types import Float32, Int32, Int64, Mask
from models.arrays.vocabulary import Vocabulary, checked_offsets
from models.bundle.errors import BundleError
from models.bundle.loader import Bundle
from models.data.history import History
from models.data.interactions import Interactions
from models.data.profile_reader import KINDS, Kind, ProfileReader, Value
from models.recommenders.recommender import TrainingData
from models.recommenders.score_board import ScoreBoard
from models.recommenders.shared_values import SharedValues

_NAME, LIFT = "profile_affinity", "profile_lift"
_KINDS = f"{_NAME}_kinds"
_NO_ROWS: Int32 = np.empty(0, dtype=np.int32)


class ProfileAffinityConfig(BaseModel):
    """Settings of the affinities of profiles."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pseudo_count: float = Field(
        100.0, gt=0, description="interactions, spread as over all users, that are added to those of each value"
    )
    items: int = Field(300, ge=1, description="items that are kept for each value, those most often reached")
    newcomer_weight: float = Field(
        0.0, ge=0, description="power of the factors for users without a history; 0 leaves popularity as it is"
    )


class Lifted(NamedTuple):
    """What a profile makes of the popularity of items.

    `items` are those that users with its values reached, int32 ascending, with the factors of their popularity beside
    them, float32; `others` is the factor of all others. Items that nobody reached before (`shares` of 0, or codes
    beyond them) have none: nothing is known of them.
    """

    items: Int32
    factors: Float32
    others: float
    shares: Float32

    def known(self, size: int) -> Mask:
        """Mark the codes below a size of items that have a factor."""
        found = np.zeros(size, dtype=np.bool_)
        found[: len(self.shares)] = self.shares > 0
        return found

    def raised(self, items: Int32, counts: Float32) -> Float32:
        """Multiply the counts of some items by their factors, float32."""
        places = np.minimum(np.searchsorted(self.items, items), len(self.items) - 1)
        within = np.minimum(items, len(self.shares) - 1)
        others = np.where((within == items) & (self.shares[within] > 0), np.float32(self.others), np.float32(1.0))
        factors: Float32 = np.where(self.items[places] == items, self.factors[places], others)
        return factors * counts


class ProfileAffinity:
    """Scores items by the values of a user's profile, and of the context of the request.

    Multinomial naive Bayes, smoothed towards popularity (Zhai and Lafferty 2004): with the share `p` of an item among
    all interactions, its number `n` among the `t` of users with a value (or in a context with it) and the pseudo-count
    `a`, the value multiplies the odds of the item by `(n + a p) / (t + a) / p`, that is
    `(1 + n / (a p)) / (1 + t / a)`. `rows` hold the logarithm of the first part, which is 0 where `n` is; the factors
    of several values multiply. The signal is what the first parts add to the share, a second one their logarithm.

    Parameters
    ----------
    values
        The hashes of the values, int64 ascending; row r of `rows`, of values by items, is that of `values[r]`.
    totals
        The interactions of the users with each value, or in contexts with it, float32.
    shares
        The share of each item among all interactions, float32.
    """

    signals: ClassVar[tuple[str, ...]] = (_NAME, LIFT)
    reads_all_history: ClassVar[bool] = False
    act: ClassVar[int | None] = None

    def __init__(
        self,
        config: ProfileAffinityConfig,
        reader: ProfileReader,
        values: Int64,
        rows: SparseRows,
        totals: Float32,
        shares: Float32,
    ) -> None:
        self.config = config
        self.reader = reader
        self.values = values
        self.rows = rows
        self.totals = totals
        self.shares = shares

    @classmethod
    def fit(cls, training: TrainingData, config: ProfileAffinityConfig) -> Self:
        """Count what users with each value reached; nothing where no value is shared by enough users."""
        return cls.of(training.interactions.successes, config)

    @classmethod
    def of(cls, reached: Interactions, config: ProfileAffinityConfig) -> Self:
        """Fit on the pairs of users and items that count."""
        shared, n_items = SharedValues.of(reached), reached.n_items
        if shared is None:
            return cls._nothing(config, n_items)
        every = shared.counts
        totals = np.asarray(every.sum(axis=1), dtype=np.float32).ravel()
        counts = SparseRows.from_csr(every).best(config.items)
        shares = np.bincount(reached.items, minlength=n_items).astype(np.float32) / np.float32(len(reached.items))
        lifts = np.log1p(counts.values / (np.float32(config.pseudo_count) * shares[counts.indices]))
        rows = SparseRows(counts.indptr, counts.indices, lifts.astype(np.float32))
        readers = [one.reader for one in (reached.profiles, reached.contexts) if one is not None]
        reader = readers[0] if len(readers) == 1 else readers[0].joined(readers[1])
        return cls(config, reader, shared.values, rows, totals, shares)

    @classmethod
    def _nothing(cls, config: ProfileAffinityConfig, n_items: int) -> Self:
        values: Int64 = np.empty(0, dtype=np.int64)
        totals: Float32 = np.empty(0, dtype=np.float32)
        return cls(config, ProfileReader(), values, SparseRows.empty(0), totals, np.zeros(n_items, dtype=np.float32))

    @classmethod
    def load(cls, bundle: Bundle, config: ProfileAffinityConfig) -> Self:
        """Take the arrays from a bundle."""
        fields = Vocabulary.load(bundle, f"{_NAME}_numbers")
        offsets, edges = bundle.array(f"{_NAME}_edge_offsets", np.int64), bundle.array(f"{_NAME}_edges", np.float64)
        checked_offsets(bundle, f"{_NAME}_edge_offsets", offsets, len(edges))
        values, rows = bundle.array(f"{_NAME}_codes", np.int64), SparseRows.load(bundle, _NAME)
        totals, shares = (bundle.array(f"{_NAME}_{one}", np.float32) for one in ("totals", "shares"))
        if len(offsets) != len(fields) + 1 or rows.n_rows != len(values) or len(totals) != len(values):
            raise BundleError(f"{bundle.folder}: the arrays {_NAME}_* do not fit together")
        numbers: Any = {fields[code]: edges[offsets[code] : offsets[code + 1]] for code in range(len(fields))}
        reader = ProfileReader(numbers, _read_kinds(bundle))
        return cls(config, reader, values, rows, totals, shares)  # type: ignore[arg-type]

    @property
    def empty(self) -> bool:
        """Return whether no value of a profile is known."""
        return not len(self.values)

    def configured(self, config: ProfileAffinityConfig) -> Self:
        """Apply other settings; the pseudo-count and the number of items need a new fit."""
        return type(self)(config, self.reader, self.values, self.rows, self.totals, self.shares)

    def score(self, history: History, board: ScoreBoard) -> None:
        """Write both signals for the profile of a history."""
        known = self.known(history.profile)
        if not len(known):
            return
        board.add_rows((LIFT,), self.rows, known, np.ones(len(known), dtype=np.float32))
        lifts = board.scores(LIFT)
        slots = np.flatnonzero(lifts > 0)
        items = board.items[slots]
        board.add(_NAME, items, self.shares[items] * np.expm1(lifts[slots]))

    def lifted(self, profile: Int64 | None) -> Lifted | None:
        """Return the factors of the popularity of items for a user without a history; None for an unknown profile."""
        weight = self.config.newcomer_weight
        known = self.known(profile) if weight > 0 else _NO_ROWS
        if not len(known):
            return None
        parts = [self.rows.row(row) for row in known.tolist()]
        items, place = np.unique(np.concatenate([columns for columns, _ in parts]), return_inverse=True)
        lifts = np.bincount(place, weights=np.concatenate([values for _, values in parts]))
        constant = float(np.log1p(self.totals[known] / self.config.pseudo_count).sum())
        factors = np.exp(weight * (lifts - constant)).astype(np.float32)
        return Lifted(items, factors, math.exp(-weight * constant), self.shares)

    def why(self, values: Sequence[Value], item: int) -> Value | None:
        """Return the value of a profile that raises the odds of an item most; None where none does."""
        best, most = None, 0.0
        for value in values:
            for row in self.known(np.array([value.code])).tolist():
                columns, lifts = self.rows.row(row)
                lift = float(lifts[columns == item].sum() - np.log1p(self.totals[row] / self.config.pseudo_count))
                if lift > most:
                    best, most = value, lift
        return best

    def rows_of(self, profile: Int64 | None) -> list[tuple[Int32, Float32]]:
        """Return the items of each value of a profile that is known, and the logarithms of their factors."""
        return [self.rows.row(row) for row in self.known(profile).tolist()]

    def known(self, profile: Int64 | None) -> Int32:
        """Return the rows of the values of a profile that are known."""
        if profile is None or not len(profile) or self.empty:
            return _NO_ROWS
        places = np.minimum(np.searchsorted(self.values, profile), len(self.values) - 1)
        rows: Int32 = places[self.values[places] == profile].astype(np.int32)
        return rows

    def fits(self, n_items: int, n_users: int) -> bool:  # noqa: ARG002 - the contract's
        """Return whether the rows are of this number of items."""
        return len(self.shares) == n_items and self.rows.fits(len(self.values), n_items)

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return the arrays to store in a bundle, by name."""
        numbers = self.reader.numbers
        lengths = [len(edges) for edges in numbers.values()]
        return {
            **self.rows.arrays(_NAME),
            f"{_NAME}_codes": self.values,
            f"{_NAME}_totals": self.totals,
            f"{_NAME}_shares": self.shares,
            **Vocabulary.of(list(numbers)).arrays(f"{_NAME}_numbers"),
            f"{_NAME}_edge_offsets": np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            f"{_NAME}_edges": np.concatenate([np.empty(0), *numbers.values()]),
            **_kind_arrays(self.reader.kinds),
        }


def _kind_arrays(kinds: Mapping[str, Kind]) -> dict[str, npt.NDArray[np.generic]]:
    """Return the kinds of attributes to store; nothing where all are as they come, as in older bundles."""
    if not kinds:
        return {}
    codes = np.array([KINDS.index(kind) for kind in kinds.values()], dtype=np.int8)
    return {**Vocabulary.of(list(kinds)).arrays(_KINDS), _KINDS: codes}


def _read_kinds(bundle: Bundle) -> dict[str, Kind]:
    if _KINDS not in bundle.arrays:
        return {}
    names, codes = Vocabulary.load(bundle, _KINDS), bundle.array(_KINDS, np.int8)
    if len(codes) != len(names) or not all(0 <= code < len(KINDS) for code in codes.tolist()):
        raise BundleError(f"{bundle.folder}: the arrays {_KINDS}* do not fit together")
    return {names[place]: KINDS[code] for place, code in enumerate(codes.tolist())}
