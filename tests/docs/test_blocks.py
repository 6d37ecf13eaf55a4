"""Every block of code is read by what reads it in use, and its commands exist."""

import ast
import configparser
import json
import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer import Context
from typer.main import get_command

from app.cli.main import cli
from app.config import Settings
from app.setting_names import PREFIX
from tests.docs.blocks import REPOSITORY, Block, all_blocks, blocks_of, pages
from tests.docs.test_pages import FOLLOWED, NOT_FOLLOWED
from tests.postgresql import unused_port

SHOWN = {"", "text", "console", "csv", "http", "mermaid", "ini", "html", "js", "ts"}
"""Outputs, files and pictures. Calls in `http` are followed by tests/app/api/examples, scripts by their own tests."""
READ = {"sh", "python", "json", "toml", "yaml", "nginx", "systemd"}
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


def test_every_language_is_known() -> None:
    assert [str(block) for block in all_blocks_of_all() if block.language not in SHOWN | READ] == []


def all_blocks_of_all() -> list[Block]:
    return [block for page in pages() for block in _of(page)]


def _of(page: str) -> list[Block]:
    return list(blocks_of(page))


def test_no_fence_stays_open() -> None:
    for page in pages():
        text = (REPOSITORY / page).read_text(encoding="utf-8")
        assert len(re.findall(r"(?m)^ *```", text)) == 2 * len(_of(page)), page


@pytest.mark.parametrize("block", all_blocks("json"), ids=str)
def test_json_is_read(block: Block) -> None:
    json.loads(block.text)


@pytest.mark.parametrize("block", all_blocks("toml"), ids=str)
def test_toml_is_read(block: Block) -> None:
    tomllib.loads(block.text)


@pytest.mark.parametrize("block", all_blocks("python"), ids=str)
def test_python_is_read(block: Block) -> None:
    ast.parse(block.text)


@pytest.mark.parametrize("block", all_blocks("yaml"), ids=str)
def test_yaml_is_read(block: Block) -> None:
    documents: list[dict[str, Any]] = list(yaml.safe_load_all(block.text))
    assert documents
    for document in documents:
        if "kubernetes" in block.page:
            _require_manifest(document)
        if "services" in document:
            known = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
            assert document["services"].keys() <= known.keys()


def _require_manifest(document: dict[str, Any]) -> None:
    assert document["apiVersion"] in {"v1", "apps/v1", "batch/v1"}
    assert document["metadata"]["name"]
    settings = {PREFIX + name.upper() for name in Settings.model_fields}
    for name in {**document.get("data", {}), **document.get("stringData", {})}:
        assert name in settings or name.startswith("AWS_"), name
    template = document.get("spec", {}).get("template")
    if template is None:
        return
    pod = template["spec"]
    assert pod["enableServiceLinks"] is False
    if document["kind"] == "Deployment":
        assert document["spec"]["selector"]["matchLabels"] == template["metadata"]["labels"]
        mounted = {mount["name"] for container in pod["containers"] for mount in container["volumeMounts"]}
        assert mounted == {volume["name"] for volume in pod["volumes"]}
    named = {port["name"] for container in pod["containers"] for port in container.get("ports", [])}
    for container in pod["containers"]:
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            if probe in container:
                assert container[probe]["httpGet"]["port"] in named
                assert container[probe]["httpGet"]["path"] in {"/health/live", "/health/ready"}


def test_manifests_fit_together() -> None:
    blocks = [block for block in all_blocks("yaml") if "kubernetes" in block.page]
    documents = [document for block in blocks for document in yaml.safe_load_all(block.text)]
    labels = [one["spec"]["template"]["metadata"]["labels"] for one in documents if one["kind"] == "Deployment"]
    services = [one["spec"] for one in documents if one["kind"] == "Service"]
    assert len(labels) == 2
    assert len(services) == 1
    assert all(service["selector"] in labels for service in services)
    held = {one["kind"]: one["metadata"]["name"] for one in documents}
    assert held["Secret"] == held["ConfigMap"] == "braid"


def test_units_are_read(tmp_path: Path) -> None:
    names = ("braid.service", "braid-worker.service")
    for name, block in zip(names, all_blocks("systemd"), strict=True):
        unit = configparser.ConfigParser(strict=False, interpolation=None)
        unit.optionxform = str  # type: ignore[assignment,method-assign]
        unit.read_string(block.text)
        assert set(unit.sections()) == {"Unit", "Service", "Install"}
        program, *words = unit["Service"]["ExecStart"].split()
        assert program == "/opt/braid/.venv/bin/braid"
        require_command(words, str(block))
        # What it starts is not installed here; everything else is looked at.
        (tmp_path / name).write_text(block.text.replace(program, "/bin/true"), encoding="utf-8")
    analyze = shutil.which("systemd-analyze")
    if analyze is not None:
        command = [analyze, "verify", "--man=no", *(str(tmp_path / name) for name in names)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert [line for line in done.stderr.splitlines() if "braid" in line] == []


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a key with a certificate in one file."""
    if (openssl := shutil.which("openssl")) is None:
        pytest.skip("openssl is not installed: apt-get install openssl")
    path = tmp_path_factory.mktemp("certificate") / "both.pem"
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=braid.example.com"]
    subprocess.run([*command, "-keyout", path, "-out", path.with_suffix(".crt")], capture_output=True, check=True)
    path.write_text(path.read_text() + path.with_suffix(".crt").read_text())
    return path


@pytest.mark.parametrize("block", all_blocks("nginx"), ids=str)
def test_nginx_takes_its_configuration(block: Block, certificate: Path, tmp_path: Path) -> None:
    if NGINX is None:
        pytest.skip("nginx is not installed: apt-get install nginx-light")
    text = block.text if "server {" in block.text else f"server {{ listen 80; {block.text} }}"
    text = re.sub(r"/etc/letsencrypt/[\w./]+\.pem", str(certificate), text)
    text = re.sub(r"listen (?:80|443)", lambda _: f"listen 127.0.0.1:{unused_port()}", text)
    places = "".join(f"{kind}_temp_path {tmp_path}/{kind};" for kind in ("proxy", "fastcgi", "uwsgi", "scgi"))
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid; error_log stderr; events {{}} http {{ access_log off;"
        f" client_body_temp_path {tmp_path}/body; {places}\n{text}\n}}",
        encoding="utf-8",
    )
    command = [NGINX, "-t", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf"), "-e", "stderr"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("block", all_blocks("sh"), ids=str)
def test_commands_exist(block: Block) -> None:
    """Shell reads it, `braid` has the commands and options, `make` the words, and modules are there."""
    done = subprocess.run(["bash", "-n"], input=block.text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    for line in re.sub(r"\\\n", " ", block.text).splitlines():
        for word in re.findall(r"(?:^|&& )(?:\w+='[^']*' )*make ([a-z-]+)", line):
            assert re.search(rf"(?m)^{word}:", makefile), f"{block}: make {word}"
        for module in re.findall(r"python3? -m (benchmarks[.\w]+)", line):
            assert (REPOSITORY / module.replace(".", "/")).with_suffix(".py").exists(), f"{block}: {module}"
        for found in re.findall(r"(?:^|bin/|\$\(|&& |\bapi )braid ([^|&;)#>]*)", line):
            require_command(shlex.split(found), str(block))


def require_command(words: list[str], place: str) -> None:
    """Require that `braid` has a command and the options that are given."""
    command: Any = get_command(cli)
    context = Context(command, info_name="braid")
    path = "braid"
    while hasattr(command, "list_commands") and words and not words[0].startswith("-"):
        inner = command.get_command(context, words[0])
        if inner is None and path == "braid export":
            break
        assert inner is not None, f"{place}: {path} {words[0]}"
        context, command, path = Context(inner, parent=context, info_name=words[0]), inner, f"{path} {words.pop(0)}"
    known = {name for option in command.params for name in (*option.opts, *option.secondary_opts)} | {"--help"}
    wrong = [word for word in words if word.startswith("--") and word.partition("=")[0] not in known]
    assert wrong == [], f"{place}: {path}"


def test_settings_of_the_pages_exist() -> None:
    """Each `BRAID_*` name in a block is a setting, but for those of tests and of Kubernetes."""
    settings = {PREFIX + name.upper() for name in Settings.model_fields}
    others = re.compile(r"BRAID_(TEST_\w+|KEY|SERVICE_HOST)$")
    for block in all_blocks_of_all():
        for name in re.findall(r"\bBRAID_[A-Z_]+\b", block.text):
            assert name in settings or others.fullmatch(name), f"{block}: {name}"


@pytest.mark.parametrize(
    ("page", "reason"), NOT_FOLLOWED.items(), ids=[f"{page}: {why}" for page, why in NOT_FOLLOWED.items()]
)
def test_a_page_that_is_not_followed_has_commands_and_a_reason(page: str, reason: str) -> None:
    assert len(reason) > 10
    assert any(block.language in {"sh", "python"} for block in _of(page))


def test_every_page_with_commands_is_followed_or_has_a_reason() -> None:
    with_commands = {block.page for block in all_blocks("sh", "python")}
    assert with_commands == FOLLOWED | NOT_FOLLOWED.keys()
    assert not FOLLOWED & NOT_FOLLOWED.keys()
