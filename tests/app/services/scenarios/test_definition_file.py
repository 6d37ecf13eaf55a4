from pathlib import Path

import pytest

from app.command_errors import ScenarioFileError
from app.services.scenarios.definition_file import read_scenarios


def test_the_same_scenarios_are_read_from_toml_and_yaml(tmp_path: Path) -> None:
    toml, yaml = tmp_path / "a.toml", tmp_path / "a.yml"
    toml.write_text('[home]\nkind = "user"\nfallback = ["popular"]\n[home.filter]\nfield = "price"\nlt = 5\n')
    yaml.write_text("home:\n  kind: user\n  fallback: [popular]\n  filter: {field: price, lt: 5}\n")
    found = read_scenarios(toml)
    assert found == read_scenarios(yaml)
    assert (found["home"].kind, found["home"].fallback) == ("user", ("popular",))
    (tmp_path / "empty.yaml").write_text("")
    assert read_scenarios(tmp_path / "empty.yaml") == {}


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.toml", "[home\n", "is not TOML"),
        ("a.yaml", "home: [", "is not YAML"),
        ("a.yaml", "- home\n", "a table for each scenario"),
        ("a.toml", '[home]\nkind = "basket"\n', "home.kind"),
        ("a.toml", '[Home]\nkind = "user"\n', "Home"),
        ("a.toml", "[home]\ncolour = 1\n", "home.colour"),
    ],
)
def test_what_is_no_scenario_is_named_with_its_place(tmp_path: Path, name: str, text: str, words: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(ScenarioFileError) as caught:
        read_scenarios(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ScenarioFileError, match="cannot be read"):
        read_scenarios(tmp_path / "none.toml")
