"""Which scope each operation needs: one rule for each, and a test that finds operations without one."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

Needs = Literal["open", "docs", "read", "write", "personal", "metrics", "admin"]


@dataclass(frozen=True)
class Rule:
    """What an operation needs.

    Attributes
    ----------
    needs
        A scope; `open` needs no key, and `docs` none unless a setting closes the documentation.
    in_pages
        Whether a publishable key may call it, for its own user.
    """

    methods: tuple[str, ...]
    path: str
    needs: Needs
    in_pages: bool = False

    @cached_property
    def scope(self) -> str:
        """Return the scope that a key must have."""
        return "read" if self.needs == "docs" else self.needs

    @cached_property
    def recorded(self) -> bool:
        """Return whether the guard writes its acts into the audit log: those of keys are recorded with their ids."""
        return self.needs == "admin" and not self.path.startswith(_OF_KEYS) and self.path not in _NO_ACT


_OF_KEYS = ("/keys", "/console/keys")
_NO_ACT = {"", "/scenarios/{name}/preview"}
_GET, _POST, _BOTH = ("GET",), ("POST",), ("GET", "POST")
RULES = (
    Rule(_GET, "/health/live", "open"),
    Rule(_GET, "/health/ready", "open"),
    Rule(_GET, "/openapi.json", "docs"),
    Rule(_GET, "/", "open"),
    Rule(_GET, "/docs", "docs"),
    Rule(_GET, "/docs/oauth2-redirect", "docs"),
    Rule(_GET, "/redoc", "docs"),
    Rule(_GET, "/guide", "docs"),
    Rule(_GET, "/recommend/{user_id}", "read", in_pages=True),
    Rule(_POST, "/recommend", "read", in_pages=True),
    Rule(_POST, "/recommend/batch", "read"),
    Rule(_BOTH, "/popular", "read", in_pages=True),
    Rule(_BOTH, "/trending", "read", in_pages=True),
    Rule(_BOTH, "/search", "read", in_pages=True),
    Rule(_BOTH, "/items/{item_id}/similar", "read", in_pages=True),
    Rule(_POST, "/items/similar", "read", in_pages=True),
    Rule(_BOTH, "/scenarios/{name}/recommend", "read", in_pages=True),
    Rule(_POST, "/pages/recommend", "read", in_pages=True),
    Rule(_GET, "/items", "read"),
    Rule(_GET, "/items/{item_id}", "read"),
    Rule(_GET, "/schema", "read"),
    Rule(_GET, "/scenarios", "read"),
    Rule(_GET, "/scenarios/{name}", "read"),
    Rule(_GET, "/scenarios/{name}/versions", "read"),
    Rule(_POST, "/interactions", "write", in_pages=True),
    Rule(_POST, "/interactions/batch", "write"),
    Rule(("DELETE",), "/items", "write"),
    Rule(_POST, "/items/batch", "write"),
    Rule(("PUT", "PATCH", "DELETE"), "/items/{item_id}", "write"),
    Rule(_POST, "/users/batch", "write"),
    Rule(("PUT", "PATCH", "DELETE"), "/users/{user_id}", "write"),
    Rule(("POST", "DELETE"), "/users/{user_id}/merge", "write"),
    Rule(("DELETE",), "/interactions/{interaction_id}", "write"),
    Rule(_GET, "/users", "personal"),
    Rule(_GET, "/users/{user_id}", "personal"),
    Rule(_GET, "/users/{user_id}/similar", "personal"),
    Rule(_GET, "/users/{user_id}/segments", "personal"),
    Rule(_GET, "/users/{user_id}/interactions", "personal"),
    Rule(_GET, "/users/{user_id}/export", "personal"),
    Rule(_GET, "/items/{item_id}/users", "personal"),
    Rule(("PUT", "DELETE"), "/scenarios/{name}", "admin"),
    Rule(_POST, "/scenarios/{name}/preview", "admin"),
    Rule(("PUT",), "/schema", "admin"),
    Rule(_POST, "/imports", "admin"),
    Rule(_GET, "/imports/{import_id}", "admin"),
    Rule(_GET, "/bundles", "admin"),
    Rule(_POST, "/bundles/{version}/activate", "admin"),
    Rule(_BOTH, "/training-jobs", "admin"),
    Rule(_GET, "/training-jobs/{job_id}", "admin"),
    Rule(_POST, "/training-jobs/{job_id}/cancel", "admin"),
    Rule(_GET, "/metrics", "metrics"),
    Rule(_GET, "/metrics/online", "admin"),
    Rule(_BOTH, "/keys", "admin"),
    Rule(("DELETE",), "/keys/{key_id}", "admin"),
    Rule(_POST, "/keys/{key_id}/rotate", "admin"),
    Rule(_GET, "/audit-log", "admin"),
    Rule(_GET, "/console", "admin"),
    Rule(_BOTH, "/console/keys", "admin"),
    Rule(_POST, "/console/keys/{key_id}/rotate", "admin"),
    Rule(_POST, "/console/keys/{key_id}/revoke", "admin"),
    Rule(_BOTH, "/console/sign-in", "open"),
    Rule(_POST, "/console/sign-out", "open"),
)
UNKNOWN = Rule((), "", "admin")
"""Unknown paths need `admin`: others get 401 or 403, and not 404."""
_FILES = ("/static-offline-docs/", "/guide/")
_DOCS = Rule(_GET, _FILES[0], "docs")
_ASSETS = "/console/static/"
"""Styles and scripts of the console, the page to sign in included: nothing of the shop."""
_OPEN_FILES = Rule(_GET, _ASSETS, "open")
_CONSOLE = "/console/"
OF_CONSOLE = Rule(_BOTH, _CONSOLE, "admin")
"""All pages and forms of the console that no other rule names."""
_Places = list[tuple[tuple[tuple[int, str], ...], Rule]]
"""Rules with the names that stand in their paths, and where: parameters are left out."""


def rule_of(method: str, path: str) -> Rule:
    """Return the rule of a request; `HEAD` needs what `GET` does."""
    if path.startswith(_FILES):
        return _DOCS
    if path.startswith(_ASSETS):
        return _OPEN_FILES
    parts = path.split("/")
    if len(parts) == 1:
        return UNKNOWN
    for names, rule in _PLACES.get(("GET" if method == "HEAD" else method, len(parts), parts[1]), ()):
        if not names or all(parts[place] == name for place, name in names):
            return rule
    return OF_CONSOLE if path.startswith(_CONSOLE) else UNKNOWN


def methods_of(path: str) -> list[str]:
    """List the methods that a path takes."""
    if path.startswith(_FILES):
        return ["GET", "HEAD"]
    every = {method for rule in RULES for method in rule.methods}
    found = {method for method in every if rule_of(method, path) not in {UNKNOWN, OF_CONSOLE}}
    return sorted(found | ({"HEAD"} if "GET" in found else set()))


def _places(rules: Iterable[Rule]) -> dict[tuple[str, int, str], _Places]:
    found: dict[tuple[str, int, str], _Places] = {}
    for rule in rules:
        parts = rule.path.split("/")
        # The first two are looked up.
        names = tuple((place, part) for place, part in enumerate(parts) if place > 1 and not part.startswith("{"))
        for method in rule.methods:
            found.setdefault((method, len(parts), parts[1]), []).append((names, rule))
    # A name before a parameter: `/items/similar` is no item.
    return {key: sorted(places, key=lambda place: -len(place[0])) for key, places in found.items()}


_PLACES = _places(RULES)
