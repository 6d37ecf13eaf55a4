"""Which call takes what another one answers: the links of the description, for generated clients and for tests."""

from collections.abc import Iterable
from typing import Any, NamedTuple


class Link(NamedTuple):
    """From the successes of an operation to another operation, with a parameter and where its value is found."""

    source: str
    target: str
    parameter: str
    value: str


_ITEM, _USER, _NAME = "$request.path.item_id", "$request.path.user_id", "$request.path.name"
LINKS = (
    *(
        Link("put_item", target, "item_id", _ITEM)
        for target in ("get_item", "patch_item", "delete_item", "list_similar_items", "list_users_for_item")
    ),
    Link("delete_item", "get_item", "item_id", _ITEM),
    Link("list_items", "get_item", "item_id", "$response.body#/items/0/item_id"),
    Link("list_items", "list_items", "cursor", "$response.body#/next_cursor"),
    *(
        Link("put_user", target, "user_id", _USER)
        for target in (
            "get_user",
            "patch_user",
            "erase_user",
            "export_user",
            "list_interactions",
            "recommend_for_user",
            "merge_user",
        )
    ),
    Link("erase_user", "get_user", "user_id", _USER),
    Link("merge_user", "undo_merge", "user_id", _USER),
    Link("list_users", "list_users", "cursor", "$response.body#/next_cursor"),
    *(
        Link("put_scenario", target, "name", _NAME)
        for target in ("get_scenario", "list_scenario_versions", "recommend_in_scenario", "delete_scenario")
    ),
    Link("post_interaction", "delete_interaction", "interaction_id", "$response.body#/id"),
    Link("list_interactions", "delete_interaction", "interaction_id", "$response.body#/items/0/id"),
    Link("recommend_for_user", "list_similar_items", "item_id", "$response.body#/items/0/item_id"),
    Link("list_similar_items", "get_item", "item_id", "$response.body#/items/0/item_id"),
    Link("post_import", "get_import", "import_id", "$response.body#/import_id"),
    Link("post_training_job", "get_training_job", "job_id", "$response.body#/job_id"),
    Link("post_training_job", "cancel_training_job", "job_id", "$response.body#/job_id"),
    Link("list_training_jobs", "get_training_job", "job_id", "$response.body#/items/0/job_id"),
    Link("list_bundles", "activate_bundle", "version", "$response.body#/items/0/version"),
    Link("post_key", "post_rotated_key", "key_id", "$response.body#/key_id"),
    Link("post_key", "delete_key", "key_id", "$response.body#/key_id"),
)
_FIRST_NO_SUCCESS = 300


def link(operations: Iterable[dict[str, Any]]) -> None:
    """Write the links into the successful answers of the operations that they begin at."""
    for operation in operations:
        found = {
            one.target: {"operationId": one.target, "parameters": {one.parameter: one.value}}
            for one in LINKS
            if one.source == operation["operationId"]
        }
        for status, response in operation["responses"].items():
            if found and int(status) < _FIRST_NO_SUCCESS:
                response["links"] = found
