"""The sentences of explanations."""

from pathlib import Path

import pytest

from app.command_errors import ExplanationsFileError
from app.services.recommending.wording import Wording
from models.data.profile_reader import Value
from models.ranking.own_act import OwnAct

ENGLISH, GERMAN = Wording().in_language(None), Wording().in_language("de")


@pytest.mark.parametrize(
    ("act", "english", "german"),
    [
        (OwnAct("cart", 1, 0), "In your cart", "In deinem Warenkorb"),
        (OwnAct("cart", 1, 1), "In your cart since yesterday", "In deinem Warenkorb seit gestern"),
        (OwnAct("cart", 1, 4), "In your cart for 4 days", "In deinem Warenkorb seit 4 Tagen"),
        (OwnAct("cart", 1, 40), "In your cart for more than a month", "In deinem Warenkorb seit mehr als einem Monat"),
        (OwnAct("view", 1, 0), "You looked at it today", "Du hast es dir heute angesehen"),
        (OwnAct("view", 2, 1), "You looked at it twice yesterday", "Du hast es dir gestern zweimal angesehen"),
        (OwnAct("view", 3, 3), "You looked at it 3 times 3 days ago", "Du hast es dir vor 3 Tagen 3-mal angesehen"),
        (OwnAct("click", 1, None), "You clicked on it", "Du hast es angeklickt"),
    ],
)
def test_what_the_user_did_with_the_item(act: OwnAct, english: str, german: str) -> None:
    assert ENGLISH.own_act(act) == english
    assert GERMAN.own_act(act) == german


def test_what_speaks_for_an_item() -> None:
    assert ENGLISH.because("watch", "Alien") == "Because you watched Alien"
    assert ENGLISH.because("borrow", "Alien") == "Because of Alien"
    assert GERMAN.because("purchase", "Alien") == "Weil du „Alien“ gekauft hast"
    assert ENGLISH.of_list("bought_together", "Alien") == "Often bought with Alien"
    assert ENGLISH.of_list("popular", None) == "Popular"
    assert ENGLISH.of_list("similar", None) is None
    assert ENGLISH.strand("successor", "{title}") == "Often comes after {title}"
    assert ENGLISH.strand("boosts", "Alien") is None
    assert ENGLISH.value(Value("country", "nl", 1)) == "Popular among users with country: nl"
    assert ENGLISH.value(Value("context.device", "mobile", 1)) == "Popular with device: mobile"


@pytest.mark.parametrize(
    ("tag", "popular"),
    [("de-AT", "Beliebt"), ("DE", "Beliebt"), ("nl", "Popular"), ("dex", "Popular"), (None, "Popular")],
)
def test_a_language_is_found_by_its_tag(tag: str | None, popular: str) -> None:
    assert Wording().in_language(tag).of_list("popular", None) == popular


def test_a_file_adds_languages_and_replaces_sentences(tmp_path: Path) -> None:
    path = tmp_path / "explanations.toml"
    path.write_text(
        'default = "nl"\n[nl.lists]\npopular = "Populair"\n[en.because]\nview = "As you saw {title}"\n'
        '[en.lists]\nsimilar = "Like {title}"\n'
    )
    wording = Wording(path)
    assert wording.in_language(None).of_list("popular", None) == "Populair"
    assert wording.in_language("en").of_list("popular", None) == "Popular"
    # What a language lacks is English, as the file has it.
    assert wording.in_language("nl").of_list("similar", "Alien") == "Like Alien"
    assert wording.in_language("nl").because("view", "Alien") == "As you saw Alien"
    assert wording.in_language("de").because("view", "Alien") == "Weil du „Alien“ angesehen hast"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"\xff", "is not UTF-8"),
        (b"[en", "is not TOML"),
        (b'default = "nl"', "default: must be one of de, en"),
        (b'en = "text"', "en: must be a table of a language"),
        (b'[en.lyrics]\na = "b"', "en.lyrics: there are the tables because, "),
        (b'[en.lists]\npopulair = "Populair"', "en.lists.populair: there are similar, "),
        (b"[en.lists]\npopular = 3", "en.lists.popular: must be text"),
        (b'[en]\nlists = "b"', "en.lists: must be a table of sentences"),
        (b'[en.because]\nview = "{item}"', "en.because.view: may refer to {title} alone"),
        (b'[en.because]\nview = "{title!r}"', "en.because.view: may refer to {title} alone"),
        (b'[en.because]\nview = "{"', "en.because.view: may refer to {title} alone"),
        (b'[en.values]\nuser = "{0}"', "en.values.user: may refer to {name} and {value} alone"),
    ],
)
def test_a_wrong_file_is_refused_by_its_place(tmp_path: Path, text: bytes | None, told: str) -> None:
    path = tmp_path / "explanations.toml"
    if text is not None:
        path.write_bytes(text)
    with pytest.raises(ExplanationsFileError) as caught:
        Wording(path)
    assert str(caught.value).startswith(f"{path}: {told}")
    assert "\n" not in str(caught.value)
