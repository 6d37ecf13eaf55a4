"""Labelled candidate lists, on which the network is trained."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from models.arrays.types import Float32, Int32, Mask
from models.data.dislikes import Dislikes
from models.data.holdout import Holdout
from models.data.impressions import Impressions
from models.data.interactions import Interactions
from models.data.progress import Progress
from models.data.propensity import label_factors
from models.data.timeline import VISIT_PAUSE, Timeline
from models.data.worth import Worth
from models.ranking.candidate_generation import NOTHING, CandidateQuery
from models.ranking.features import FeatureBuilder, Scaler, network_signals
from models.ranking.parallel import in_parallel
from models.ranking.retriever import Retriever
from models.training.label_batches import label_batches
from models.training.network import LabelledLists

MAX_LISTS = 12_000
"""Lists of generated candidates with a label, at most; more of them hardly improve the network."""
MAX_SAMPLED = 6_000
"""Lists of sampled items, at most: the network learns from them to rank items that no recommender would generate."""
MIN_LISTS = 2
"""Fewest lists to train on: one to learn from and one to decide when to stop."""

_Labelled = tuple[Float32, Float32]
"""Features of the items of a list, and what each counts as a label: 0 for those that are none."""


@dataclass(frozen=True)
class LabelOptions:
    """Inputs of candidate lists besides the interactions.

    `log` are the training interactions with their repeated pairs; `catalogue` is the items file of a data set, where
    there is one; `window` the length of the test, where it is a window of time; `include_seen` tells whether items of
    the history are candidates. `timeline` makes the requests, where the test follows one. `disliked` is what users
    disliked. `sampled` is the maximum number of lists of sampled items. `impressions` are what users were shown, of the
    whole log; `pause` are the seconds from a show to what it led to.
    """

    log: Interactions | None = None
    catalogue: pa.Table | None = None
    window: float | None = None
    include_seen: bool = False
    timeline: Timeline | None = None
    disliked: Dislikes | None = None
    sampled: int = MAX_SAMPLED
    impressions: Impressions | None = None
    pause: float = VISIT_PAUSE


def labelled_lists(
    train: Interactions,
    retriever: Retriever,
    options: LabelOptions,
    *,
    seed: int,
    progress: Progress,
) -> tuple[LabelledLists, Scaler] | None:
    """Label the candidates of a sample of users with the next interactions of each.

    The recommenders are fitted without the labels of the lists they score. Lists whose candidates hold no label are
    left out, as nothing can be learned from them. Some users give a second list: one of their labels among items that
    they were shown at that time and passed over, and among random items. Where positions were logged, labels count by
    the inverse of the propensity of theirs, see `propensity`.

    Parameters
    ----------
    retriever
        The recommenders to fit again, and their settings.

    Returns
    -------
    tuple or None
        The lists and the scaler that standardised them; None where fewer than two lists have a label.
    """
    rng = np.random.default_rng(seed)
    lists: list[_Labelled] = []
    sampled: list[_Labelled] = []
    done = 0.0
    log = train if options.log is None else options.log
    shown = None if options.impressions is None else options.impressions.known_with(log)
    worth = Worth.of(log, None if shown is None else label_factors(shown, log, options.pause))
    passed = None if shown is None else shown.where(~shown.answered(log, options.pause))
    reach = options.window if options.timeline is None and options.window is not None else options.pause
    batches = label_batches(
        train, log, options.window, rng, include_seen=options.include_seen, timeline=options.timeline
    )
    for batch in batches:
        fitted = retriever.refitted(batch.fitted, retriever.config, options.catalogue)
        builder = FeatureBuilder(fitted.popularity, signals_of(retriever), context=retriever.config.context)
        most = round(MAX_LISTS * (done + batch.share))
        order = rng.permutation(len(batch.requests))
        requests = batch.requests if options.disliked is None else batch.requests.knowing(options.disliked)
        kinds = round(options.sampled * (done + batch.share)) - round(options.sampled * done)
        near = None if passed is None else _PassedOver(passed, options.pause, reach)
        label = partial(_labelled, requests, builder, order, seed=seed, sampled=kinds, worth=worth, passed=near)
        for number, (generated, given) in enumerate(in_parallel((fitted,), len(order), label)):
            if len(lists) >= most:
                break
            if generated is not None:
                lists.append(generated)
            if given is not None:
                sampled.append(given)
            if number % 100 == 0:
                progress("candidate lists", done + batch.share * number / len(batch.requests))
        done += batch.share
    progress("candidate lists", 1.0)
    if len(lists) < MIN_LISTS:
        return None
    return _padded([*lists, *sampled], retriever.config.blend.candidates)


def signals_of(retriever: Retriever) -> tuple[str, ...]:
    """Return the signals that a network of a retriever reads: those of its recommenders that have data."""
    return network_signals([part.signals[0] for part in retriever.recommenders if not part.empty])


@dataclass(frozen=True)
class _PassedOver:
    """What users were shown near a request and passed over: from `before` seconds before it to `after` behind it."""

    impressions: Impressions
    before: float
    after: float

    def of(self, requests: Holdout, row: int) -> Int32:
        """Return the items, without repeats."""
        moment = requests.moment(row)
        if moment is None or not np.isfinite(moment):
            return NOTHING
        items, _ = self.impressions.between(int(requests.users[row]), moment - self.before, moment + self.after)
        return np.unique(items)


def _labelled(
    requests: Holdout,
    builder: FeatureBuilder,
    order: npt.NDArray[np.intp],
    own: tuple[Retriever, ...],
    number: int,
    *,
    seed: int,
    sampled: int,
    worth: Worth | None,
    passed: _PassedOver | None = None,
) -> tuple[_Labelled | None, _Labelled | None]:
    """Label the candidates that are generated for one user, and for the first `sampled` users sampled items as well."""
    row = int(order[number])
    history = requests.history(row)
    labels = requests.targets.row(row)
    excluded = requests.excluded(row, history)
    only = None
    if number < sampled:
        most = own[0].config.blend.candidates
        rng = np.random.default_rng((seed, row))
        known = NOTHING if passed is None else passed.of(requests, row)
        only = sample_items(requests.source.n_items, labels, excluded, most - 1, rng, passed=known)
    candidates = own[0].retrieve(history, CandidateQuery(excluded=excluded, only=only))
    features = builder.build(candidates)
    hits = np.isin(candidates.items, labels).astype(np.float32)
    if worth is not None:
        hits *= worth.of_items(int(requests.users[row]), candidates.items)
    generated, wanted = candidates.generated, candidates.wanted
    return (
        _part(features, hits, slice(None) if generated is None else generated),
        None if wanted is None else _part(features, hits, wanted),
    )


def _part(features: Float32, hits: Float32, rows: Mask | slice) -> _Labelled | None:
    return (features[rows], hits[rows]) if hits[rows].any() else None


def sample_items(
    n_items: int, labels: Int32, excluded: Int32, count: int, rng: np.random.Generator, *, passed: Int32 = NOTHING
) -> Int32:
    """Draw one of the labels, and at most `count` other items: those that were passed over, and others at random.

    All items are equally likely: the generated lists hold the popular ones already.
    """
    others = rng.integers(0, n_items, count, dtype=np.int32)
    others[: min(len(passed), count)] = passed[:count]
    others = np.setdiff1d(others, np.concatenate([labels, excluded]))
    return np.append(others, rng.choice(labels)).astype(np.int32)


def _padded(lists: list[_Labelled], width: int) -> tuple[LabelledLists, Scaler]:
    features = np.zeros((len(lists), width, lists[0][0].shape[1]), dtype=np.float32)
    present = np.zeros((len(lists), width), dtype=np.bool_)
    labels = np.zeros((len(lists), width), dtype=np.float32)
    scaler = Scaler.fit([columns for columns, _ in lists])
    for row, (columns, wanted) in enumerate(lists):
        features[row, : len(columns)] = scaler.transform(columns)
        present[row, : len(columns)] = True
        labels[row, : len(columns)] = wanted / np.count_nonzero(wanted)
    # A list counts as much as its labels on average, and all lists together as much as if all counted alike.
    return LabelledLists(features, present, labels / labels.sum(axis=1).mean()), scaler
