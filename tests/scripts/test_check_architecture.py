"""The page of the architecture says what the contracts of import-linter say."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from check_architecture import differences

CONTRACTS = """
[[tool.importlinter.contracts]]
type = "layers"
containers = ["shop"]
layers = ["till", "shelves | window", "cellar"]

[[tool.importlinter.contracts]]
name = "The path of a request"
type = "layers"
layers = ["shop.till.counter", "shop.shelves.top | shop.window.left"]

[[tool.importlinter.contracts]]
type = "forbidden"
source_modules = ["shop"]
"""
PAGE = """
| `shop.till` | takes money | `shelves`, `window`, `cellar` |
| `shop.shelves` | hold goods | `cellar` |
| `shop.window` | shows goods | `cellar` |
| `shop.cellar` | keeps goods | nothing |

## The path of a request

```text
shop.till.counter
shop.shelves.top | shop.window.left
```
"""


def test_the_page_of_this_repository_agrees_with_its_contracts(repository: Path) -> None:
    page = (repository / "docs/architecture.md").read_text(encoding="utf-8")
    assert differences((repository / "pyproject.toml").read_text(encoding="utf-8"), page) == []


def test_a_page_that_says_the_same_has_no_differences() -> None:
    assert differences(CONTRACTS, PAGE) == []


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("| `shop.window` | shows goods | `cellar` |\n", "", "`shop.window` is in a contract and has no row"),
        ("`shop.till`", "`shop.door`", "`shop.door` has a row and is in no contract"),
        (
            "`shelves`, `window`, ",
            "`shelves`, ",
            "`shop.till` may import, by its contract: `shelves`, `window`, `cellar`",
        ),
        (
            "shop.shelves.top |",
            "shop.shelves.low |",
            "the block under 'The path of a request' is not the contract's list of layers",
        ),
        ("| nothing |", "| `till` |", "`shop.cellar` may import, by its contract: nothing"),
    ],
)
def test_each_difference_is_named(old: str, new: str, found: str) -> None:
    assert found in differences(CONTRACTS, PAGE.replace(old, new))
