"""The operations of the service, by name.

Written by `make clients` from docs/openapi.json: change that, not this."""

from braid_client.operation import Operation

ACTIVATE_BUNDLE = Operation("activate_bundle", "POST", "/bundles/{version}/activate", repeatable=True, answer="json")
CANCEL_TRAINING_JOB = Operation(
    "cancel_training_job", "POST", "/training-jobs/{job_id}/cancel", repeatable=True, answer="json"
)
CHECK_LIVE = Operation("check_live", "GET", "/health/live", repeatable=True, answer="json")
CHECK_READY = Operation("check_ready", "GET", "/health/ready", repeatable=True, answer="json")
DELETE_INTERACTION = Operation(
    "delete_interaction", "DELETE", "/interactions/{interaction_id}", repeatable=True, answer="nothing"
)
DELETE_ITEM = Operation("delete_item", "DELETE", "/items/{item_id}", repeatable=True, answer="nothing")
DELETE_ITEMS = Operation("delete_items", "DELETE", "/items", repeatable=True, answer="json")
DELETE_KEY = Operation("delete_key", "DELETE", "/keys/{key_id}", repeatable=True, answer="nothing")
DELETE_SCENARIO = Operation("delete_scenario", "DELETE", "/scenarios/{name}", repeatable=True, answer="nothing")
ERASE_USER = Operation("erase_user", "DELETE", "/users/{user_id}", repeatable=True, answer="nothing")
EXPORT_USER = Operation("export_user", "GET", "/users/{user_id}/export", repeatable=True, answer="json")
GET_IMPORT = Operation("get_import", "GET", "/imports/{import_id}", repeatable=True, answer="json")
GET_ITEM = Operation("get_item", "GET", "/items/{item_id}", repeatable=True, answer="json")
GET_METRICS = Operation("get_metrics", "GET", "/metrics", repeatable=True, answer="text")
GET_ONLINE_MEASURES = Operation("get_online_measures", "GET", "/metrics/online", repeatable=True, answer="json")
GET_SCENARIO = Operation("get_scenario", "GET", "/scenarios/{name}", repeatable=True, answer="json")
GET_SCHEMA = Operation("get_schema", "GET", "/schema", repeatable=True, answer="json")
GET_TRAINING_JOB = Operation("get_training_job", "GET", "/training-jobs/{job_id}", repeatable=True, answer="json")
GET_USER = Operation("get_user", "GET", "/users/{user_id}", repeatable=True, answer="json")
LIST_ACTS = Operation("list_acts", "GET", "/audit-log", repeatable=True, answer="json")
LIST_BUNDLES = Operation("list_bundles", "GET", "/bundles", repeatable=True, answer="json")
LIST_INTERACTIONS = Operation(
    "list_interactions", "GET", "/users/{user_id}/interactions", repeatable=True, answer="json"
)
LIST_ITEMS = Operation("list_items", "GET", "/items", repeatable=True, answer="json")
LIST_ITEMS_SIMILAR_TO_SEVERAL = Operation(
    "list_items_similar_to_several", "POST", "/items/similar", repeatable=True, answer="json"
)
LIST_KEYS = Operation("list_keys", "GET", "/keys", repeatable=True, answer="json")
LIST_POPULAR_ITEMS = Operation("list_popular_items", "GET", "/popular", repeatable=True, answer="json")
LIST_POPULAR_ITEMS_WITH_FILTERS = Operation(
    "list_popular_items_with_filters", "POST", "/popular", repeatable=True, answer="json"
)
LIST_SCENARIO_VERSIONS = Operation(
    "list_scenario_versions", "GET", "/scenarios/{name}/versions", repeatable=True, answer="json"
)
LIST_SCENARIOS = Operation("list_scenarios", "GET", "/scenarios", repeatable=True, answer="json")
LIST_SIMILAR_ITEMS = Operation("list_similar_items", "GET", "/items/{item_id}/similar", repeatable=True, answer="json")
LIST_SIMILAR_ITEMS_WITH_FILTERS = Operation(
    "list_similar_items_with_filters", "POST", "/items/{item_id}/similar", repeatable=True, answer="json"
)
LIST_SIMILAR_USERS = Operation("list_similar_users", "GET", "/users/{user_id}/similar", repeatable=True, answer="json")
LIST_TRAINING_JOBS = Operation("list_training_jobs", "GET", "/training-jobs", repeatable=True, answer="json")
LIST_TRENDING_ITEMS = Operation("list_trending_items", "GET", "/trending", repeatable=True, answer="json")
LIST_TRENDING_ITEMS_WITH_FILTERS = Operation(
    "list_trending_items_with_filters", "POST", "/trending", repeatable=True, answer="json"
)
LIST_USER_SEGMENTS = Operation("list_user_segments", "GET", "/users/{user_id}/segments", repeatable=True, answer="json")
LIST_USERS = Operation("list_users", "GET", "/users", repeatable=True, answer="json")
LIST_USERS_FOR_ITEM = Operation("list_users_for_item", "GET", "/items/{item_id}/users", repeatable=True, answer="json")
MERGE_USER = Operation("merge_user", "POST", "/users/{user_id}/merge", repeatable=True, answer="json")
PATCH_ITEM = Operation("patch_item", "PATCH", "/items/{item_id}", repeatable=True, answer="json")
PATCH_USER = Operation("patch_user", "PATCH", "/users/{user_id}", repeatable=True, answer="json")
POST_IMPORT = Operation("post_import", "POST", "/imports", repeatable=False, answer="json")
POST_INTERACTION = Operation("post_interaction", "POST", "/interactions", repeatable=True, answer="json")
POST_INTERACTIONS = Operation("post_interactions", "POST", "/interactions/batch", repeatable=True, answer="json")
POST_KEY = Operation("post_key", "POST", "/keys", repeatable=False, answer="json")
POST_ROTATED_KEY = Operation("post_rotated_key", "POST", "/keys/{key_id}/rotate", repeatable=False, answer="json")
POST_TRAINING_JOB = Operation("post_training_job", "POST", "/training-jobs", repeatable=False, answer="json")
PREVIEW_SCENARIO = Operation("preview_scenario", "POST", "/scenarios/{name}/preview", repeatable=True, answer="json")
PUT_ITEM = Operation("put_item", "PUT", "/items/{item_id}", repeatable=True, answer="json")
PUT_ITEMS = Operation("put_items", "POST", "/items/batch", repeatable=True, answer="json")
PUT_SCENARIO = Operation("put_scenario", "PUT", "/scenarios/{name}", repeatable=True, answer="json")
PUT_SCHEMA = Operation("put_schema", "PUT", "/schema", repeatable=True, answer="json")
PUT_USER = Operation("put_user", "PUT", "/users/{user_id}", repeatable=True, answer="json")
PUT_USERS = Operation("put_users", "POST", "/users/batch", repeatable=True, answer="json")
RECOMMEND = Operation("recommend", "POST", "/recommend", repeatable=True, answer="json")
RECOMMEND_BATCH = Operation("recommend_batch", "POST", "/recommend/batch", repeatable=True, answer="json")
RECOMMEND_FOR_USER = Operation("recommend_for_user", "GET", "/recommend/{user_id}", repeatable=True, answer="json")
RECOMMEND_IN_SCENARIO = Operation(
    "recommend_in_scenario", "GET", "/scenarios/{name}/recommend", repeatable=True, answer="json"
)
RECOMMEND_IN_SCENARIO_WITH_FILTERS = Operation(
    "recommend_in_scenario_with_filters", "POST", "/scenarios/{name}/recommend", repeatable=True, answer="json"
)
RECOMMEND_PAGE = Operation("recommend_page", "POST", "/pages/recommend", repeatable=True, answer="json")
SEARCH_ITEMS = Operation("search_items", "GET", "/search", repeatable=True, answer="json")
SEARCH_ITEMS_WITH_FILTERS = Operation("search_items_with_filters", "POST", "/search", repeatable=True, answer="json")
SHOW_CONSOLE = Operation("show_console", "GET", "/console", repeatable=True, answer="text")
UNDO_MERGE = Operation("undo_merge", "DELETE", "/users/{user_id}/merge", repeatable=False, answer="json")

OPERATIONS = {
    one.name: one
    for one in (
        ACTIVATE_BUNDLE,
        CANCEL_TRAINING_JOB,
        CHECK_LIVE,
        CHECK_READY,
        DELETE_INTERACTION,
        DELETE_ITEM,
        DELETE_ITEMS,
        DELETE_KEY,
        DELETE_SCENARIO,
        ERASE_USER,
        EXPORT_USER,
        GET_IMPORT,
        GET_ITEM,
        GET_METRICS,
        GET_ONLINE_MEASURES,
        GET_SCENARIO,
        GET_SCHEMA,
        GET_TRAINING_JOB,
        GET_USER,
        LIST_ACTS,
        LIST_BUNDLES,
        LIST_INTERACTIONS,
        LIST_ITEMS,
        LIST_ITEMS_SIMILAR_TO_SEVERAL,
        LIST_KEYS,
        LIST_POPULAR_ITEMS,
        LIST_POPULAR_ITEMS_WITH_FILTERS,
        LIST_SCENARIO_VERSIONS,
        LIST_SCENARIOS,
        LIST_SIMILAR_ITEMS,
        LIST_SIMILAR_ITEMS_WITH_FILTERS,
        LIST_SIMILAR_USERS,
        LIST_TRAINING_JOBS,
        LIST_TRENDING_ITEMS,
        LIST_TRENDING_ITEMS_WITH_FILTERS,
        LIST_USER_SEGMENTS,
        LIST_USERS,
        LIST_USERS_FOR_ITEM,
        MERGE_USER,
        PATCH_ITEM,
        PATCH_USER,
        POST_IMPORT,
        POST_INTERACTION,
        POST_INTERACTIONS,
        POST_KEY,
        POST_ROTATED_KEY,
        POST_TRAINING_JOB,
        PREVIEW_SCENARIO,
        PUT_ITEM,
        PUT_ITEMS,
        PUT_SCENARIO,
        PUT_SCHEMA,
        PUT_USER,
        PUT_USERS,
        RECOMMEND,
        RECOMMEND_BATCH,
        RECOMMEND_FOR_USER,
        RECOMMEND_IN_SCENARIO,
        RECOMMEND_IN_SCENARIO_WITH_FILTERS,
        RECOMMEND_PAGE,
        SEARCH_ITEMS,
        SEARCH_ITEMS_WITH_FILTERS,
        SHOW_CONSOLE,
        UNDO_MERGE,
    )
}
