"""A generated log of a shop for devices: which devices a user views tells which accessories they buy; clicks do not."""

import numpy as np
import pyarrow as pa

from models.data.folder import DataSet

_FAMILIES, _DEVICES, _ACCESSORIES = 40, 15, 20
_START, _DAY = 1_700_000_000.0, 86_400.0
_CLICKS, _VIEWS = 6, 3


def accessories_shop(users: int = 4000, seed: int = 0) -> DataSet:
    """Make the log: each user clicks on devices at random, views three of one family, and buys its accessories.

    Devices are never bought here, so that nothing but the kind of act tells the family.
    """
    rng = np.random.default_rng(seed)
    rows: list[tuple[str, str, str, float]] = []
    for user in range(users):
        time, family = _START + rng.uniform(0, 60 * _DAY), int(rng.integers(_FAMILIES))
        name = f"u{user:05}"
        devices = [(int(each), "click") for each in rng.choice(_FAMILIES * _DEVICES, _CLICKS, replace=False)]
        devices += [(family * _DEVICES + int(each), "view") for each in rng.choice(_DEVICES, _VIEWS, replace=False)]
        rng.shuffle(devices)
        bought = rng.choice(_ACCESSORIES, int(rng.integers(1, 3)), replace=False)
        acts = [(f"device-{each:03}", act) for each, act in devices]
        acts += [(f"accessory-{family * _ACCESSORIES + int(each):03}", "purchase") for each in bought]
        for item, act in acts:
            time += rng.uniform(60, 3600)
            rows.append((name, item, act, round(time)))
    columns = zip(*rows, strict=True)
    names = ("user_id", "item_id", "event_type", "timestamp")
    return DataSet(pa.table(dict(zip(names, map(list, columns), strict=True))))
