"""Scales and axes of the plots."""

import pytest

from models.evaluation.drawing import Drawing, Scale, written


@pytest.mark.parametrize(
    ("scale", "ticks"),
    [
        (Scale(0, 1, 0, 100), [0.0, 0.25, 0.5, 0.75, 1.0]),
        (Scale(0, 0.13, 0, 100), [0.0, 0.05, 0.1]),
        (Scale(1, 3, 0, 100, whole=True), [1, 2, 3]),
        (Scale(1, 120, 0, 100, whole=True), [50, 100]),
        (Scale(0.0004, 1, 0, 100, logarithmic=True), [0.001, 0.01, 0.1, 1.0]),
        (Scale(5, 5, 0, 100), [5]),
    ],
)
def test_the_marks_of_an_axis_are_round(scale: Scale, ticks: list[float]) -> None:
    assert scale.ticks() == pytest.approx(ticks)


def test_values_are_placed_between_the_ends() -> None:
    assert [Scale(0, 2, 10, 30).at(value) for value in (0, 1, 2)] == [10, 20, 30]
    assert Scale(0.01, 1, 0, 100, logarithmic=True).at(0.1) == pytest.approx(50)
    assert Scale(5, 5, 0, 100).at(5) == 50


@pytest.mark.parametrize(
    ("value", "text"), [(0.1, "0.1"), (0.30000000000000004, "0.3"), (1e-5, "1e-05"), (12000, "12,000"), (0.0, "0")]
)
def test_numbers_are_written_short(value: float, text: str) -> None:
    assert written(value) == text


def test_names_are_never_markup() -> None:
    drawing = Drawing(10)
    drawing.text(0, 0, "<b>")
    drawing.mark(0, 0, "first", '"<&')
    assert "<b>" not in drawing.svg("x")
    assert "&lt;b&gt;" in drawing.svg("x")
