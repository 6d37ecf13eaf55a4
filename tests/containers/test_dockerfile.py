import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from models.arrays.shipped_kernels import ShippedKernels
from tests.containers.container_files import (
    Stage,
    assignments,
    exec_form,
    health_check,
    last,
    stage_chain,
    stages_built_for,
)


def commands(stages: dict[str, Stage], target: str) -> list[str]:
    built = stages_built_for(stages, target)
    return [i.text for stage in built for i in stage.instructions if i.word == "RUN"]


def environment(stages: dict[str, Stage], target: str) -> dict[str, str]:
    chain = stage_chain(stages, target)
    return {k: v for s in chain for i in s.instructions if i.word == "ENV" for k, v in assignments(i.text).items()}


def test_hadolint_finds_nothing(repository: Path) -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, "Dockerfile"], cwd=repository, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_base_image_is_pinned_to_a_python_that_braid_supports(stages: dict[str, Stage]) -> None:
    bases = {stage.parent for stage in stages.values() if stage.parent not in stages}
    assert len(bases) == 1
    assert re.fullmatch(r"python:3\.1[123]-slim-\w+", bases.pop())


def test_the_base_image_can_be_given_by_digest(repository: Path) -> None:
    text = (repository / "Dockerfile").read_text(encoding="utf-8")
    assert re.findall(r"(?m)^ARG .*|^FROM \S+:\S+.*", text) == ["ARG BASE=python:3.13-slim-trixie"]


def test_only_the_trainer_installs_tensorflow_and_both_reach_s3(stages: dict[str, Stage]) -> None:
    assert not any("--extra train" in command for command in commands(stages, "api"))
    assert any("--extra s3 --extra train" in command for command in commands(stages, "trainer"))
    assert any("--extra s3" in command for command in commands(stages, "api"))


def test_the_trainer_has_the_openmp_library_that_implicit_links(stages: dict[str, Stage]) -> None:
    own = [i.text for stage in stage_chain(stages, "trainer") for i in stage.instructions if i.word == "RUN"]
    assert any("apt-get install" in command and "libgomp1" in command for command in own)


@pytest.mark.parametrize("target", ["api", "trainer"])
def test_every_installation_is_held_to_the_lock(stages: dict[str, Stage], target: str) -> None:
    own = "install --no-deps wheels/*.whl"
    found = re.findall(r"pip( --python \S+)? (install.*?)(?= && |$)", "\n".join(commands(stages, target)), re.MULTILINE)
    installations = [installation for _, installation in found]
    assert installations.count(own) == 1
    from_the_index = [command for command in installations if command != own]
    assert len(from_the_index) >= 2
    assert all("--require-hashes -r " in command for command in from_the_index)
    assert all("--frozen" in command for command in commands(stages, target) if "uv export" in command)


@pytest.mark.parametrize("target", ["api", "trainer"])
def test_the_image_runs_as_a_fixed_user_that_is_not_root(stages: dict[str, Stage], target: str) -> None:
    assert last(stages, target, "USER") == "10001:10001"


@pytest.mark.parametrize("target", ["api", "trainer"])
def test_only_the_volume_is_written_to(stages: dict[str, Stage], target: str) -> None:
    assert last(stages, target, "VOLUME") == "/var/lib/braid"
    variables = environment(stages, target)
    assert variables["PYTHONDONTWRITEBYTECODE"] == "1"
    for name in ("BRAID_DATABASE_URL", "BRAID_BUNDLES", "BRAID_BUNDLE_CACHE", "BRAID_IMPORTS", "NUMBA_CACHE_DIR"):
        assert "/var/lib/braid/" in variables[name], name


@pytest.mark.parametrize("target", ["api", "trainer"])
def test_the_kernels_are_compiled_where_the_user_who_runs_them_cannot_write(
    stages: dict[str, Stage], target: str
) -> None:
    words = [(i.word, i.text) for i in stages[target].instructions]
    compiled = words.index(("RUN", "python -m models.ranking.compile_kernels --ship"))
    assert compiled < words.index(("USER", "10001:10001"))
    locator = environment(stages, target)["NUMBA_CACHE_LOCATOR_CLASSES"]
    assert locator == f"{ShippedKernels.__module__}.{ShippedKernels.__name__}"


def test_commands_are_in_exec_form(stages: dict[str, Stage]) -> None:
    assert exec_form(last(stages, "api", "CMD")) == ["braid", "serve"]
    assert exec_form(last(stages, "trainer", "CMD")) == ["braid", "train"]


def test_the_api_listens_on_every_address_of_its_container(stages: dict[str, Stage]) -> None:
    variables = environment(stages, "api")
    assert (variables["BRAID_HOST"], variables["BRAID_PORT"]) == ("0.0.0.0", last(stages, "api", "EXPOSE"))  # noqa: S104


def test_the_health_check_asks_whether_the_process_lives(stages: dict[str, Stage]) -> None:
    check = health_check(stages, "api")
    assert check is not None
    assert check[0] == "python"
    assert "/health/live" in check[-1]
    assert health_check(stages, "trainer") is None


@pytest.mark.parametrize("target", ["api", "trainer"])
def test_the_label_bears_the_version_of_the_project(repository: Path, stages: dict[str, Stage], target: str) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    labels = assignments(last(stages, target, "LABEL"))
    assert labels["org.opencontainers.image.version"] == project["version"]
    assert labels["org.opencontainers.image.licenses"] == project["license"]


def test_every_file_that_is_copied_passes_the_ignore_file(repository: Path, stages: dict[str, Stage]) -> None:
    allowed = {
        line[1:]
        for line in (repository / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith("!")
    }
    copied = {
        source
        for stage in stages.values()
        for i in stage.instructions
        if i.word == "COPY" and not i.text.startswith("--from=")
        for source in i.text.split()[:-1]
    }
    assert copied == allowed
    assert all((repository / name).exists() for name in copied)
