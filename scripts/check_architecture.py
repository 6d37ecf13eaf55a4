"""Compares docs/architecture.md with the contracts of import-linter: `python scripts/check_architecture.py`.

For each contract of layers the page has rows: a package, what it is for, and what it may import, which is every package
of the layers below. A package, a row or an import that is in only one of the two is a difference. The contract of the
path of a request names modules: the page lists its layers in a block, one per line.

Exit codes: 0 the same, 1 different.
"""

import re
import sys
import tomllib
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
_ROW = re.compile(r"^\| `([\w.]+)` \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
PATH = "The path of a request"
_PATH = re.compile(rf"^## {PATH}$.*?^```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NAME = re.compile(r"`([\w.]+)`")


def allowed(pyproject: str) -> dict[str, list[str]]:
    """Return what each package may import according to the contracts of layers, by full name."""
    found: dict[str, list[str]] = {}
    for contract in tomllib.loads(pyproject)["tool"]["importlinter"]["contracts"]:
        if contract["type"] != "layers" or contract.get("name") == PATH:
            continue
        (container,) = contract.get("containers", [""])
        layers = [[part.strip() for part in layer.split("|")] for layer in contract["layers"]]
        for place, layer in enumerate(layers):
            below = [name for lower in layers[place + 1 :] for name in lower]
            found |= {f"{container}.{name}".strip("."): below for name in layer}
    return found


def documented(page: str) -> dict[str, list[str]]:
    """Return what each package may import according to the page."""
    return {name: _NAME.findall(imports) for name, _, imports in _ROW.findall(page)}


def path_of(pyproject: str) -> list[str]:
    """Return the layers of the contract of the path of a request; empty if there is no such contract."""
    contracts = tomllib.loads(pyproject)["tool"]["importlinter"]["contracts"]
    return next((contract["layers"] for contract in contracts if contract.get("name") == PATH), [])


def differences(pyproject: str, page: str) -> list[str]:
    """Return the differences between the page and the contracts, one per line."""
    contracts, rows = allowed(pyproject), documented(page)
    found = [f"`{name}` is in a contract and has no row" for name in contracts if name not in rows]
    found += [f"`{name}` has a row and is in no contract" for name in rows if name not in contracts]
    for name, imports in contracts.items():
        if name in rows and rows[name] != imports:
            listed = ", ".join(f"`{one}`" for one in imports) or "nothing"
            found.append(f"`{name}` may import, by its contract: {listed}")
    block = _PATH.search(page)
    if path_of(pyproject) != (block[1].splitlines() if block else []):
        found.append(f"the block under '{PATH}' is not the contract's list of layers")
    return found


def main() -> int:
    """Print the differences."""
    pyproject = (_ROOT / "pyproject.toml").read_text(encoding="utf-8")
    page = (_ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    found = differences(pyproject, page)
    for line in found:
        print(f"docs/architecture.md: {line}", file=sys.stderr)  # noqa: T201 - what the command prints
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
