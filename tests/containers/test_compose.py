import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft201909Validator

from app.config import Settings
from app.setting_names import PREFIX
from tests.containers.container_files import Stage, read_compose, substitute

SCHEMA = Path(__file__).with_name("compose-spec.json")
OWN = ["migrate", "api", "worker", "trainer"]
RAISED = {"POSTGRES", "API", "WORKER", "TRAINER"}
SET_BY_THE_FILE = {"BRAID_DATABASE_URL", "BRAID_HOST", "BRAID_PORT", "BRAID_TEST_CLOCK"}
"""The container's own database and address; the clock of tests is refused there."""
Services = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def text() -> str:
    return (Path(__file__).parents[2] / "docker-compose.yml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def validator() -> Draft201909Validator:
    return Draft201909Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


def test_the_file_follows_the_compose_schema(text: str, validator: Draft201909Validator) -> None:
    errors = [error.message for error in validator.iter_errors(yaml.safe_load(text))]
    assert errors == []


def test_the_schema_would_notice_a_mistake(text: str, validator: Draft201909Validator) -> None:
    document = yaml.safe_load(text)
    document["services"]["api"]["depends_on"]["migrate"]["condition"] = "service_finished"
    document["services"]["api"]["prots"] = document["services"]["api"].pop("ports")
    assert len(list(validator.iter_errors(document))) == 2


def test_there_are_the_five_services(services: Services) -> None:
    assert sorted(services) == ["api", "migrate", "postgres", "trainer", "worker"]


def test_without_a_password_nothing_starts(repository: Path) -> None:
    with pytest.raises(LookupError, match="set POSTGRES_PASSWORD, for example in"):
        read_compose(repository / "docker-compose.yml", {})


def test_the_password_comes_from_outside_wherever_it_stands(repository: Path) -> None:
    services = read_compose(repository / "docker-compose.yml", {"POSTGRES_PASSWORD": "s3cret"})
    assert services["postgres"]["environment"]["POSTGRES_PASSWORD"] == "s3cret"
    for name in OWN:
        assert services[name]["environment"]["BRAID_DATABASE_URL"] == (
            "postgresql+asyncpg://braid:s3cret@postgres:5432/braid"
        )


def test_only_the_api_is_published_and_only_on_the_loopback_address(services: Services) -> None:
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert published == {"api": ["127.0.0.1:8000:8000"]}


def test_the_port_and_the_number_of_workers_are_settings(repository: Path) -> None:
    variables = {"POSTGRES_PASSWORD": "x", "BRAID_PORT": "9000", "BRAID_WORKERS": "4"}
    api = read_compose(repository / "docker-compose.yml", variables)["api"]
    assert api["ports"] == ["127.0.0.1:9000:8000"]
    assert api["environment"]["BRAID_WORKERS"] == "4"


@pytest.mark.parametrize("name", OWN)
def test_every_setting_the_access_to_s3_and_the_collector_come_from_outside(repository: Path, name: str) -> None:
    settings = {PREFIX + field.upper(): f"of {field}" for field in Settings.model_fields}
    keys = {f"AWS_{word}": word for word in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN", "ENDPOINT_URL")}
    keys |= {f"OTEL_{word}": word for word in ("EXPORTER_OTLP_ENDPOINT", "EXPORTER_OTLP_HEADERS", "SERVICE_NAME")}
    variables = {"POSTGRES_PASSWORD": "x", **settings, **keys}
    given = read_compose(repository / "docker-compose.yml", variables)[name]["environment"]
    reached = {variable for variable, value in variables.items() if given.get(variable) == value}
    assert settings.keys() - reached == SET_BY_THE_FILE
    assert keys.keys() <= reached


@pytest.mark.parametrize("name", OWN)
def test_what_is_not_set_outside_is_as_in_the_image(services: Services, name: str) -> None:
    assert services[name]["environment"].keys() == {"BRAID_DATABASE_URL"}


def test_each_service_has_limits_of_memory_and_processes(repository: Path, services: Services) -> None:
    assert all(service["mem_limit"] and int(service["pids_limit"]) > 0 for service in services.values())
    variables = {"POSTGRES_PASSWORD": "x"} | {f"{name}_MEMORY": "9g" for name in RAISED}
    raised = read_compose(repository / "docker-compose.yml", variables)
    assert {name.upper() for name, service in raised.items() if service["mem_limit"] == "9g"} == RAISED


def test_base_images_can_be_named_by_digest(repository: Path, services: Services, stages: dict[str, Stage]) -> None:
    pinned = {"BASE_IMAGE": "python@sha256:0", "POSTGRES_IMAGE": "postgres@sha256:1"}
    given = read_compose(repository / "docker-compose.yml", {"POSTGRES_PASSWORD": "x", **pinned})
    assert given["postgres"]["image"] == pinned["POSTGRES_IMAGE"]
    for name in OWN:
        assert given[name]["build"]["args"] == {"BASE": pinned["BASE_IMAGE"]}
        assert services[name]["build"]["args"] == {"BASE": stages["base"].parent}


def test_each_service_waits_for_what_it_needs(services: Services) -> None:
    assert services["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    for name in ("api", "worker", "trainer"):
        assert services[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert "pg_isready" in services["postgres"]["healthcheck"]["test"]
    assert list(services).index("postgres") < list(services).index("migrate") < list(services).index("api")


def test_the_runs_that_end_are_not_started_again(services: Services) -> None:
    assert services["migrate"]["restart"] == services["trainer"]["restart"] == "no"
    assert services["migrate"]["command"] == ["braid", "migrate", "--first-key"]
    assert services["trainer"]["profiles"] == ["train"]
    assert services["worker"]["restart"] == services["api"]["restart"] == "unless-stopped"
    assert services["worker"]["command"] == ["braid", "worker"]


@pytest.mark.parametrize("name", OWN)
def test_our_own_services_have_no_more_rights_than_they_need(services: Services, name: str) -> None:
    service = services[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["tmpfs"] == ["/tmp"]  # noqa: S108
    assert service["volumes"] == ["braid:/var/lib/braid"]


@pytest.mark.parametrize("name", OWN)
def test_every_image_is_a_target_of_the_dockerfile(services: Services, stages: dict[str, Stage], name: str) -> None:
    assert services[name]["build"]["target"] in stages


def test_every_volume_in_use_is_a_named_one(text: str, services: Services) -> None:
    used = {volume.partition(":")[0] for service in services.values() for volume in service["volumes"]}
    assert used == set(yaml.safe_load(text)["volumes"])


@pytest.mark.parametrize(
    ("value", "expected"),
    [("${A}", "1"), ("${A:-2}", "1"), ("${B:-2}", "2"), ("${B:-}", ""), ("x${A}y", "x1y"), ("${E:-2}", "2")],
)
def test_variables_are_filled_in_as_compose_does(value: str, expected: str) -> None:
    assert substitute(value, {"A": "1", "E": ""}) == expected


@pytest.mark.parametrize("value", ["${B}", "${B:?say it}", "${E:?say it}"])
def test_a_variable_that_is_needed_must_be_set(value: str) -> None:
    with pytest.raises(LookupError):
        substitute(value, {"E": ""})
