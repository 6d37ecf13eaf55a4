"""What the names in a report mean, each in a plain sentence."""

from collections.abc import Sequence

from models.evaluation.report import BLEND, MIX, NETWORK, POPULARITY

PARTS = {
    BLEND: "what Braid serves: all parts together",
    MIX: "the parts together, without the neural network",
    NETWORK: "a neural network that reads the scores of the parts",
    POPULARITY: "the same list for everybody: what most users chose",
    "trending": "what was chosen most lately",
    "item_knn": "items that share many users with those of the user",
    "user_knn": "what users with a similar history chose",
    "successor": "what came next after the same items",
    "content": "items with similar titles, words and labels",
    "vectors": "items whose vectors of texts or pictures are alike",
    "ease": "one linear model of all items (EASE)",
    "als": "hidden tastes of users and items (ALS)",
    "spectral": "the main directions in which tastes differ",
    "repeats": "what the user had before",
    "go_on": "what the user began and did not finish",
    "conversion": "what is often chosen by those who see it",
    "goal_to_goal": "what others chose after choosing the same",
    "cart_to_goal": "what others chose after the same items in the cart",
    "click_to_goal": "what others chose after the same clicks",
    "view_to_goal": "what others chose after the same views",
    "like_to_goal": "what others chose after the same likes",
    "other_to_goal": "what others chose after other acts on the same items",
    "profile_affinity": "what users with the same attributes chose",
}
"""The blend, its parts and the baselines."""

_METRICS = {
    "recall": "Share of the items that a user chose which are among the first {k}. 1 would be all of them.",
    "hit_rate": "Share of the users who find at least one of their items among the first {k}.",
    "ndcg": "As recall, and an item counts more the higher it stands. 1 would be a perfect order.",
    "mrr": "1 divided by the place of the first item that was chosen: 0.5 means the second place. 0 if there is none.",
    "map": "How many of the items above each hit were hits too, on average. 1 would be hits only.",
    "coverage": "Share of the catalogue that stands in at least one list. Low means that all users see the same.",
    "novelty": "How little known the recommended items are: 1 more means half as many users. High is no merit.",
    "diversity": "How different the items of one list are: 0 are alike, 1 share no users. High is no merit by itself.",
    "rating": "Mean rating that users later gave to what was recommended to them.",
}

PROTOCOLS = {
    "timeline": "Time was cut once. Braid learned from what came before. Then each later visit was replayed: what"
    " starts it, and what comes next in it.",
    "temporal": "Time was cut once. Braid learned from what came before, and had to find what each user chose after.",
    "leave-last-out": "Of each user the last item was hidden. Braid had to find it among all items.",
    "fixed": "The data came with test items of their own. Braid had to find them among all items.",
    "random": "Of each user some items were hidden at random: the data have no order. Braid had to find them.",
    "none": "There were too few interactions to hide some of them: nothing was measured.",
}

COUNTS = {
    "users": "users that the data hold",
    "items": "items that at least one user chose",
    "interactions": "what was learned from, once it was clean",
    "train_interactions": "what the settings were chosen with",
    "validation_users": "users, or requests, that the settings were chosen on",
    "test_users": "users, or requests, held out for this report",
    "test_interactions": "items that the lists had to find",
    "measured_users": "of the test users, those behind the figures",
    "new_test_users": "test users without any history, measured apart",
    "test_users_without_unseen_items": "test users left out: they had all their test items before",
    "impressions": "items that were shown, learned from apart",
    "rows_read": "rows of the data",
    "rows_kept": "rows that could be used",
}

SEGMENTS = {
    "history_length": "Users with so many items in their history. Short ones tell how soon Braid gets to know a user.",
    "visit_start": "Requests before a visit begins: which item starts it?",
    "visit_step": "Requests within a visit: what comes next?",
    "new_targets": "Test items that were new to their user.",
    "repeated_targets": "Test items that their user had before.",
    "long_tail": "Test items that few users choose: all but the popular ones with 80 % of the interactions.",
    "new_users": "Users whom Braid did not know when it learned: their history came with the request. Below it the same"
    " users, known.",
    "no_history": "Users of whom nothing is known: they get what is popular.",
}

KINDS = {
    "generated": "The list is chosen from the whole catalogue, as for a home page.",
    "given": "The items to rank are given: one that was chosen among 99 that were not. Such figures are far higher.",
    "filtered": "The list is cut to a category, as for a page of a department.",
}

PHASES = {
    "cleaning": "dropping rows that cannot be used",
    "splitting": "holding out validation and test",
    "similarities": "fitting the parts",
    "newcomers": "choosing how much profiles count for new users",
    "tuning parts": "choosing the settings of each part",
    "tuning neighbours": "choosing the weights of the parts",
    "candidate lists": "making the lists that the network learns from",
    "network": "training the neural network",
    "tuning the blend": "choosing the share of the network",
    "tuning repeats": "choosing how much earlier items count",
    "validating": "measuring on validation",
    "refit": "fitting once more on everything before the test",
    "ranking": "ranking the lists of the test",
    "metrics": "computing the figures",
    "segments": "computing the figures of groups of users",
    "kinds of lists": "measuring given and filtered lists",
    "calibration": "comparing what the network expects with what happens",
    "refit without new users": "fitting without the users who count as new",
    "ranking new users": "ranking the lists of those users",
}

_SETTINGS = {
    "seed": "where chance begins: the same seed and data give the same figures",
    "budget_spent": "whether time ran out before all settings were tried",
}


def metric_meanings(names: Sequence[str], k: int) -> list[tuple[str, str]]:
    """Say what each of some metrics at k means."""
    known = [(name, name.partition("@")[0]) for name in names]
    return [(name, _METRICS[metric].format(k=k)) for name, metric in known if metric in _METRICS]


def part_meanings(names: Sequence[str]) -> list[tuple[str, str]]:
    """Say what each of some parts scores by."""
    return [(name, _sentence(PARTS[name])) for name in names if name in PARTS]


def own_setting(name: str) -> str:
    """Say what a setting of the run itself means; empty where it is one of the ranking."""
    return _SETTINGS.get(name, "")


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."
