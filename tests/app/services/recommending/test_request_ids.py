"""Request ids: what is written is read again, and any other text is unknown or has its parts."""

from hypothesis import given
from hypothesis import strategies as st

from app.services.recommending.request_ids import UNKNOWN, Origin, mark, read, write

LETTERS = st.characters(codec="ascii", exclude_characters="~", categories=["L", "N", "P"])
WORDS = st.text(LETTERS, min_size=1, max_size=20)
MOMENTS = st.integers(0, 2**62)
NUMBERS = st.integers(0, 2**32 - 1)


@given(WORDS, WORDS, MOMENTS, NUMBERS)
def test_the_id_of_a_list_is_read_again(version: str, strategy: str, moment: int, number: int) -> None:
    assert read(write(mark(version, strategy), moment, number)) == Origin(version, strategy)


@given(WORDS, WORDS, WORDS, st.just("") | WORDS, MOMENTS, NUMBERS)
def test_the_id_of_a_scenario_is_read_again(
    version: str, strategy: str, scenario: str, variant: str, moment: int, number: int
) -> None:
    found = read(write(mark(version, strategy, scenario, variant), moment, number))
    assert found == Origin(version, strategy, scenario, variant or None)


@given(st.text(max_size=60) | st.lists(st.text("01a~²", max_size=4), max_size=8).map("~".join))
def test_any_other_text_is_unknown_or_has_its_parts(text: str) -> None:
    found = read(text)
    if found.bundle_version == UNKNOWN:
        assert (found.scenario, found.variant) == (None, None)
    else:
        assert text.startswith(f"{found.bundle_version}~{found.strategy}~")
        assert found.bundle_version
        assert found.strategy
