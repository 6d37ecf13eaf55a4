"""Draws the figures of docs/explanation as SVG: `make reference` writes them beside the reference."""

from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "figures"
_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP, _RIGHT = 640, 300, 64, 46, 18, 150
_COLOURS = ("#0f766e", "#b45309", "#4338ca", "#be123c")
_STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#334155}.axis{stroke:#94a3b8}.grid{stroke:#94a3b8;opacity:.25}"
    "@media(prefers-color-scheme:dark){text{fill:#cbd5e1}}"
)
Line = tuple[str, Callable[[float], float]]


def figures() -> dict[str, str]:
    """Return the figures by their names."""
    return {
        "recency.svg": _lines(
            "Weight of an item by its place in the history",
            ("items that came after it", [0, 5, 10, 15, 20]),
            ("weight", [0, 0.5, 1]),
            [(f"{name} ({decay:g})", lambda n, d=decay: d**n) for name, decay in _DECAYS],  # type: ignore[misc]
        ),
        "rotation.svg": _lines(
            "How far an item sinks that was shown and passed over",
            ("times shown", [1, 2, 4, 6, 8]),
            ("share of the range of scores", [0, 0.25, 0.5]),
            [
                ("rotation 0.5 (default)", lambda n: 0.5 * (1 - 2 ** (1 - n))),
                ("rotation 0.25", lambda n: 0.25 * (1 - 2 ** (1 - n))),
            ],
        ),
        "parts-beauty.svg": _bars("NDCG@10 on Amazon Beauty, all items ranked", _PARTS),
    }


_DECAYS = (("successor", 0.5), ("content", 0.7), ("item_knn", 0.85))
_PARTS = (
    ("the blend", 0.0678), ("successors", 0.0530), ("item-based CF", 0.0452), ("user-based CF", 0.0337),
    ("ALS", 0.0246), ("spectral", 0.0224), ("content", 0.0184), ("popularity", 0.0054),
)  # fmt: skip
"""As docs/accuracy.md has them: a test compares the two."""


def _lines(
    title: str, across: tuple[str, Sequence[float]], up: tuple[str, Sequence[float]], lines: Sequence[Line]
) -> str:
    low, high, most = across[1][0], across[1][-1], up[1][-1]

    def x(value: float) -> float:
        return _LEFT + (value - low) / (high - low) * (_WIDTH - _LEFT - _RIGHT)

    def y(value: float) -> float:
        return _HEIGHT - _BOTTOM - value / most * (_HEIGHT - _BOTTOM - _TOP)

    parts = [f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y(v):.1f}" y2="{y(v):.1f}"/>' for v in up[1]]
    parts += [f'<text x="{_LEFT - 8}" y="{y(v) + 4:.1f}" text-anchor="end">{v:g}</text>' for v in up[1]]
    parts += [f'<text x="{x(v):.1f}" y="{_HEIGHT - _BOTTOM + 18}" text-anchor="middle">{v:g}</text>' for v in across[1]]
    parts.append(
        f'<text x="{(_LEFT + _WIDTH - _RIGHT) / 2}" y="{_HEIGHT - 8}" text-anchor="middle">{escape(across[0])}</text>'
    )
    parts.append(
        f'<text transform="translate(16 {(_HEIGHT - _BOTTOM + _TOP) / 2}) rotate(-90)" text-anchor="middle">'
        f"{escape(up[0])}</text>"
    )
    steps = [low + (high - low) * n / 80 for n in range(81)]
    for number, (name, value) in enumerate(lines):
        points = " ".join(f"{x(step):.1f},{y(value(step)):.1f}" for step in steps)
        parts.append(f'<polyline fill="none" stroke="{_COLOURS[number]}" stroke-width="2.5" points="{points}"/>')
        parts.append(_key(number, name))
    return _drawn(title, parts)


def _bars(title: str, rows: Sequence[tuple[str, float]]) -> str:
    most, height = max(value for _, value in rows), (_HEIGHT - 2 * _TOP) / len(rows)
    parts = []
    for number, (name, value) in enumerate(rows):
        top, width = _TOP + number * height, value / most * (_WIDTH - 2 * _RIGHT + 40)
        parts.append(f'<text x="{_RIGHT - 30}" y="{top + height / 2 + 4:.1f}" text-anchor="end">{escape(name)}</text>')
        parts.append(
            f'<rect x="{_RIGHT - 20}" y="{top + 4:.1f}" width="{width:.1f}" height="{height - 8:.1f}"'
            f' rx="3" fill="{_COLOURS[min(number, 1)]}"/>'
        )
        parts.append(f'<text x="{_RIGHT - 12 + width:.1f}" y="{top + height / 2 + 4:.1f}">{value:.4f}</text>')
    return _drawn(title, parts)


def _key(number: int, name: str) -> str:
    top, left = _TOP + 14 + number * 22, _WIDTH - _RIGHT + 12
    square = f'<rect x="{left}" y="{top - 9}" width="10" height="10" rx="2" fill="{_COLOURS[number]}"/>'
    return f'{square}<text x="{left + 16}" y="{top}">{escape(name)}</text>'


def _drawn(title: str, parts: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">'
        f"<title>{escape(title)}</title>"
        f"<style>{_STYLE}</style>\n" + "\n".join(parts) + "\n</svg>\n"
    )


def write_figures() -> None:
    """Write those that are not current."""
    for name, text in figures().items():
        path = FOLDER / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_figures()
