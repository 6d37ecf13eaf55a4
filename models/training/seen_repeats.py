"""Chooses how much a user's own repeats count where a request wants seen items."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from models.arrays.types import Float32, Float64, Int32
from models.data.holdout import Holdout, hold_out
from models.data.interactions import Interactions
from models.evaluation.metrics import per_user_values
from models.evaluation.requests import request_of
from models.ranking.parallel import in_parallel
from models.ranking.ranker import Ranker
from models.ranking.retriever import Retriever
from models.recommenders.recommender import TrainingData, by_name
from models.recommenders.registry import entry_of
from models.recommenders.repeats import Repeats
from models.training.learn import Learned
from models.training.tuning import Trial
from models.training.validation import DEPTH, METRIC, within_one_error

WEIGHTS = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
MAX_QUESTIONS = 2000
_NAME = Repeats.signals[0]


def tune_seen_repeats(learned: Learned, train_log: Interactions, known_log: Interactions, *, seed: int) -> Learned:
    """Choose the weight of repeats and their half-life on requests that want seen items as well as new ones.

    The settings stay as they are unless others are better by more than one standard error; also where no user repeated
    an item, or the log has no order.

    Parameters
    ----------
    train_log
        The log that the recommenders were fitted on, with its repeats.
    known_log
        The same and the rows of the validation part, which users are asked for.
    """
    config = learned.ranker.retriever.config
    repeats = Repeats.fit(TrainingData(train_log), config.repeats)
    questions = None if repeats.empty else _questions(train_log, known_log)
    if questions is None or not len(questions):
        return learned
    questions = questions.sample(MAX_QUESTIONS, seed)
    half_lives = sorted({config.repeats.half_life, *_half_lives()})
    settings = [(half_life, weight) for half_life in half_lives for weight in WEIGHTS]
    found = _measure(learned.ranker, repeats, questions, half_lives)
    values = [found[half_life, weight] for half_life, weight in settings]
    present = found[config.repeats.half_life, config.blend.seen_repeats]
    best = int(np.argmax([each.mean() for each in values]))
    trials = [
        Trial({"seen_repeats": weight, "seen_half_life": half_life}, float(each.mean()))
        for (half_life, weight), each in zip(settings, values, strict=True)
    ]
    learned = replace(learned, trials=[*learned.trials, *trials])
    if within_one_error(values[best], present):
        return learned
    half_life, weight = settings[best]
    config = config.changed("blend", seen_repeats=weight).changed(_NAME, half_life=half_life)
    ranker = learned.ranker
    return replace(
        learned,
        ranker=Ranker(ranker.retriever.configured(config), ranker.network, ranker.item_ids, ranker.user_ids),
        retriever=learned.retriever.configured(config),
    )


def _half_lives() -> Sequence[float]:
    [choice] = [one for one in entry_of(_NAME).choices if one.name == "half_life"]
    return [float(value) for value in choice.values]


def _questions(train_log: Interactions, known_log: Interactions) -> Holdout | None:
    """Ask each user for what came after the rows of the training log, at the time of the first of them."""
    if known_log.timestamps is None:
        return None
    place = np.arange(len(known_log.users)) - known_log.offsets[known_log.users]
    later = np.flatnonzero(place >= np.diff(train_log.offsets)[known_log.users])
    users = known_log.users[later]
    holdout, _ = hold_out(train_log, users, known_log.items[later], include_seen=True)
    first = later[np.searchsorted(users, holdout.users)]
    return replace(holdout, moments=known_log.timestamps[first])


def _measure(
    ranker: Ranker, repeats: Repeats, questions: Holdout, half_lives: Sequence[float]
) -> dict[tuple[float, float], Float64]:
    """Measure NDCG@10 of each question under each half-life and weight."""
    parts = by_name(ranker.retriever.recommenders)
    tried = {
        half_life: repeats.configured(repeats.config.model_copy(update={"half_life": half_life}))
        for half_life in half_lives
    }
    own = ranker.retriever, ranker.network, ranker.item_ids, ranker.user_ids
    rankers = {half_life: Ranker(*own, recommenders={**parts, _NAME: one}) for half_life, one in tried.items()}
    size = len(ranker.item_ids)

    def ranked(copies: tuple[Retriever, ...], row: int) -> dict[tuple[float, float], Int32]:
        history, query = request_of(questions, row)
        lists: dict[tuple[float, float], Int32] = {}
        base: tuple[Int32, Float32] | None = None
        for half_life, other in rankers.items():
            adjustment, wanted = other.repeated(history, query, size)
            if base is None:
                # The candidates do not depend on the half-life.
                found = other.rank(history, wanted, retriever=copies[0])
                base = found.items, found.scores
            items, scores = base
            unit = float(scores.max() - scores.min()) or 1.0 if len(scores) else 1.0
            for weight in WEIGHTS:
                order = np.argsort(-(scores + weight * unit * adjustment.values[items]), kind="stable")[:DEPTH]
                lists[half_life, weight] = items[order]
        return lists

    table: dict[tuple[float, float], Int32] = {
        (half_life, weight): np.full((len(questions), DEPTH), -1, dtype=np.int32)
        for half_life in half_lives
        for weight in WEIGHTS
    }
    for row, lists in enumerate(in_parallel((ranker.retriever,), len(questions), ranked)):
        for setting, items in lists.items():
            table[setting][row, : len(items)] = items
    return {
        setting: per_user_values(lists, questions.target_offsets, questions.target_items, (DEPTH,))[METRIC]
        for setting, lists in table.items()
    }
