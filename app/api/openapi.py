"""The OpenAPI document: what is the same for all operations, said once."""

import re
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from app.api.access_rules import Rule, rule_of
from app.api.links import link
from app.api.problems import MEDIA_TYPE, problems
from app.schemas.problems import Problem

DESCRIPTION = """Post what your users do, and ask what to show next.

Every error is a problem document (RFC 9457) with a stable `code`. Times are UTC.

**Versions.** Within a version of the API only additions are made: new operations, optional parameters and fields,
fields of answers, values of answers. Ignore what you do not know. What would break a client gets a new path prefix
(`/v2/...`), beside the paths that there are."""
TAGS = [
    {
        "name": "recommendations",
        "description": "Ranked lists: for a user, similar, popular or trending, and of a search",
    },
    {"name": "scenarios", "description": "Named places of a shop, and pages of several rows"},
    {"name": "interactions", "description": "What users do with items, one by one, in batches and in files"},
    {"name": "catalogue", "description": "Items, and the schema of the attributes of items and users"},
    {"name": "users", "description": "Profiles, and all data about a user: read, export, merge and erase it"},
    {"name": "training", "description": "Training jobs, and the bundles that they make"},
    {"name": "access", "description": "API keys and the log of administrative acts"},
    {"name": "operation", "description": "Health, metrics, online measures and the console"},
]
_PATH_PARAMETERS = {
    "user_id": ("id of the user", "196"),
    "item_id": ("id of the item", "50"),
    "interaction_id": ("`id` of the interaction", 1),
    "import_id": ("`import_id` of the import", "9f86d081884c7d65"),
    "job_id": ("`job_id` of the training job", "9f86d081884c7d65"),
    "version": ("`version` of the bundle", "20260301T120000000000Z"),
    "name": ("name of the scenario", "home"),
    "key_id": ("`key_id` of the key", "4f1c2ab09d3e"),
}
"""What names in paths stand for, and an example of each: the rules of their types are those of several names."""
_OTHERS = {"merge_user": "anonymous-7", "undo_merge": "anonymous-7"}
"""Examples of path parameters that differ by operation."""
_RETRY_AFTER = {"Retry-After": {"description": "seconds until the next attempt", "schema": {"type": "integer"}}}
_JSON = "application/json"
_FORM = "Body_"
"""What the names of the schemas of forms begin with; unknown fields of forms are refused."""
_FIRST_ERROR = 400
_SUMMARY = re.compile(r"(.+?)[;:.](?:\s|$)")
_SCHEME = "key"
_KEY = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "braid_sk_KEYID_SECRET",
    "description": "An API key, made by `braid key create` or `POST /keys`.",
}
_PROBLEM = {"$ref": f"#/components/schemas/{Problem.__name__}"}


def operation_id(route: APIRoute) -> str:
    """Name an operation as its function, for the methods of generated clients."""
    return route.name


def describe(app: FastAPI) -> None:
    """Complete the document of an application, when it is first asked for."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = plain()
            schemas = document["components"]["schemas"]
            for schema in schemas.values():
                if "examples" in schema:
                    schema["examples"] = [_with_nulls(one, schema, schemas) for one in schema["examples"]]
            for name in schemas:
                if name.startswith(_FORM):
                    schemas[name]["additionalProperties"] = False
            document["components"]["securitySchemes"] = {_SCHEME: _KEY}
            for path, operations in document["paths"].items():
                for method, operation in operations.items():
                    _guard(operation, rule_of(method.upper(), path))
                    _complete(operation)
                    _exemplify(operation, schemas)
                link(operations.values())
        return app.openapi_schema or plain()

    app.openapi = openapi  # type: ignore[method-assign]


def _guard(operation: dict[str, Any], rule: Rule) -> None:
    """Say which scope an operation needs, and how it is refused."""
    if rule.needs == "open":
        operation["security"] = []
        return
    # Where there is no key yet, this machine needs none.
    operation["security"] = [{_SCHEME: [rule.needs]}, {}]
    pages = ", or `publish` for the page's own user" if rule.in_pages else ""
    operation["description"] += f"\n\nScope of the API key: `{rule.needs}`{pages}."
    refusals = problems(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS)
    for status, response in refusals.items():
        described = {"description": response["description"], "content": {_JSON: {"schema": _PROBLEM}}}
        operation["responses"].setdefault(str(status), described)


def _complete(operation: dict[str, Any]) -> None:
    # The first clause of the docstring; the description says the rest.
    clause = _SUMMARY.match(operation["description"])
    operation["summary"] = operation["description"] if clause is None else clause[1]
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "path" and parameter["name"] in _PATH_PARAMETERS:
            meaning, example = _PATH_PARAMETERS[parameter["name"]]
            rule = parameter.get("description")
            parameter["description"] = meaning if rule is None else f"{meaning}: {rule}"
            parameter["schema"].pop("examples", None)
            parameter["schema"].pop("description", None)
            parameter["example"] = _OTHERS.get(operation["operationId"], example)
    responses = operation["responses"]
    if "requestBody" in operation:
        # Each body is read within limits, and in one encoding.
        for status, response in problems(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE, HTTPStatus.UNPROCESSABLE_ENTITY
        ).items():
            described = {"description": response["description"], "content": {_JSON: {"schema": _PROBLEM}}}
            responses.setdefault(str(status), described)
    for status, response in responses.items():
        content = response.get("content", {})
        if int(status) >= _FIRST_ERROR and content.get(_JSON, {}).get("schema") == _PROBLEM:
            content[MEDIA_TYPE] = content.pop(_JSON)
            if int(status) in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
                response["headers"] = _RETRY_AFTER
    operation["responses"] = dict(sorted(responses.items()))


def _exemplify(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Give bodies the example of their wire model where they have none of their own."""
    successes = [found for status, found in operation["responses"].items() if int(status) < _FIRST_ERROR]
    for part in (operation.get("requestBody", {}), *successes):
        for media in part.get("content", {}).values():
            for example in _resolved(media["schema"], schemas).get("examples", []):
                media.setdefault("example", example)
            if "example" in media:
                media["example"] = _with_nulls(media["example"], media["schema"], schemas)


def _with_nulls(example: Any, schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    """Put back the nulls of an example: the framework leaves them out of the document."""
    found = _resolved(schema, schemas)
    if isinstance(example, list):
        return [_with_nulls(one, found.get("items", {}), schemas) for one in example]
    if not isinstance(example, dict):
        return example
    fields, required = found.get("properties", {}), found.get("required", [])
    whole = {name: example.get(name) for name in fields if name in example or name in required} | example
    return {name: _with_nulls(value, fields.get(name, {}), schemas) for name, value in whole.items()}


def _resolved(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """Follow a reference, also that of what may be null."""
    choices: list[dict[str, Any]] = [schema, *schema.get("anyOf", [])]
    for one in choices:
        if "$ref" in one:
            found: dict[str, Any] = schemas[one["$ref"].rpartition("/")[2]]
            return found
        if "items" in one:
            return one
    return schema
