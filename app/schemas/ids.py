"""Which texts are ids of users, items and interactions: one rule for the process, which `BRAID_ID_RULE` names."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BeforeValidator, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

MAX_BYTES = 256
_DOTS = "must not be . or ..: clients and proxies remove them from paths"
_CODE = "string_pattern_mismatch"
_IS_DOTS = r"^\.{1,2}\z"


@dataclass(frozen=True)
class IdRule:
    """A rule: what is allowed, in words, as a class of characters (of Python's expressions and Arrow's), and how many.

    `most` counts characters; no id is longer than `MAX_BYTES`.
    """

    words: str
    allowed: str
    allowed_in_arrow: str
    most: int
    hint: str = ""

    @cached_property
    def _whole(self) -> re.Pattern[str]:
        return re.compile(rf"(?!\.{{1,2}}\Z)[{self.allowed}]{{1,{self.most}}}")

    def takes(self, text: str) -> bool:
        """Return whether a text is an id."""
        # Every character of the class has a UTF-8 form.
        return self._whole.fullmatch(text) is not None and (text.isascii() or len(text.encode()) <= MAX_BYTES)

    def take(self, column: pa.ChunkedArray) -> pa.ChunkedArray:
        """Return which texts of a column are ids; a missing one is none."""
        fits = pc.match_substring_regex(column, rf"^[{self.allowed_in_arrow}]+\z")
        short = pc.less_equal(pc.binary_length(column), min(self.most, MAX_BYTES))
        named = pc.invert(pc.match_substring_regex(column, _IS_DOTS))
        return pc.fill_null(pc.and_(pc.and_(fits, short), named), False)

    @property
    def json_schema(self) -> dict[str, Any]:
        """The rule in a JSON schema."""
        return {
            "type": "string",
            "minLength": 1,
            "maxLength": self.most,
            "pattern": rf"^(?!\.{{1,2}}$)[{self.allowed}]+$",
        }

    def refusal(self, text: str) -> str:
        """Return why a text is no id."""
        return _DOTS if text in {".", ".."} else f"must be {self.words}{self.hint}"


STRICT = IdRule(
    "1 to 128 characters of letters, digits and . _ - : @ + = ~",
    r"A-Za-z0-9._\-:@+=~",
    r"A-Za-z0-9._\-:@+=~",
    128,
    "; BRAID_ID_RULE=utf8 takes any UTF-8 text",
)
UTF8 = IdRule(
    f"1 to {MAX_BYTES} bytes of UTF-8 without control characters",
    r"^\x00-\x1f\x7f-\x9f\ud800-\udfff",
    r"^\p{Cc}\p{Cs}",
    MAX_BYTES,
)
_RULES = {"strict": STRICT, "utf8": UTF8}


class IdRuleInForce:
    """The rule in force; the process has one, since wire models are made once."""

    rule = STRICT

    def use(self, name: str) -> None:
        """Put a rule in force by its name."""
        self.rule = _RULES[name]


in_force = IdRuleInForce()


def needs_wider_rule(text: str) -> bool:
    """Return whether a text is no id by the rule in force, and one by the widest."""
    return not in_force.rule.takes(text) and UTF8.takes(text)


def _checked(text: str) -> str:
    if not in_force.rule.takes(text):
        raise PydanticCustomError(_CODE, "{refusal}", {"refusal": in_force.rule.refusal(text)})
    return text


def _checked_beginning(text: str) -> str:
    # What an id may begin with is an id, except for the dots.
    return text if text in {".", ".."} else _checked(text)


def from_path(text: str) -> str:
    """Return an id as it stands in a path; see `app.api.raw_paths`."""
    return unquote(text) if "%" in text else text


class _AsRuled:
    """What makes a text of a wire model follow the rule in force, at each check and in OpenAPI."""

    def __init__(self, check: Any) -> None:
        self._check = check

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return in_force.rule.json_schema


Id = Annotated[str, _AsRuled(_checked)]
"""An id, by the rule in force."""

IdBeginning = Annotated[str, _AsRuled(_checked_beginning)]
"""The beginning of an id."""

IdInPath = Annotated[Id, BeforeValidator(from_path)]
"""An id in a path."""
