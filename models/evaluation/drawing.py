"""Draws on a small canvas as SVG: scales, axes and marks.

Colours are classes, to which the page gives a light and a dark value. A drawing is 380 units wide: text of 12 units is
legible on a telephone, where a unit is a little less than a pixel.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH = 380.0
_LINE = 14.0
_MARK = 4.0
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True)
class Scale:
    """Maps values from `low` to `high` to places from `start` to `end`.

    On a logarithmic scale all values are above 0; on one of whole numbers no others are marked.
    """

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool = False
    whole: bool = False

    def at(self, value: float) -> float:
        """Return the place of a value."""
        low, high, value = (math.log10(one) if self.logarithmic else one for one in (self.low, self.high, value))
        share = (value - low) / (high - low) if high > low else 0.5
        return self.start + share * (self.end - self.start)

    def ticks(self, most: int = 4) -> list[float]:
        """Return round values to mark."""
        if self.logarithmic:
            powers = range(math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9) + 1)
            return [10.0**power for power in powers]
        span = self.high - self.low
        if span <= 0:
            return [self.low]
        size = 10.0 ** math.floor(math.log10(span / most))
        step = next(one * size for one in _STEPS if span / (one * size) <= most + 1e-9)
        step = max(math.ceil(step), 1) if self.whole else step
        first = math.ceil(self.low / step - 1e-9)
        return [number * step for number in range(first, math.floor(self.high / step + 1e-9) + 1)]


class Drawing:
    """Elements of a picture, in the order in which they are drawn."""

    def __init__(self, height: float) -> None:
        self.height = height
        self._elements: list[str] = []

    def line(self, x1: float, y1: float, x2: float, y2: float, kind: str) -> None:
        """Draw a line."""
        self._elements.append(f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>')

    def path(self, points: Sequence[tuple[float, float]], kind: str) -> None:
        """Draw a line through points."""
        places = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self._elements.append(f'<polyline class="{kind}" points="{places}"/>')

    def bar(self, x: float, y: float, width: float, height: float, kind: str, says: str) -> None:
        """Draw a bar; `says` is shown where a pointer rests on it."""
        size = f'x="{x:.1f}" y="{y:.1f}" width="{max(width, 0.0):.1f}" height="{height:.1f}" rx="2"'
        self._elements.append(f'<rect class="{kind}" {size}><title>{escape(says)}</title></rect>')

    def text(self, x: float, y: float, text: str, *, anchor: str = "start", kind: str = "label") -> None:
        """Write a line of text."""
        self._elements.append(
            f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
        )

    def mark(self, x: float, y: float, kind: str, says: str) -> None:
        """Draw a mark: a circle, a square for `second` and a diamond for `third`, so that colours are not needed."""
        title = f"<title>{escape(says)}</title>"
        if kind == "second":
            side = 2 * _MARK - 1
            place = f'x="{x - side / 2:.1f}" y="{y - side / 2:.1f}" width="{side:.1f}" height="{side:.1f}"'
            self._elements.append(f'<rect class="mark {kind}" {place}>{title}</rect>')
        elif kind == "third":
            size = _MARK + 1
            points = f"{x:.1f},{y - size:.1f} {x + size:.1f},{y:.1f} {x:.1f},{y + size:.1f} {x - size:.1f},{y:.1f}"
            self._elements.append(f'<polygon class="mark {kind}" points="{points}">{title}</polygon>')
        else:
            place = f'cx="{x:.1f}" cy="{y:.1f}" r="{_MARK}"'
            self._elements.append(f'<circle class="mark {kind}" {place}>{title}</circle>')

    def interval(self, scale: Scale, y: float, low: float, high: float, kind: str) -> None:
        """Draw an interval that lies, with its ends."""
        left, right = scale.at(low), scale.at(high)
        self.line(left, y, right, y, f"interval {kind}")
        for end in (left, right):
            self.line(end, y - 3, end, y + 3, f"interval {kind}")

    def upright_interval(self, scale: Scale, x: float, low: float, high: float, kind: str) -> None:
        """Draw an interval that stands, with its ends."""
        bottom, top = scale.at(low), scale.at(high)
        self.line(x, bottom, x, top, f"interval {kind}")
        for end in (bottom, top):
            self.line(x - 3, end, x + 3, end, f"interval {kind}")

    def axis_below(self, scale: Scale, top: float, bottom: float, title: str, most: int = 4) -> None:
        """Draw the marks of a horizontal axis, with a line of the grid for each, and its title."""
        for tick in scale.ticks(most):
            x = scale.at(tick)
            self.line(x, top, x, bottom, "grid")
            self.text(x, bottom + _LINE, written(tick), anchor="middle", kind="tick")
        self.line(scale.start, bottom, scale.end, bottom, "axis")
        self.text((scale.start + scale.end) / 2, bottom + 2 * _LINE + 2, title, anchor="middle")

    def axis_left(self, scale: Scale, left: float, right: float, title: str) -> None:
        """Draw the marks of a vertical axis, with a line of the grid for each, and its title above."""
        for tick in scale.ticks():
            y = scale.at(tick)
            self.line(left, y, right, y, "grid")
            self.text(left - 6, y + 4, written(tick), anchor="end", kind="tick")
        self.line(left, scale.start, left, scale.end, "axis")
        self.text(left, scale.end - 10, title)

    def legend(self, y: float, names: Sequence[tuple[str, str]], left: float = 8.0) -> None:
        """Say which mark is what, in a line."""
        x = left
        for kind, name in names:
            self.mark(x, y - 4, kind, name)
            self.text(x + 9, y, name)
            x += 9 + 6.6 * len(name) + 20

    def svg(self, name: str) -> str:
        """Return the SVG element, which the elements `<name>-title` and `<name>-caption` of the page describe."""
        described = f'role="img" aria-labelledby="{name}-title {name}-caption"'
        return f'<svg {described} viewBox="0 0 {WIDTH:g} {self.height:g}">{"".join(self._elements)}</svg>'


def written(value: float) -> str:
    """Write a number of an axis without digits that say nothing."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{round(value, 10):g}"  # noqa: PLR2004
