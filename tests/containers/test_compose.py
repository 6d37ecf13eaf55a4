import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft201909Validator

from tests.containers.container_files import Stage, read_compose, substitute

SCHEMA = Path(__file__).with_name("compose-spec.json")
OWN = ["migrate", "api", "worker", "trainer"]
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
    assert str(api["environment"]["BRAID_WORKERS"]) == "4"


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
