"""A sample shop: products with names, brands and prices, and visitors who view, put into the cart and buy."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from models.arrays.types import Float64, Int64
from models.data.columns import EVENT_TYPE, ITEM, QUANTITY, REVENUE, TIMESTAMP, USER
from models.data.folder import DataSet
from models.data.shelves import Shelves, make_shelves

_END = 1_780_000_000
_DAYS = 60
_VIEWS = 6.0
"""Mean number of products that are viewed in a visit."""
_OWN_SHARE = 0.75
"""Share of the views that are of a category the visitor likes."""
_CART, _BUY_NOW, _BUY_LATER = 0.08, 0.35, 0.3
"""Chance that a viewed product of average quality goes into the cart, and that what is there is bought at once, or in
a later visit."""
_KEPT_VISITS = 3
"""Visits after which a product that was not bought leaves the cart."""
_SEVERAL = 0.15
"""Share of the purchases that are of more than one piece."""


@dataclass
class _Rows:
    """Rows of the log, in the order in which they were made."""

    users: list[int]
    items: list[int]
    kinds: list[str]
    times: list[float]
    quantities: list[float | None]

    def add(self, user: int, item: int, kind: str, time: float, quantity: float | None = None) -> None:
        """Add a row."""
        self.users.append(user)
        self.items.append(item)
        self.kinds.append(kind)
        self.times.append(time)
        self.quantities.append(quantity)


def generate_shop(users: int, items: int, interactions: int, *, seed: int = 0) -> DataSet:
    """Generate a shop with a funnel: mostly views, some carts, fewer purchases.

    What attracts views is not what is bought: a product's quality decides about cart and purchase. Visitors like some
    categories, a brand and a level of prices, and come back for what they left in the cart.

    Parameters
    ----------
    users, items
        How many of each there are; users whose visits all come after the last row have none.
    interactions
        Rows of the log; at least as many as users. Of more, the earliest ones are kept.

    Raises
    ------
    ValueError
        A number is below 1, or there are fewer interactions than users.
    """
    if min(users, items) < 1 or interactions < users:
        raise ValueError("users and items must be at least 1, interactions at least as many as users")
    generator = np.random.default_rng(seed)
    shelves = make_shelves(items, generator)
    rows = _Rows([], [], [], [], [])
    attraction = generator.permutation((1.0 + np.arange(items)) ** -0.7)
    quality = generator.beta(2.0, 4.0, size=items) * 3.0
    busy = generator.lognormal(sigma=0.8, size=users)
    visits = 1 + generator.poisson(busy / busy.mean() * max(interactions / users / (_VIEWS * 1.2) - 1, 0.2) * 1.15)
    for user in range(users):
        _visit(generator, user, int(visits[user]), shelves, attraction, quality, rows)
    while len(rows.users) < interactions:
        _visit(generator, int(generator.integers(users)), 1, shelves, attraction, quality, rows)
    kept = np.argsort(np.array(rows.times), kind="stable")[:interactions]
    return DataSet(interactions=_log(rows, kept, shelves, users), items=shelves.catalogue())


def _visit(
    generator: np.random.Generator,
    user: int,
    visits: int,
    shelves: Shelves,
    attraction: Float64,
    quality: Float64,
    rows: _Rows,
) -> None:
    """Let a user make some visits."""
    chance = attraction * _taste(generator, shelves)
    chance /= chance.sum()
    cart: dict[int, int] = {}
    starts = np.sort(generator.uniform(_END - _DAYS * 86_400, _END - 3600, size=visits))
    for start in starts:
        moment = float(start)
        for item in [item for item in cart if generator.random() < _BUY_LATER * quality[item]]:
            moment += float(generator.exponential(40.0)) + 1.0
            rows.add(user, item, "view", round(moment, 3))
            moment += float(generator.exponential(60.0)) + 1.0
            rows.add(user, item, "purchase", round(moment, 3), _pieces(generator))
            del cart[item]
        cart = {item: age + 1 for item, age in cart.items() if age < _KEPT_VISITS}
        # Not more than there are: a small shop is seen in one visit.
        count = min(1 + generator.poisson(_VIEWS - 1), int((chance > 0).sum()))
        for item in generator.choice(len(chance), size=count, replace=False, p=chance).tolist():
            moment += float(generator.exponential(45.0)) + 1.0
            rows.add(user, item, "view", round(moment, 3))
            if generator.random() >= _CART * quality[item]:
                continue
            moment += float(generator.exponential(20.0)) + 1.0
            rows.add(user, item, "cart", round(moment, 3))
            cart[item] = 0
            if generator.random() < _BUY_NOW * quality[item]:
                moment += float(generator.exponential(90.0)) + 1.0
                rows.add(user, item, "purchase", round(moment, 3), _pieces(generator))
                del cart[item]


def _taste(generator: np.random.Generator, shelves: Shelves) -> Float64:
    """Return how much a visitor likes each product: of some categories, of one brand more, near a level of prices."""
    liked = generator.choice(len(shelves.categories), size=min(2, len(shelves.categories)), replace=False)
    own = np.isin(shelves.category, liked)
    share = np.where(own, _OWN_SHARE / max(own.mean(), 1e-9), (1 - _OWN_SHARE) / max(1 - own.mean(), 1e-9))
    brand = np.where(shelves.brand == generator.integers(len(shelves.brands)), 3.0, 1.0)
    level = generator.normal(scale=0.7)
    near = np.exp(-0.5 * (shelves.level - level) ** 2)
    return np.asarray(share * brand * near, dtype=np.float64)


def _pieces(generator: np.random.Generator) -> float:
    return float(generator.integers(2, 5)) if generator.random() < _SEVERAL else 1.0


def _log(rows: _Rows, kept: Int64, shelves: Shelves, users: int) -> pa.Table:
    item = np.array(rows.items, dtype=np.int64)[kept]
    quantities = [rows.quantities[row] for row in kept.tolist()]
    revenues = [
        None if pieces is None else round(pieces * float(shelves.prices[code]), 2)
        for pieces, code in zip(quantities, item.tolist(), strict=True)
    ]
    width = len(str(users - 1))
    return pa.table(
        {
            USER: [f"visitor-{rows.users[row]:0{width}d}" for row in kept.tolist()],
            ITEM: pa.array(shelves.ids).take(pa.array(item)),
            EVENT_TYPE: [rows.kinds[row] for row in kept.tolist()],
            TIMESTAMP: np.array(rows.times)[kept],
            QUANTITY: pa.array(quantities, pa.float64()),
            REVENUE: pa.array(revenues, pa.float64()),
        }
    )
