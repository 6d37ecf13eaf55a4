"""The links of the description lead somewhere."""

from typing import Any

from app.api.links import LINKS

Document = dict[str, Any]


def by_name(openapi: Document) -> dict[str, Document]:
    operations = [one for methods in openapi["paths"].values() for one in methods.values()]
    return {operation["operationId"]: operation for operation in operations}


def test_every_link_is_in_the_description_and_names_a_parameter(openapi: Document) -> None:
    operations = by_name(openapi)
    for link in LINKS:
        successes = [found for status, found in operations[link.source]["responses"].items() if int(status) < 300]
        assert successes
        for success in successes:
            assert success["links"][link.target]["parameters"] == {link.parameter: link.value}
        assert link.parameter in {one["name"] for one in operations[link.target]["parameters"]}


def test_no_link_is_said_twice_for_a_call() -> None:
    places = [(link.source, link.target) for link in LINKS]
    assert len(places) == len(set(places))


def test_every_field_that_a_link_reads_is_described(openapi: Document) -> None:
    operations, schemas = by_name(openapi), openapi["components"]["schemas"]
    read = [link for link in LINKS if link.value.startswith("$response.body#/")]
    assert read
    for link in read:
        for success in operations[link.source]["responses"].values():
            if "links" not in success:
                continue
            schema = success["content"]["application/json"]["schema"]
            for part in link.value.partition("#/")[2].split("/"):
                if "$ref" in schema:
                    schema = schemas[schema["$ref"].rpartition("/")[2]]
                schema = schema["items"] if part.isdigit() else schema["properties"][part]
