"""Reads the Dockerfile and the compose file, as far as these two use their languages; anything else is an error."""

import json
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

_KNOWN = {
    "ARG",
    "CMD",
    "COPY",
    "ENV",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "LABEL",
    "RUN",
    "USER",
    "VOLUME",
    "WORKDIR",
}


@dataclass(frozen=True)
class Instruction:
    """One instruction: its word and the rest of its line, continuation lines joined."""

    word: str
    text: str


@dataclass(frozen=True)
class Stage:
    """One build stage: its name, what it starts from, and its instructions."""

    name: str
    parent: str
    instructions: list[Instruction] = field(default_factory=list)


def read_dockerfile(path: Path) -> dict[str, Stage]:
    """Return the stages by name, in the order of the file; arguments before the first have their defaults."""
    joined = re.sub(r"\\\n\s*", "", re.sub(r"(?m)^#.*\n", "", path.read_text(encoding="utf-8")))
    stages: dict[str, Stage] = {}
    arguments: dict[str, str] = {}
    current: Stage | None = None
    for line in filter(None, (line.strip() for line in joined.splitlines())):
        word, _, text = line.partition(" ")
        if word not in _KNOWN:
            message = f"{path.name}: {word} is not understood"
            raise ValueError(message)
        if word == "FROM":
            parent, _, name = substitute(text, arguments).partition(" AS ")
            current = stages[name] = Stage(name=name, parent=parent)
        elif current is None:
            arguments |= assignments(text)
        else:
            current.instructions.append(Instruction(word, text.strip()))
    return stages


def stage_chain(stages: dict[str, Stage], target: str) -> list[Stage]:
    """Return the target's stage and those it starts from, the outermost first."""
    chain: list[Stage] = []
    name = target
    while name in stages:
        chain.insert(0, stages[name])
        name = stages[name].parent
    return chain


def stages_built_for(stages: dict[str, Stage], target: str) -> list[Stage]:
    """Return the stages that building the target runs, those it copies from first."""
    built: list[Stage] = []
    for stage in stage_chain(stages, target):
        for instruction in stage.instructions:
            source = re.match(r"--from=(\S+)", instruction.text) if instruction.word == "COPY" else None
            if source:
                built += [other for other in stages_built_for(stages, source[1]) if other not in built]
        if stage not in built:
            built.append(stage)
    return built


def assignments(text: str) -> dict[str, str]:
    """Split the text of an ENV or a LABEL into names and values."""
    return dict(part.split("=", 1) for part in shlex.split(text))


def exec_form(text: str) -> list[str]:
    """Return the words of a CMD in exec form."""
    words = json.loads(text)
    if not isinstance(words, list):
        message = f"not in exec form: {text}"
        raise TypeError(message)
    return [str(word) for word in words]


def last(stages: dict[str, Stage], target: str, word: str) -> str:
    """Return the text of the instruction that counts for a target: the last one of its chain."""
    found = [i.text for stage in stage_chain(stages, target) for i in stage.instructions if i.word == word]
    if not found:
        message = f"the target {target} has no {word}"
        raise LookupError(message)
    return found[-1]


def health_check(stages: dict[str, Stage], target: str) -> list[str] | None:
    """Return the health check's command, or None when the target has said NONE."""
    text = last(stages, target, "HEALTHCHECK")
    return None if text == "NONE" else exec_form(text.partition("CMD ")[2])


def substitute(value: str, variables: dict[str, str]) -> str:
    """Fill in ``${NAME}``, ``${NAME:-default}`` and ``${NAME:?message}`` as Compose does."""

    def fill(match: re.Match[str]) -> str:
        name, kind, rest = match["name"], match["kind"], match["rest"]
        if variables.get(name):
            return variables[name]
        if kind == ":-":
            return rest
        message = f"{name}: {rest}" if kind else f"{name} is not set"
        raise LookupError(message)

    return re.sub(r"\$\{(?P<name>\w+)(?:(?P<kind>:-|:\?)(?P<rest>[^}]*))?\}", fill, value)


def read_compose(path: Path, variables: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Return the services by name, their variables filled in, the ones that others wait for first.

    A variable of a container without a value is that of the machine; where it is not set there, it is left out.
    """
    text = path.read_text(encoding="utf-8")
    services = yaml.safe_load(substitute(text, variables))["services"]
    for service in services.values():
        given = service.get("environment", {})
        filled = {name: variables.get(name) if value is None else value for name, value in given.items()}
        service["environment"] = {name: value for name, value in filled.items() if value is not None}
    ordered: dict[str, dict[str, Any]] = {}

    def add(name: str) -> None:
        for other in services[name].get("depends_on", {}):
            add(other)
        ordered.setdefault(name, services[name])

    for name in services:
        add(name)
    return ordered
