"""Wording: the sentences of explanations, by language, from the packaged file and from one of the operator."""

import string
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from app.command_errors import ExplanationsFileError
from models.data.profile_reader import IN_CONTEXT, Value
from models.ranking.own_act import OwnAct

MAX_BYTES = 1_000_000
_PACKAGED = Path(__file__).with_name("explanations.toml")
_DEFAULT = "default"
_ENGLISH = "en"
_OTHER = "other"
_MONTH = 30
_PLACEHOLDERS: Mapping[str, frozenset[str]] = {
    "because": frozenset({"title"}),
    "strands": frozenset({"title"}),
    "own": frozenset({"times", "when", "since"}),
    "times": frozenset({"count"}),
    "when": frozenset({"count"}),
    "since": frozenset({"count"}),
    "values": frozenset({"name", "value"}),
    "lists": frozenset({"title"}),
}
"""The tables of a language, and what their sentences may refer to."""
_Tables = Mapping[str, Mapping[str, str]]


class Phrases:
    """The sentences of one language."""

    def __init__(self, tables: _Tables) -> None:
        self._tables = tables

    def because(self, event_type: str, title: str) -> str:
        """Name an item of the user, by what the user did with it."""
        own = self._tables["because"]
        return own.get(event_type, own[_OTHER]).format(title=title)

    def strand(self, name: str, title: str | None) -> str | None:
        """Say what speaks for an item; None for a strand without a sentence, or whose sentence needs a title."""
        return _with_title(self._tables["strands"].get(name), title)

    def of_list(self, kind: str, title: str | None) -> str | None:
        """Say what a list holds, by its method or its strategy."""
        return _with_title(self._tables["lists"].get(kind), title)

    def own_act(self, act: OwnAct) -> str:
        """Say what the user did with the item itself."""
        times = {1: "once", 2: "twice"}.get(act.times, "many")
        often = self._tables["times"][times].format(count=act.times)
        return self._tables["own"][act.act].format(
            times=often, when=self._ago("when", act.days), since=self._ago("since", act.days)
        )

    def value(self, value: Value) -> str:
        """Name the attribute of the user, or the value of the context."""
        kind = "context" if value.name.startswith(IN_CONTEXT) else "user"
        return self._tables["values"][kind].format(name=value.name.removeprefix(IN_CONTEXT), value=value.text)

    def _ago(self, table: str, days: int | None) -> str:
        if days is None:
            return ""
        name = {0: "today", 1: "yesterday"}.get(days, "month" if days > _MONTH else "days")
        return self._tables[table][name].format(count=days)


class Wording:
    """The sentences of all languages.

    Parameters
    ----------
    path
        A file of the form of `explanations.toml`, which adds languages and replaces sentences; None for the packaged
        file alone.

    Raises
    ------
    ExplanationsFileError
        The file is missing, is no TOML, or has a table, a name or a placeholder that there is not; the text is one
        line that names the file and the place.
    """

    def __init__(self, path: Path | None = None) -> None:
        tables, default = dict(_packaged()), _ENGLISH
        if path is not None:
            given = _read(path)
            default = given.pop(_DEFAULT, default)
            _check(path, given)
            for language, own in given.items():
                tables[language.lower()] = _joined(tables.get(language.lower(), {}), own)
            if not isinstance(default, str) or default.lower() not in tables:
                raise ExplanationsFileError(f"{path}: {_DEFAULT}: must be one of {', '.join(sorted(tables))}")
        english = tables[_ENGLISH]
        self._phrases = {language: Phrases(_joined(english, own)) for language, own in tables.items()}
        self._default = self._phrases[default.lower()]

    def in_language(self, tag: str | None) -> Phrases:
        """Return the sentences of a language tag such as `de` or `de-AT`; those of the default where there are none."""
        name = (tag or "").lower()
        while name:
            if name in self._phrases:
                return self._phrases[name]
            name = name.rpartition("-")[0]
        return self._default


def _with_title(sentence: str | None, title: str | None) -> str | None:
    if sentence is None or (title is None and "{title}" in sentence):
        return None
    return sentence.format(title=title)


@cache
def _packaged() -> Mapping[str, _Tables]:
    tables = _read(_PACKAGED)
    tables.pop(_DEFAULT)
    return tables


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_bytes()
        if len(text) > MAX_BYTES:
            raise ExplanationsFileError(f"{path}: is longer than {MAX_BYTES:,} bytes")
        return tomllib.loads(text.decode())
    except OSError as error:
        raise ExplanationsFileError(f"{path}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ExplanationsFileError(f"{path}: is not UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ExplanationsFileError(f"{path}: is not TOML: {error}") from error


def _joined(below: _Tables, above: _Tables) -> _Tables:
    return {name: {**below.get(name, {}), **above.get(name, {})} for name in _PLACEHOLDERS}


def _check(path: Path, given: Mapping[str, Any]) -> None:
    english = _packaged()[_ENGLISH]
    for language, tables in given.items():
        _require(isinstance(tables, Mapping), path, language, "must be a table of a language, such as [de.because]")
        for table, sentences in tables.items():
            place = f"{language}.{table}"
            _require(table in _PLACEHOLDERS, path, place, f"there are the tables {', '.join(_PLACEHOLDERS)}")
            _require(isinstance(sentences, Mapping), path, place, "must be a table of sentences")
            # Event types have names of their own.
            names = None if table == "because" else english[table]
            for name, sentence in sentences.items():
                where = f"{place}.{name}"
                _require(names is None or name in names, path, where, f"there are {', '.join(names or ())}")
                _require(isinstance(sentence, str), path, where, "must be text")
                _check_placeholders(path, where, sentence, _PLACEHOLDERS[table])


def _check_placeholders(path: Path, where: str, sentence: str, allowed: frozenset[str]) -> None:
    named = f"may refer to {' and '.join(f'{{{name}}}' for name in sorted(allowed))} alone"
    try:
        parts = list(string.Formatter().parse(sentence))
    except ValueError as error:
        raise ExplanationsFileError(f"{path}: {where}: {named}: {error}") from error
    for _, field, format_spec, conversion in parts:
        plain = field is None or (field in allowed and not format_spec and not conversion)
        _require(plain, path, where, named)


def _require(holds: bool, path: Path, where: str, message: str) -> None:
    if not holds:
        raise ExplanationsFileError(f"{path}: {where}: {message}")
