"""The data of the demo: which there are, which the database holds, and how long it takes to begin with them."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from app.cli.texts import span
from app.process.resources import Resources

Kind = Literal["movielens", "synthetic", "own"]
TITLES = {"movielens": "MovieLens 100k", "synthetic": "the generated shop", "own": "data of your own"}
SAMPLE_USER = "196"
"""A user of MovieLens with a history of films that many know."""
_MOVIELENS_ITEM, _MOVIELENS_TITLE = "50", "Star Wars"
_SHOP_USER = "visitor-"
_USERS_LOOKED_AT = 200
_HISTORY = 100
_FEWEST = 3
_SECONDS_OF_DATA = {"movielens": 10.0, "synthetic": 5.0}
_SECONDS_AT_LEAST, _SECONDS_A_ROW = 40.0, 0.0007
_CORES = 2


async def held(resources: Resources) -> Kind | None:
    """Return which data the database holds; None where it holds no interactions."""
    user = await resources.interactions.any_user()
    if user is None:
        return None
    item = await resources.items.get(_MOVIELENS_ITEM)
    if item is not None and str(item.get("title") or "").startswith(_MOVIELENS_TITLE):
        return "movielens"
    return "synthetic" if user.startswith(_SHOP_USER) else "own"


async def example_user(resources: Resources) -> str:
    """Return a user to show: one who chose several items."""
    if (await resources.interactions.histories([SAMPLE_USER], 1))[SAMPLE_USER]:
        return SAMPLE_USER
    async for page in resources.interactions.users():
        histories = await resources.interactions.histories(page[:_USERS_LOOKED_AT], _HISTORY)
        bought = {user: {row[2] for row in rows if row[3] == "purchase"} for user, rows in histories.items()}
        several = [user for user, items in bought.items() if len(items) >= _FEWEST]
        return several[0] if several else max(histories, key=lambda user: len(histories[user]))
    return SAMPLE_USER


def estimate(wanted: Kind, rows: int, *, cached: bool) -> Iterator[str]:
    """Say before the work what it consists of, and about how long it takes on this machine."""
    cores = _cores()
    training = round((_SECONDS_AT_LEAST + rows * _SECONDS_A_ROW) * _CORES / min(cores, _CORES), -1)
    loading = _SECONDS_OF_DATA[wanted]
    whole, machine = round(training + loading, -1), f"{cores} {'core' if cores == 1 else 'cores'}"
    yield f"This takes about {span(whole)} on this machine ({machine}):"
    if wanted == "synthetic":
        yield f"  1. generate a shop with {rows:,} interactions, and store them: {span(loading)}"
    else:
        first = "read MovieLens 100k, which was downloaded before," if cached else "download MovieLens 100k (5 MB)"
        yield f"  1. {first} and store it: {span(loading)}"
    yield f"  2. train and measure: {span(training)}"
    yield "  3. serve, and show what is recommended"


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def kept(resources: Resources, wanted: Kind, there: Kind) -> Iterator[str]:
    """Say which data are kept, and where others were asked for, how to begin anew with them."""
    if there == wanted:
        return
    option = " --synthetic" if wanted == "synthetic" else ""
    yield f"They are {TITLES[there]}, not {TITLES[wanted]}: they stay, and are what is served."
    beside = "BRAID_DATABASE_URL=sqlite:///other/braid.sqlite3 BRAID_BUNDLES=other/bundles"
    yield f"  {TITLES[wanted]} beside them: {beside} braid demo{option}"
    if there != "own":
        yield f"  begin anew:            {_removal(resources)} && braid demo{option}"


def _removal(resources: Resources) -> str:
    """Return the command that removes the data of the demo."""
    database, bundles = resources.database, resources.settings.bundles
    if not database.is_sqlite or not database.url.database or "://" in bundles:
        return "(empty the database and the store of bundles)"
    file = Path(database.url.database)
    if file.parent == Path(bundles).parent and file.parent.name:
        return f"rm -r {file.parent}"
    return f"rm -r {file} {bundles}"
