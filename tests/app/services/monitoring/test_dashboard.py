"""The dashboard and the alert rules ask for metrics and labels that the server has."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import yaml
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from models.bundle.store import BundleStore

_TEXT = re.compile(r'"[^"]*"')
_METRIC = re.compile(r"\b(?:braid_\w+|up)\b")
_LABELS = re.compile(r"(braid_\w+)\{([^}]*)\}")
_GROUPED = re.compile(r"\b(?:by|on) \(([^)]*)\)")


def expressions(repository: Path) -> list[str]:
    rules = yaml.safe_load((repository / "deploy/monitoring/alerts.yaml").read_text(encoding="utf-8"))
    board = json.loads((repository / "deploy/monitoring/dashboard.json").read_text(encoding="utf-8"))
    alerts = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    panels = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    assert len(alerts) > 5
    assert len(panels) > 10
    return alerts + panels


def registered() -> dict[str, set[str]]:
    """Return the labels of the metrics of a process, by the names of their samples."""
    found: dict[str, set[str]] = {}
    collectors: dict[str, Any] = REGISTRY._names_to_collectors
    for name, collector in collectors.items():
        labels = {*getattr(collector, "_labelnames", ())}
        found[name] = {*labels, "le"} if name.endswith("_bucket") else labels
    return found


async def test_every_metric_and_label_is_exported(
    repository: Path, bundles: BundleStore, client: httpx.AsyncClient
) -> None:
    exported = registered()
    for family in text_string_to_metric_families((await client.get("/metrics")).text):
        for sample in family.samples:
            exported.setdefault(sample.name, set()).update(sample.labels)
    # Bundles without impressions have no sample.
    exported |= {f"braid_bundle_{name}": {"bundle_version"} for name in ("impressions", "clicks", "conversions")}
    for written in expressions(repository):
        plain = _TEXT.sub('""', written)
        names = set(_METRIC.findall(re.sub(r"\{[^}]*\}", "", plain)))
        assert names, written
        assert names - {"up"} <= exported.keys(), written
        for name, given in _LABELS.findall(plain):
            labels = {part.partition("=")[0].strip(" !~") for part in given.split(",")}
            assert labels <= exported[name], written
        known = set().union(*(exported.get(name, set()) for name in names))
        for group in _GROUPED.findall(plain):
            assert {one.strip() for one in group.split(",")} <= known, written


def test_brackets_are_closed(repository: Path) -> None:
    for written in expressions(repository):
        plain = _TEXT.sub("", written)
        assert all(plain.count(one) == plain.count(other) for one, other in ("()", "{}", "[]")), written
