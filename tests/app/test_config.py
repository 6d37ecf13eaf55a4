"""Settings and where they come from."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.config import Settings, SettingsError, load_settings
from app.setting_names import PREFIX
from app.times import from_microseconds, to_microseconds
from models.data.events import EVENT_WEIGHTS, half_lives_of, weights_of
from models.ranking.network_config import NetworkConfig


def test_the_defaults_are_safe(isolated: Path) -> None:
    settings = load_settings()
    assert settings.host == "127.0.0.1"
    assert settings.database_url == "sqlite+aiosqlite:///var/braid.sqlite3"


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("sqlite:///a/b.db", "sqlite+aiosqlite:///a/b.db"),
        ("postgresql://u:p%40ss@h/n", "postgresql+asyncpg://u:p%40ss@h/n"),
        ("postgresql://u@h/n?sslmode=require", "postgresql+asyncpg://u@h/n?ssl=require"),
        ("postgres://u@h:1/n", "postgresql+asyncpg://u@h:1/n"),
    ],
)
def test_database_urls_need_no_driver(isolated: Path, given: str, used: str) -> None:
    assert Settings(database_url=given).database_url == used


def test_the_environment_wins_over_the_file(isolated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (isolated / ".env").write_text("BRAID_PORT=9001\nBRAID_WORKERS=3\nPOSTGRES_PASSWORD=x\n")
    monkeypatch.setenv("BRAID_PORT", "9002")
    settings = load_settings()
    assert (settings.port, settings.workers) == (9002, 3)


def test_every_setting_has_a_description_and_stands_in_the_docs(repository: Path) -> None:
    page = (repository / "docs/settings.md").read_text(encoding="utf-8")
    rows = {}
    for line in page.splitlines():
        if line.startswith(f"| `{PREFIX}"):
            _, name, default, meaning, _ = (cell.strip() for cell in line.split(" | ".strip()))
            rows[name.strip("`")] = (default.strip("`"), meaning)
    expected = {
        PREFIX + name.upper(): (
            json.dumps(field.default) if isinstance(field.default, dict) else str(field.default),
            field.description,
        )
        for name, field in Settings.model_fields.items()
    }
    assert rows == expected


def test_every_field_of_the_network_stands_in_the_docs(repository: Path) -> None:
    page = (repository / "docs/settings.md").read_text(encoding="utf-8").partition("## The network")[2]
    defaults = NetworkConfig.model_json_schema()["properties"]
    for name, field in NetworkConfig.model_fields.items():
        assert f"| `{name}` | `{defaults[name]['default']}` | {field.description} |" in page


def test_the_network_is_set_as_json(isolated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRAID_NETWORK", '{"layers": [8], "loss": "mean_squared_error"}')
    assert load_settings().network == NetworkConfig(layers=(8,), loss="mean_squared_error")
    monkeypatch.setenv("BRAID_NETWORK", '{"loss": "hinge"}')
    with pytest.raises(SettingsError, match="BRAID_NETWORK: loss: Input should be 'softmax'"):
        load_settings()


def test_the_weights_of_event_types_complete_the_defaults(isolated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"view": 0, "transaction": 1, "skip": {"weight": 0.3, "feedback": "negative", "half_life_days": 2}}
    monkeypatch.setenv("BRAID_EVENT_TYPES", json.dumps(given))
    types = load_settings().event_types
    assert weights_of(types) == EVENT_WEIGHTS | {"view": 0.0, "transaction": 1.0, "skip": -0.3}
    assert half_lives_of(types) == {"skip": 172_800.0}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ('{"rating": -1}', "'rating' must not be below 0"),
        ('{"view": "much"}', "should be a valid number"),
        ('{"view": Infinity}', "finite"),
        ('{"shown": 0.1}', "'shown' must have weight 0"),
        ('{"a b": 0.1}', "'a b' is not a name"),
        ('{"view": {"weight": 0, "feedback": "positive"}}', "positive feedback needs a weight"),
        ('{"view": {"weight": 1, "half_life_days": 0}}', "greater than 0"),
        (json.dumps(dict.fromkeys(EVENT_WEIGHTS, 0)), "no event type has a weight above 0"),
    ],
)
def test_weights_that_cannot_be_used_are_refused(
    isolated: Path, monkeypatch: pytest.MonkeyPatch, given: str, message: str
) -> None:
    monkeypatch.setenv("BRAID_EVENT_TYPES", given)
    with pytest.raises(SettingsError, match=f"^BRAID_EVENT_TYPES: .*{message}"):
        load_settings()


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("BRAID_DATABSE_URL", "did you mean BRAID_DATABASE_URL?"),
        ("braid_worker", "did you mean BRAID_WORKERS?"),
        ("BRAID_LOGLEVEL", "did you mean BRAID_LOG_LEVEL?"),
        ("BRAID_ZZZZZZZZZZ", "docs/settings.md lists those that there are"),
    ],
)
@pytest.mark.parametrize("in_file", [False, True])
def test_a_misspelt_setting_is_told_with_the_nearest(
    isolated: Path, monkeypatch: pytest.MonkeyPatch, name: str, near: str, in_file: bool
) -> None:
    if in_file:
        (isolated / ".env").write_text(f"{name}=1\n")
    else:
        monkeypatch.setenv(name, "1")
    place = ".env: " if in_file else ""
    with pytest.raises(SettingsError, match=f"^{re.escape(f'{place}{name}: there is no such setting; {near}')}$"):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BRAID_PORT", "tcp://10.0.0.1:8000"),
        ("BRAID_PORT_8000_TCP", "tcp://10.0.0.1:8000"),
        ("BRAID_PORT_8000_TCP_ADDR", "10.0.0.1"),
        ("BRAID_SERVICE_HOST", "10.0.0.1"),
        ("BRAID_SERVICE_PORT_HTTP", "8000"),
        ("BRAID_SERVICE_PORT", "8000"),
        ("BRAID_PORT_8000_TCP_PROTO", "tcp"),
        ("BRAID_API_SERVICE_PORT", "8000"),
        ("BRAID_WORKER_SERVICE_HOST", "fd00::1"),
        ("BRAID_WORKER_PORT", "udp://10.0.0.1:53"),
        ("BRAID_METRICS_PORT", "tcp://10.0.0.1:9100"),
        ("BRAID_WORKER_PORT_53_UDP_PORT", "53"),
        ("BRAID_TEST_REQUIRE_POSTGRESQL", "1"),
        ("BRAIDS", "1"),
        ("MY_BRAID_PROT", "1"),
    ],
)
def test_what_others_set_is_no_setting(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    assert load_settings().port == 8000


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("BRAID_SERVER_PORT", "9000", "did you mean"),
        ("BRAID_HTTP_PORT", "9000", "did you mean BRAID_PORT?"),
        ("BRAID_PORT_8000_TCP", "9000", ""),
        ("BRAID_SERVICE_HOST", "everywhere", ""),
    ],
)
def test_what_only_looks_like_a_name_of_kubernetes_is_misspelt(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, hint: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=f"^{name}: there is no such setting; .*{re.escape(hint)}"):
        load_settings()


def test_an_unknown_field_of_the_network_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRAID_NETWORK", '{"epoch": 3}')
    with pytest.raises(SettingsError, match=r"^BRAID_NETWORK: epoch: there is no such field; there are layers, "):
        load_settings()


@pytest.mark.parametrize("scale", ["1..5", "0.5..5", "-1..1", "amounts"])
def test_a_scale_of_ratings_is_declared_by_its_ends(monkeypatch: pytest.MonkeyPatch, scale: str) -> None:
    monkeypatch.setenv("BRAID_RATING_SCALE", scale)
    assert load_settings().rating_scale == scale


@pytest.mark.parametrize("scale", ["5..1", "1-5", "1..", "nan..5", "1..inf", "1..2..3", "stars"])
def test_what_is_no_scale_is_refused(monkeypatch: pytest.MonkeyPatch, scale: str) -> None:
    monkeypatch.setenv("BRAID_RATING_SCALE", scale)
    with pytest.raises(SettingsError, match=r"^BRAID_RATING_SCALE: .*is neither a scale such as 1\.\.5 nor 'amounts'"):
        load_settings()


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("ftp://host/bundles", "is neither a folder nor a URL of file://, s3:// or gs://"),
        ("s3:///bundles", "names no bucket: s3://bucket/folder"),
        ("gs://", "names no bucket: gs://bucket/folder"),
        ("file://relative/bundles", "names a host: a folder is file:///folder"),
    ],
)
def test_what_is_no_place_of_bundles_is_refused(monkeypatch: pytest.MonkeyPatch, place: str, message: str) -> None:
    monkeypatch.setenv("BRAID_BUNDLES", place)
    with pytest.raises(SettingsError, match=f"^BRAID_BUNDLES: .*{message}"):
        load_settings()


@pytest.mark.parametrize("variable", ["BRAID_RATE_LIMIT", "BRAID_ADDRESS_RATE_LIMIT"])
@pytest.mark.parametrize(
    ("limit", "message"),
    [
        ("often", "is not a limit such as 600/minute"),
        ("0/minute", "allows no request at all"),
        ("10/second; 1000/day", "has several limits: give one, such as 600/minute"),
        ("5/minute, 3/second", "has several limits"),
        ("10 per 99999999999999 year", "counts over more than a year: give a shorter time"),
        ("10 per 13 month", "counts over more than a year"),
    ],
)
def test_what_is_no_rate_limit_is_refused(
    monkeypatch: pytest.MonkeyPatch, variable: str, limit: str, message: str
) -> None:
    monkeypatch.setenv(variable, limit)
    with pytest.raises(SettingsError, match=f"^{variable}: .*{message}"):
        load_settings()


@pytest.mark.parametrize(
    ("given", "used"),
    [("5/minute\n", "5/minute"), (" 10 per  2 hour ", "10 per 2 hour"), ("1/year", "1/year")],
)
def test_rate_limits_are_kept_without_spaces_around_them(
    monkeypatch: pytest.MonkeyPatch, given: str, used: str
) -> None:
    monkeypatch.setenv("BRAID_RATE_LIMIT", given)
    assert load_settings().rate_limit == used


@pytest.mark.parametrize("place", ["var/bundles", "file:///srv/bundles", "s3://bucket/some/where", "gs://bucket"])
def test_places_of_bundles_are_taken(monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    monkeypatch.setenv("BRAID_BUNDLES", place)
    assert load_settings().bundles == place


@pytest.mark.parametrize("variable", ["BRAID_EVENT_TYPES", "BRAID_NETWORK"])
@pytest.mark.parametrize("in_file", [False, True])
def test_what_is_no_json_is_refused_in_one_line(
    isolated: Path, monkeypatch: pytest.MonkeyPatch, variable: str, in_file: bool
) -> None:
    if in_file:
        (isolated / ".env").write_text(f"{variable}=much\n")
    else:
        monkeypatch.setenv(variable, "much")
    with pytest.raises(SettingsError, match=f"^{variable}: is not JSON$"):
        load_settings()


def test_times_survive_exactly() -> None:
    for microseconds in (0, 1, 1_767_225_600_123_456, 253_402_300_799_999_999):
        assert to_microseconds(from_microseconds(microseconds)) == microseconds


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_the_clock_of_a_test_is_taken_on_this_machine(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("BRAID_TEST_CLOCK", "2011-11-11T01:00:00+01:00")
    monkeypatch.setenv("BRAID_HOST", host)
    assert load_settings().test_clock == datetime(2011, 11, 11, tzinfo=UTC)


def test_the_clock_of_a_test_is_refused_where_others_reach_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRAID_TEST_CLOCK", "2011-11-11T00:00:00Z")
    with pytest.raises(SettingsError, match=r"^BRAID_TEST_CLOCK: is for tests on this machine only: .* 0\.0\.0\.0,"):
        load_settings(host="0.0.0.0")  # noqa: S104
    monkeypatch.setenv("BRAID_TEST_CLOCK", "2011-11-11T00:00:00")
    with pytest.raises(SettingsError, match=r"^BRAID_TEST_CLOCK: "):
        load_settings()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "schema.toml: cannot be read: No such file or directory"),
        ("[items]\nx = 'colour'", "schema.toml: items.x.type: 'colour' is not a type"),
        ("[items\nx = 'number'", "schema.toml: is not TOML: "),
        ("[items]\nx = 3 = 4", "line 2"),
    ],
)
def test_bad_schema_file_is_named_with_its_variable(
    isolated: Path, monkeypatch: pytest.MonkeyPatch, text: str | None, said: str
) -> None:
    if text is not None:
        (isolated / "schema.toml").write_text(text)
    monkeypatch.setenv("BRAID_SCHEMA", str(isolated / "schema.toml"))
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert str(caught.value).startswith("BRAID_SCHEMA: ")
    assert said in str(caught.value)


def test_metrics_have_another_port_than_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRAID_METRICS_PORT", "9100")
    assert load_settings().metrics_port == 9100
    with pytest.raises(SettingsError, match=r"^BRAID_PORT: must be another port than BRAID_METRICS_PORT"):
        load_settings(port=9100)
