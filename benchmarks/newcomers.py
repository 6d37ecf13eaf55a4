"""Newcomers: what two attributes of a user without a history give, on a generated log with known tastes."""

from typing import Annotated

import numpy as np
import typer
from rich.console import Console

from models.arrays.types import Float64, Int32
from models.data.cleaning import clean
from models.data.cutting import TEMPORAL
from models.data.known_tastes import KnownTastes, generate_tastes
from models.data.progress import silent
from models.data.splitting import make_split
from models.evaluation.profile_rows import WITHOUT_PROFILE
from models.evaluation.report import BLEND
from models.evaluation.segments import Segment, measure_users, summarise
from models.training.evaluation_config import EvaluationConfig

cli = typer.Typer(add_completion=False)
console = Console(soft_wrap=True, highlight=False)
BEST = "best possible"
_K = 10
_PARTS = ("popularity", "profile_affinity")


@cli.command()
def newcomers(
    users: Annotated[int, typer.Option()] = 20_000,
    items: Annotated[int, typer.Option()] = 3000,
    seed: Annotated[int, typer.Option()] = 0,
) -> None:
    """Measure the users who come in the last tenth of the log with their attributes, without them, and at best."""
    from models.training.trainer import evaluate_folder  # noqa: PLC0415 - TensorFlow

    tastes = generate_tastes(users, items, seed=seed)
    config = EvaluationConfig(protocol=TEMPORAL, seed=seed, parts=_PARTS, with_network=False, ks=(_K,), brief=True)
    profiles = evaluate_folder(tastes.dataset, config, progress=silent).profiles
    assert profiles is not None  # noqa: S101 - the generated users have attributes
    test: Segment = profiles["test"]
    best = best_possible(tastes, seed)
    console.print(f"{test['users']:,} newcomers; read: {', '.join(profiles['attributes'])}; ignored: ", end="")
    console.print(", ".join(profiles["ignored"]))
    console.print(f"weight {profiles['newcomer_weight']:g}, pseudo-count {profiles['pseudo_count']:g}\n")
    console.print(f"| | NDCG@{_K} | 95 % | Recall@{_K} |")
    console.print("| --- | --- | --- | --- |")
    rows = {"with their attributes": (test, BLEND), "without them": (test, WITHOUT_PROFILE), BEST: (best, BEST)}
    for name, (segment, part) in rows.items():
        metrics, (low, high) = segment["metrics"][part], segment["intervals"][part][f"ndcg@{_K}"]
        console.print(
            f"| {name} | {metrics[f'ndcg@{_K}']:.4f} | {low:.4f} to {high:.4f} | {metrics[f'recall@{_K}']:.4f} |"
        )
    ndcg = [test["metrics"][part][f"ndcg@{_K}"] for part in (BLEND, WITHOUT_PROFILE)]
    console.print(f"\nwith their attributes: {ndcg[0] / ndcg[1]:.2f} times the NDCG@{_K}")


def best_possible(tastes: KnownTastes, seed: int) -> Segment:
    """Measure the same newcomers with lists by the tastes that the log was generated with."""
    dataset = tastes.dataset
    table, cleaning = clean(dataset.interactions)
    new = make_split(dataset, table, protocol=TEMPORAL, seed=seed, scale=cleaning.scale).newcomers
    shares = _of_codes(tastes, [item.decode() for item in new.source.item_ids])
    best = np.argsort(-shares, axis=1)[:, :_K].astype(np.int32)
    assert dataset.users is not None  # noqa: S101 - the generated users have attributes
    number = {name: place for place, name in enumerate(dataset.users["user_id"].to_pylist())}
    users = [number[new.source.user_ids[user].decode()] for user in new.users.tolist()]
    lists: Int32 = best[tastes.tastes[users]]
    return summarise(measure_users({BEST: lists}, new.targets, [_K]), np.arange(len(users)), seed=seed)


def _of_codes(tastes: KnownTastes, item_ids: list[str]) -> Float64:
    """Bring the shares of the items into the order of their codes."""
    return tastes.shares[:, [int(item.removeprefix("i")) for item in item_ids]]


if __name__ == "__main__":
    cli()
