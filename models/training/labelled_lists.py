"""Labelled candidate lists, on which the network is trained."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from models.arrays.types import Float32
from models.data.dislikes import Dislikes
from models.data.holdout import Holdout
from models.data.interactions import Interactions
from models.data.progress import Progress
from models.data.timeline import Timeline
from models.ranking.candidate_generation import CandidateQuery
from models.ranking.features import FeatureBuilder, Scaler
from models.ranking.parallel import in_parallel
from models.ranking.retriever import Retriever
from models.training.label_batches import label_batches
from models.training.network import LabelledLists

MAX_LISTS = 12_000
"""Lists with a label, at most; more of them hardly improve the network."""
MIN_LISTS = 2
"""Fewest lists to train on: one to learn from and one to decide when to stop."""

_Labelled = tuple[Float32, npt.NDArray[np.bool_]]


@dataclass(frozen=True)
class LabelOptions:
    """Inputs of candidate lists besides the interactions.

    `log` are the training interactions with their repeated pairs; `catalogue` is the items file of a data set, where
    there is one; `window` the length of the test, where it is a window of time; `include_seen` tells whether items of
    the history are candidates. `timeline` makes the requests, where the test follows one. `disliked` is what users
    disliked.
    """

    log: Interactions | None = None
    catalogue: pa.Table | None = None
    window: float | None = None
    include_seen: bool = False
    timeline: Timeline | None = None
    disliked: Dislikes | None = None


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
    left out, as nothing can be learned from them.

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
    done = 0.0
    log = train if options.log is None else options.log
    batches = label_batches(
        train, log, options.window, rng, include_seen=options.include_seen, timeline=options.timeline
    )
    for batch in batches:
        fitted = retriever.refitted(batch.fitted, retriever.config, options.catalogue)
        builder = FeatureBuilder(fitted.popularity, context=retriever.config.context)
        most = round(MAX_LISTS * (done + batch.share))
        order = rng.permutation(len(batch.requests))
        requests = batch.requests if options.disliked is None else batch.requests.knowing(options.disliked)
        label = partial(_labelled, requests, builder, order)
        for number, labelled in enumerate(in_parallel((fitted,), len(order), label)):
            if len(lists) >= most:
                break
            if labelled is not None:
                lists.append(labelled)
            if number % 100 == 0:
                progress("candidate lists", done + batch.share * number / len(batch.requests))
        done += batch.share
    progress("candidate lists", 1.0)
    return _padded(lists, retriever.config.blend.candidates) if len(lists) >= MIN_LISTS else None


def _labelled(
    requests: Holdout,
    builder: FeatureBuilder,
    order: npt.NDArray[np.intp],
    own: tuple[Retriever, ...],
    number: int,
) -> _Labelled | None:
    row = int(order[number])
    history = requests.history(row)
    candidates = own[0].retrieve(history, CandidateQuery(excluded=requests.excluded(row, history)))
    labels = np.isin(candidates.items, requests.targets.row(row))
    return (builder.build(candidates), labels) if labels.any() else None


def _padded(lists: list[_Labelled], width: int) -> tuple[LabelledLists, Scaler]:
    features = np.zeros((len(lists), width, lists[0][0].shape[1]), dtype=np.float32)
    present = np.zeros((len(lists), width), dtype=np.bool_)
    labels = np.zeros((len(lists), width), dtype=np.float32)
    scaler = Scaler.fit([columns for columns, _ in lists])
    for row, (columns, wanted) in enumerate(lists):
        features[row, : len(columns)] = scaler.transform(columns)
        present[row, : len(columns)] = True
        labels[row, : len(columns)] = wanted / wanted.sum()
    return LabelledLists(features, present, labels), scaler
