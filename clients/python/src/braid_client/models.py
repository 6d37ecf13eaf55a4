"""What goes over the wire: one type for each schema.

Written by `make clients` from docs/openapi.json: change that, not this."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

__all__ = [
    "Act",
    "ApiKey",
    "Asked",
    "Attribute",
    "AttributeReport",
    "AuditPage",
    "Because",
    "BoostIn",
    "BoostOut",
    "BundleCounts",
    "BundleVersion",
    "BundleVersions",
    "Chart",
    "Check",
    "Counts",
    "DayCounts",
    "FieldError",
    "Filter",
    "FilterOut",
    "Found",
    "Gate",
    "GateCheck",
    "ImportCounts",
    "ImportJob",
    "Interaction",
    "InteractionIn",
    "InteractionStored",
    "InteractionsStored",
    "Item",
    "ItemIn",
    "ItemPatch",
    "ItemUser",
    "ItemUsers",
    "ItemsDeleted",
    "ItemsPage",
    "KeyIn",
    "KeysPage",
    "Live",
    "LogLine",
    "LogPage",
    "Mean",
    "MergeIn",
    "MergeRecord",
    "Merged",
    "Nearby",
    "NewKey",
    "OnlineMeasures",
    "PageAnswer",
    "PageIn",
    "PinIn",
    "PopularIn",
    "PositionCounts",
    "Preference",
    "PreviewIn",
    "Problem",
    "Rate",
    "Ready",
    "Reason",
    "RecommendBatchIn",
    "RecommendIn",
    "Recommendation",
    "RecommendationBatch",
    "RecommendedItem",
    "Reference",
    "RequestRecord",
    "RotateIn",
    "Row",
    "RowIn",
    "RowsStored",
    "Scenario",
    "ScenarioAnswer",
    "ScenarioCounts",
    "ScenarioIn",
    "ScenarioList",
    "ScenarioPut",
    "Schema",
    "SchemaReport",
    "SearchIn",
    "Segment",
    "Segments",
    "SimilarItems",
    "SimilarItemsIn",
    "SimilarToSeveralIn",
    "SimilarUser",
    "SimilarUsers",
    "StrategyCounts",
    "TrainingJob",
    "TrainingJobIn",
    "TrainingJobWithLog",
    "TrainingJobsPage",
    "TrendingIn",
    "Unmerged",
    "User",
    "UserExport",
    "UserIn",
    "UserPatch",
    "UsersPage",
    "Variant",
    "VariantCounts",
]


class Act(TypedDict):
    """An administrative act."""

    id: int
    """its number in the log"""
    at: str
    """when it was done"""
    actor: str
    """id of the key, `command` for the command line, `local` where there is no key"""
    action: str
    """the method of the call, or the command"""
    subject: str
    """its path, or the key"""
    address: str | None
    """where the request came from"""


class ApiKey(TypedDict):
    """A key, without its secret."""

    key_id: str
    """the part of the key that is no secret"""
    name: str
    """what it is for"""
    scopes: list[Literal["read", "write", "personal", "metrics", "admin", "publish"]]
    """`read`: recommendations and the catalogue; `write`: interactions, items and users; `personal`: logs,
    exports and similar users; `metrics`: `/metrics`; `admin`: all of these, bundles, jobs, imports, scenarios
    and keys; `publish`: alone, for pages: the interactions and recommendations of their own user
    """
    scenarios: list[str] | None
    """the only scenarios that it may ask; null for all"""
    origins: list[str] | None
    """the pages whose browsers may use it; null for servers"""
    rate_limit: str | None
    """how many requests it may send; null for what the settings allow"""
    created_at: str
    """when it was made"""
    expires_at: str | None
    """when it ends; null for never"""
    revoked_at: str | None
    """when it was revoked; null if it was not"""


class Asked(TypedDict):
    """What a scenario is asked with, in a body."""

    user_id: NotRequired[str | None]
    """whom the list is for; absent for an anonymous session"""
    item_id: NotRequired[str | None]
    """the item of the page, for the kind `item`"""
    q: NotRequired[str | None]
    """the words to search for, for the kind `search`, as in `GET /search`"""
    session_items: NotRequired[list[str]]
    """items of the session or the cart, oldest first; repeat the parameter for several"""
    variant: NotRequired[str | None]
    """a variant of the scenario; by default the user's own"""
    limit: NotRequired[int | None]
    """replaces the scenario's value"""
    include: NotRequired[list[str] | None]
    """fields of the catalogue to return with each item: their names, in one text with commas or in several, or
    `*` for all; vectors are never among the attributes
    """
    exclude: NotRequired[list[str]]
    """items to leave out, besides those of the scenario"""
    explain: NotRequired[bool | None]
    """replaces the scenario's value"""
    language: NotRequired[str | None]
    """language of the explanations, a tag such as `de` or `de-AT`; English for one that is not known"""
    cursor: NotRequired[str | None]
    """`next_cursor` of the page before; `none` for a list of one page, whose answer has no cursor"""
    filter: NotRequired[Filter | None]
    """only items that match, besides the filter of the scenario"""
    boosts: NotRequired[list[BoostIn]]
    """besides the scenario's"""
    diversity: NotRequired[float | None]
    """replaces the scenario's value"""
    goal: NotRequired[str | None]
    """replaces the scenario's value"""
    exclude_seen: NotRequired[bool | list[str] | None]
    """replaces the scenario's value"""
    min_score: NotRequired[float | None]
    """leave out items with a score below this, but not pinned ones"""
    attributes: NotRequired[dict[str, Any] | None]
    """attributes of the user, as in `POST /recommend`"""
    context: NotRequired[dict[str, Any] | None]
    """a JSON object of at most 50 names and 4 KiB, stored with the request and read by models"""


class Attribute(TypedDict):
    """What values of an attribute are."""

    type: Literal["text", "number", "time", "category", "place", "vector"]
    """what its values are"""
    length: NotRequired[int | None]
    """how many numbers a vector has"""


class AttributeReport(TypedDict):
    """An attribute that is declared, or that some item or user has."""

    name: str
    """its name within `attributes`; a dot stands for each level below"""
    type: Literal["text", "number", "time", "category", "place", "vector"] | Literal["mixed"]
    """the declared type, or what is inferred from the values: `mixed` where they are of several types"""
    length: NotRequired[int | None]
    """numbers of a vector"""
    declared: bool
    """whether the schema declares it; lists of numbers are compared only if it does"""
    values: int
    """how many of the items or users that were looked at have it"""
    unfit: NotRequired[int]
    """how many of these values do not fit the declared type, and are ignored"""
    examples: NotRequired[list[str | bool | int | float | dict[str, int | float]]]
    """up to 5 values, the most frequent first; long texts are cut, and of a vector there are the first numbers,
    as text
    """
    min: NotRequired[float | None]
    """the least value of a `number`; null for other types"""
    max: NotRequired[float | None]
    """the greatest value of a `number`; null for other types"""


class AuditPage(TypedDict):
    """Administrative acts, newest first."""

    items: list[Act]
    """the acts of the page; for the next one send the last `id` as `before`"""


class Because(TypedDict):
    """An item of the user's history that contributed to a recommendation."""

    item_id: str
    """id of the item"""
    share: float
    """share of the strand; the shares of all contributing items, listed or not, add up to 1"""


class BoostIn(TypedDict):
    """Items whose scores are raised or lowered."""

    filter: Filter
    """the items to raise or lower"""
    weight: NotRequired[float]
    """in standard deviations of the scores in the list"""


class BoostOut(TypedDict):
    """Items whose scores are raised or lowered."""

    filter: FilterOut
    """the items to raise or lower"""
    weight: NotRequired[float]
    """in standard deviations of the scores in the list"""


class BundleCounts(TypedDict):
    """Counts of lists of one bundle; `none` if no bundle was active, `unknown` if Braid has served no such list."""

    impressions: int
    """items that were shown, each once a list"""
    clicks: int
    """impressions that were clicked or viewed"""
    conversions: int
    """impressions that were purchased"""
    revenue: float
    """of the conversions"""
    click_through_rate: Rate | None
    """clicks by impressions"""
    conversion_rate: Rate | None
    """conversions by impressions"""
    bundle_version: str
    """the bundle of the lists"""


class BundleVersion(TypedDict):
    """One version: its training data, its metrics, and what activated it."""

    version: str
    """the time when its training began"""
    active: bool
    """whether it is the one that ranks lists"""
    created_at: str | None
    """when it was trained; null if its manifest cannot be read"""
    activated_at: str | None
    """when it was last activated; null if it never was"""
    activated_by: str | None
    """`job` and its id, `api`, `command`, or null if unknown"""
    forced: bool
    """whether it was activated although the gate refused it, or it is of another database"""
    protocol: str | None
    """how the metrics were measured"""
    metrics: dict[str, dict[str, float]]
    """metrics of the blend, its parts and popularity on the held-out test set"""
    intervals: NotRequired[dict[str, dict[str, list[float]]]]
    """95 % intervals of `metrics`, lower and upper end; empty for bundles from before they were kept"""
    data: dict[str, Any]
    """time window (in the unit of the data's timestamps), counts and a hash"""
    settings: dict[str, Any]
    """the settings that were chosen on validation"""
    recipe: dict[str, Any] | None
    """the parameters of the training run"""
    size_bytes: int
    """size of its files"""
    gate: Gate | None
    """null if no gate checked it"""
    problem: str | None
    """why its manifest cannot be read; null if it can"""


class BundleVersions(TypedDict):
    """The versions that are kept, newest first."""

    items: list[BundleVersion]
    """the bundles"""
    next_cursor: str | None
    """always null: there is one page"""


class Chart(TypedDict):
    """Items that are popular, or trending, among all users."""

    user_id: str | None
    """whom the list is for; null for anybody"""
    items: list[RecommendedItem]
    """`score` is the number of interactions, decayed by their age if there is a window; for trending items it is
    the rise above their share of all time, in standard deviations; 0 for items that top up the list. For a
    user with a history it is in standard deviations of the list
    """
    strategy: Literal["popular", "trending", "none"]
    """`popular` instead of `trending` if the data has no times or nothing rises"""
    window: Literal["all", "1d", "7d", "30d", "90d"]
    """the window that was used: `all` if the data has no times"""
    bundle_version: str | None
    """the bundle with the counts; null if they come from the log alone"""
    next_cursor: str | None
    """send it as `cursor` for the next page of this list; null at the end of the list"""
    reason: str | None
    """why the list is empty, or has other items than requested; null otherwise"""
    degraded: Literal["deadline", "database", "stale"] | None
    """`deadline`: the network was skipped; `database`: the history or the fields of items could not be read;
    `stale`: changes by other processes may be missing
    """
    request_id: str
    """send it with the interactions that result from this list"""


class Check(TypedDict):
    """One thing that the process needs, and its state."""

    status: Literal["ok", "none", "unreadable", "foreign", "degraded", "failed"]
    """`none`: there is no bundle yet; `unreadable`: another version of Braid made the bundle, and this one
    cannot read it: train again; `foreign`: the bundle is of another database; `degraded`: something needs
    attention, and requests are answered; `failed`: 503. With all others the process takes traffic
    """
    detail: str
    """what was found, and what to do about it; empty but for an admin key, or without keys this machine"""


class Counts(TypedDict):
    """Impressions, and how many of them were clicked and converted; rates are null without impressions."""

    impressions: int
    """items that were shown, each once a list"""
    clicks: int
    """impressions that were clicked or viewed"""
    conversions: int
    """impressions that were purchased"""
    revenue: float
    """of the conversions"""
    click_through_rate: Rate | None
    """clicks by impressions"""
    conversion_rate: Rate | None
    """conversions by impressions"""


class DayCounts(TypedDict):
    """Counts of one day, UTC."""

    impressions: int
    """items that were shown, each once a list"""
    clicks: int
    """impressions that were clicked or viewed"""
    conversions: int
    """impressions that were purchased"""
    revenue: float
    """of the conversions"""
    click_through_rate: Rate | None
    """clicks by impressions"""
    conversion_rate: Rate | None
    """conversions by impressions"""
    day: str
    """the day of the impressions"""


class FieldError(TypedDict):
    """What is wrong with one field of a request."""

    field: str
    """name of the field, with a dot for each level; `body` for the whole body"""
    code: str
    """what is wrong, for programs"""
    detail: str
    """what is wrong, for people"""
    index: NotRequired[int | None]
    """the row of a batch that it is about, from 0"""


Filter = TypedDict(
    "Filter",
    {
        # all of these hold
        "and": NotRequired["list[Filter] | None"],
        # one of these holds
        "or": NotRequired["list[Filter] | None"],
        # this does not hold
        "not": NotRequired["Filter | None"],
        # one of item_id, title, categories, tags, price, hidden, available_from, available_until, url, image_url, or
        # attributes.… with a dot for each level below
        "field": NotRequired["str | None"],
        # the field has this value
        "eq": NotRequired["Reference | str | bool | float | None"],
        # the field does not have this value, or has none at all
        "ne": NotRequired["Reference | str | bool | float | None"],
        # the field has one of these values
        "in": NotRequired["Reference | list[str | bool | float] | None"],
        # the number or time is more than this
        "gt": NotRequired["Reference | str | bool | float | None"],
        # the number or time is this or more
        "gte": NotRequired["Reference | str | bool | float | None"],
        # the number or time is less than this
        "lt": NotRequired["Reference | str | bool | float | None"],
        # the number or time is this or less
        "lte": NotRequired["Reference | str | bool | float | None"],
        # whether the item has any value of the field
        "exists": NotRequired["bool | None"],
        # the text has this within it, in the same case
        "contains": NotRequired["str | None"],
        # the text begins with this, in the same case
        "prefix": NotRequired["str | None"],
        # the place, an object with `lat` and `lon`, is not farther away
        "within": NotRequired["Nearby | None"],
    },
)
"""One node of a filter tree: `and`, `or`, `not`, or the comparison of a field.

A comparison holds where the item has a value of that field (one of them, where it has several) that fits; an
item without one never meets it, but for `ne` and `exists`. Text is compared exactly, and never equals a
number or a boolean.
"""

FilterOut = TypedDict(
    "FilterOut",
    {
        # all of these hold
        "and": NotRequired["list[FilterOut] | None"],
        # one of these holds
        "or": NotRequired["list[FilterOut] | None"],
        # this does not hold
        "not": NotRequired["FilterOut | None"],
        # one of item_id, title, categories, tags, price, hidden, available_from, available_until, url, image_url, or
        # attributes.… with a dot for each level below
        "field": NotRequired["str | None"],
        # the field has this value
        "eq": NotRequired["Any | None"],
        # the field does not have this value, or has none at all
        "ne": NotRequired["Any | None"],
        # the field has one of these values
        "in": NotRequired["Any | None"],
        # the number or time is more than this
        "gt": NotRequired["Any | None"],
        # the number or time is this or more
        "gte": NotRequired["Any | None"],
        # the number or time is less than this
        "lt": NotRequired["Any | None"],
        # the number or time is this or less
        "lte": NotRequired["Any | None"],
        # whether the item has any value of the field
        "exists": NotRequired["bool | None"],
        # the text has this within it, in the same case
        "contains": NotRequired["str | None"],
        # the text begins with this, in the same case
        "prefix": NotRequired["str | None"],
        # the place, an object with `lat` and `lon`, is not farther away
        "within": NotRequired["Nearby | None"],
    },
)
"""One node of a filter tree: `and`, `or`, `not`, or the comparison of a field.

A comparison holds where the item has a value of that field (one of them, where it has several) that fits; an
item without one never meets it, but for `ne` and `exists`. Text is compared exactly, and never equals a
number or a boolean.
"""


class Found(TypedDict):
    """Items that match the words of a query."""

    query: str
    """the query of the request"""
    user_id: str | None
    """whom the list is for; null for anybody"""
    items: list[RecommendedItem]
    """`score` tells how well the words match; for a user with a history it is in standard deviations of the list"""
    strategy: Literal["search", "none"]
    """`none` for an empty list"""
    bundle_version: str | None
    """the bundle that knows the user; null if there is none"""
    next_cursor: str | None
    """send it as `cursor` for the next page of this list; null at the end of the list"""
    reason: str | None
    """why the list is empty; null if it is not"""
    degraded: Literal["deadline", "database", "stale"] | None
    """`deadline`: the network was skipped; `database`: the history or the fields of items could not be read;
    `stale`: changes by other processes may be missing
    """
    request_id: str
    """send it with the interactions that result from this list"""


class Gate(TypedDict):
    """The verdict of the gate."""

    passed: bool
    """whether no check failed"""
    reason: str | None
    """what failed"""
    against: str | None
    """version of the bundle that this one was compared with"""
    checks: list[GateCheck]
    """what was checked"""


class GateCheck(TypedDict):
    """One comparison or bound."""

    name: str
    """what is compared or bounded"""
    outcome: Literal["passed", "failed", "skipped"]
    """`skipped` where there was nothing to compare"""
    detail: str
    """what was compared, with its figures"""


class ImportCounts(TypedDict):
    """The rows of a file that were imported so far."""

    read: int
    """rows that were read"""
    kept: int
    """rows that are valid for the API"""
    new: int
    """rows that were stored; the others of `kept` are already in the log"""
    dropped: dict[str, int]
    """rows that were dropped, by reason"""


class ImportJob(TypedDict):
    """The progress of an import."""

    import_id: str
    """id of the import"""
    status: Literal["running", "done", "failed"]
    """how far it is"""
    counts: dict[str, ImportCounts]
    """for each of interactions, items and users"""
    error: str | None
    """why it failed; null if it did not"""
    created_at: str
    """when it was added"""
    changed_at: str
    """when it last reported progress"""


class Interaction(TypedDict):
    """An interaction as stored."""

    id: int
    """its number in the log"""
    user_id: str
    """id of the user"""
    item_id: str
    """id of the item"""
    event_type: str
    """what the user did"""
    value: float | None
    """for example the stars of a rating"""
    timestamp: str | None
    """null if it was imported from a data set without times"""
    event_id: str | None
    """the idempotency key; null if none was sent"""
    request_id: str | None
    """`request_id` of the list that led to it"""
    position: int | None
    """position in that list"""
    context: dict[str, Any] | None
    """what was sent as `context`"""
    quantity: float | None
    """pieces; negative for a return"""
    revenue: float | None
    """the price paid in total"""
    sequence: NotRequired[float | None]
    """only if it was imported with `timestamps` `order`: its place among those without a time, which are older
    than all others
    """


class InteractionIn(TypedDict):
    """What a user did with an item."""

    user_id: str
    """id of the user"""
    item_id: str
    """id of the item"""
    event_type: str
    """one of the configured event types"""
    value: NotRequired[float | None]
    """for example the stars of a rating"""
    timestamp: NotRequired[str | None]
    """RFC 3339; the server's time if absent"""
    event_id: NotRequired[str | None]
    """the idempotency key: a repeat is not counted twice"""
    request_id: NotRequired[str | None]
    """`request_id` of the recommendation that led to this interaction"""
    position: NotRequired[int | None]
    """position in the list that was shown"""
    context: NotRequired[dict[str, Any] | None]
    """a JSON object of at most 4 KiB and 50 names, such as the device"""
    quantity: NotRequired[float | None]
    """pieces; a negative number is a return: the interaction then counts as a `return`"""
    revenue: NotRequired[float | None]
    """the price paid in total, quantity times unit price, always in one currency; negative only with a negative
    quantity
    """


class InteractionStored(TypedDict):
    """The acknowledgement: the interaction is committed."""

    id: int
    """number of the interaction in the log"""
    event_id: str | None
    """the idempotency key; null if none was sent"""
    status: Literal["stored", "repeat"]
    """`repeat` if it was stored before"""


class InteractionsStored(TypedDict):
    """The result of a batch; stored rows are committed."""

    stored: int
    """new rows"""
    repeated: int
    """rows that were stored before, or occur twice in the batch"""
    refused: int
    """rows that were not stored; `errors` has one entry for each of the first 100"""
    errors: list[FieldError]
    """what is wrong with each row that was refused, the first 100"""
    refused_rows: NotRequired[list[int]]
    """the rows that were refused, from 0; absent where they are 100 or fewer"""


class Item(TypedDict):
    """An item as it is stored."""

    title: NotRequired[str | None]
    """its name, as people read it"""
    description: NotRequired[str | None]
    """what it is, in words; its words are compared with those of other items"""
    url: NotRequired[str | None]
    """link to its page: an address with http or https, or without a scheme"""
    image_url: NotRequired[str | None]
    """link to its picture: an address with http or https, or without a scheme"""
    categories: NotRequired[list[str]]
    """kinds of items that it belongs to, such as the shelves of a shop"""
    tags: NotRequired[list[str]]
    """labels besides the categories"""
    price: NotRequired[float | None]
    """price, in the currency of the shop"""
    attributes: NotRequired[dict[str, Any]]
    """other properties, as a JSON object"""
    hidden: NotRequired[bool]
    """a hidden item is never recommended"""
    available_from: NotRequired[str | None]
    """not recommended before this time"""
    available_until: NotRequired[str | None]
    """not recommended from this time on"""
    item_id: str
    """id of the item"""


class ItemIn(TypedDict):
    """An item without its id; absent fields are empty."""

    title: NotRequired[str | None]
    """its name, as people read it"""
    description: NotRequired[str | None]
    """what it is, in words; its words are compared with those of other items"""
    url: NotRequired[str | None]
    """link to its page: an address with http or https, or without a scheme"""
    image_url: NotRequired[str | None]
    """link to its picture: an address with http or https, or without a scheme"""
    categories: NotRequired[list[str]]
    """kinds of items that it belongs to, such as the shelves of a shop"""
    tags: NotRequired[list[str]]
    """labels besides the categories"""
    price: NotRequired[float | None]
    """price, in the currency of the shop"""
    attributes: NotRequired[dict[str, Any]]
    """other properties, as a JSON object"""
    hidden: NotRequired[bool]
    """a hidden item is never recommended"""
    available_from: NotRequired[str | None]
    """not recommended before this time"""
    available_until: NotRequired[str | None]
    """not recommended from this time on"""


class ItemPatch(TypedDict):
    """Changes to an item (JSON merge patch, RFC 7396): absent fields stay as they are, null clears a field."""

    title: NotRequired[str | None]
    """its name, as people read it"""
    description: NotRequired[str | None]
    """what it is, in words; its words are compared with those of other items"""
    url: NotRequired[str | None]
    """link to its page"""
    image_url: NotRequired[str | None]
    """link to its picture"""
    categories: NotRequired[list[str] | None]
    """kinds of items that it belongs to, such as the shelves of a shop"""
    tags: NotRequired[list[str] | None]
    """labels besides the categories"""
    price: NotRequired[float | None]
    """price, in the currency of the shop"""
    attributes: NotRequired[dict[str, Any] | None]
    """merged: a name with null is removed"""
    hidden: NotRequired[bool | None]
    """a hidden item is never recommended"""
    available_from: NotRequired[str | None]
    """not recommended before this time"""
    available_until: NotRequired[str | None]
    """not recommended from this time on"""


class ItemUser(TypedDict):
    """One user of the list."""

    user_id: str
    """id of the user"""
    score: float
    """how well the item fits the user; comparable within one response only"""
    rank: int
    """1 for the best"""


class ItemUsers(TypedDict):
    """Users whom an item fits."""

    item_id: str
    """id of the item"""
    items: list[ItemUser]
    """users of the bundle, the best first"""
    bundle_version: str | None
    """the bundle that was used; null if there is none yet"""
    next_cursor: str | None
    """always null: there is one page"""
    reason: str | None
    """why the list is empty; null if it is not"""


class ItemsDeleted(TypedDict):
    """What a deletion of several items did."""

    deleted: int
    """number of items that are deleted now and were not before"""


class ItemsPage(TypedDict):
    """A page of items, ordered by id."""

    items: list[Item]
    """the items of the page"""
    next_cursor: str | None
    """send it as `cursor` for the next page; null at the end of the list"""


class KeyIn(TypedDict):
    """A key to be made."""

    name: str
    """what it is for"""
    scopes: list[Literal["read", "write", "personal", "metrics", "admin", "publish"]]
    """`read`: recommendations and the catalogue; `write`: interactions, items and users; `personal`: logs,
    exports and similar users; `metrics`: `/metrics`; `admin`: all of these, bundles, jobs, imports, scenarios
    and keys; `publish`: alone, for pages: the interactions and recommendations of their own user
    """
    scenarios: NotRequired[list[str] | None]
    """the only scenarios that it may ask; with the scope `read` or `publish` alone"""
    origins: NotRequired[list[str] | None]
    """the pages whose browsers may use it; needed with the scope `publish`, and only there"""
    expires_at: NotRequired[str | None]
    """when it ends; by default never"""
    rate_limit: NotRequired[str | None]
    """how many requests it may send, such as `600/minute`, in place of `BRAID_RATE_LIMIT`; not with the scope
    `publish`, whose requests are limited by address
    """


class KeysPage(TypedDict):
    """All keys."""

    items: list[ApiKey]
    """the keys, the oldest first"""


class Live(TypedDict):
    """The process runs."""

    status: NotRequired[Literal["ok"]]
    """always `ok`"""


class LogLine(TypedDict):
    """One line of a job's log."""

    id: int
    """number of the line, to resume from"""
    written_at: str
    """when it was written"""
    line: str
    """the text of the line"""


class LogPage(TypedDict):
    """A user's interactions, newest first."""

    items: list[Interaction]
    """the interactions of the page"""
    next_cursor: str | None
    """send it as `cursor` for the next page; null at the end of the list"""


class Mean(TypedDict):
    """A mean over users, with its 95 % interval (normal approximation)."""

    value: float
    """the mean"""
    low: float
    """lower end of the interval"""
    high: float
    """upper end of the interval"""


class MergeIn(TypedDict):
    """The user to merge into."""

    into: str
    """id of the known user"""


class MergeRecord(TypedDict):
    """A merge that was made."""

    user_id: str
    """id of the anonymous user"""
    into: str
    """id of the known user"""
    moved: int
    """interactions moved by all calls of this merge"""
    merged_at: str
    """when it was first made"""


class Merged(TypedDict):
    """A committed merge; where `into` was merged into another user before, `into` is that user."""

    user_id: str
    """id of the anonymous user"""
    into: str
    """id of the known user"""
    moved: int
    """interactions moved by all calls of this merge"""
    created: bool
    """whether nothing was stored about `into` before: it may be misspelt"""


class Nearby(TypedDict):
    """A distance from a point on the earth."""

    lat: float
    """degrees north"""
    lon: float
    """degrees east"""
    km: float
    """kilometres, along the great circle"""


class NewKey(TypedDict):
    """A key that was made: its secret is shown this once."""

    key_id: str
    """the part of the key that is no secret"""
    name: str
    """what it is for"""
    scopes: list[Literal["read", "write", "personal", "metrics", "admin", "publish"]]
    """`read`: recommendations and the catalogue; `write`: interactions, items and users; `personal`: logs,
    exports and similar users; `metrics`: `/metrics`; `admin`: all of these, bundles, jobs, imports, scenarios
    and keys; `publish`: alone, for pages: the interactions and recommendations of their own user
    """
    scenarios: list[str] | None
    """the only scenarios that it may ask; null for all"""
    origins: list[str] | None
    """the pages whose browsers may use it; null for servers"""
    rate_limit: str | None
    """how many requests it may send; null for what the settings allow"""
    created_at: str
    """when it was made"""
    expires_at: str | None
    """when it ends; null for never"""
    revoked_at: str | None
    """when it was revoked; null if it was not"""
    key: str
    """the key; only its SHA-256 is stored"""
    signing_secret: str | None
    """of a key with the scope `publish`: what user ids are signed with"""


OnlineMeasures = TypedDict(
    "OnlineMeasures",
    {
        # begin of the period that was measured
        "from": "str",
        # its end, exclusive
        "to": "str",
        # all impressions of the period
        "total": "Counts",
        # the impressions of each day
        "by_day": "list[DayCounts]",
        # those of each strategy
        "by_strategy": "list[StrategyCounts]",
        # those of each bundle
        "by_bundle_version": "list[BundleCounts]",
        # those of each position
        "by_position": "list[PositionCounts]",
        # those of each scenario
        "by_scenario": "list[ScenarioCounts]",
        # those of each variant of a scenario
        "by_variant": "list[VariantCounts]",
        # sample ratio mismatches: scenarios whose users per variant do not fit the shares
        "warnings": "list[str]",
    },
)
"""Clicks and conversions of the impressions of a period."""


class PageAnswer(TypedDict):
    """A page of rows, in which no item stands twice."""

    user_id: str | None
    """whom the list is for; null for anybody"""
    rows: list[Row]
    """the rows, in the order of the request"""
    left_out: list[str]
    """rows with fewer than `at_least` items: their scenario, or their category or brand"""


class PageIn(TypedDict):
    """A request for a page of rows."""

    user_id: NotRequired[str | None]
    """whom the page is for; absent for an anonymous session"""
    session_items: NotRequired[list[str]]
    """items of the session, oldest first"""
    rows: list[RowIn]
    """in order of precedence: an item stands in the first row that has it. 20 rows at most, those of categories
    and brands counted
    """
    include: NotRequired[list[str] | None]
    """fields of the catalogue to return with each item: their names, in one text with commas or in several, or
    `*` for all; vectors are never among the attributes
    """
    language: NotRequired[str | None]
    """language of the explanations, a tag such as `de` or `de-AT`; English for one that is not known"""
    attributes: NotRequired[dict[str, Any] | None]
    """attributes of the user, as in `POST /recommend`"""
    context: NotRequired[dict[str, Any] | None]
    """a JSON object of at most 50 names and 4 KiB, read by models"""


class PinIn(TypedDict):
    """An item at a fixed position."""

    item_id: str
    """id of the item"""
    position: int
    """from 1, the top, to `limit`"""


class PopularIn(TypedDict):
    """A request for popular items."""

    limit: NotRequired[int | None]
    """default 10; with `candidates` their number, at most 100"""
    exclude_seen: NotRequired[bool | list[str] | None]
    """leave out items of the user's history: all (true), none (false), or those with events of these types; by
    default those that reached the bundle's goal, and none with `candidates`
    """
    exclude: NotRequired[list[str]]
    """items to leave out"""
    filter: NotRequired[Filter | None]
    """only items that match"""
    boosts: NotRequired[list[BoostIn]]
    """items whose scores are raised"""
    buries: NotRequired[list[BoostIn]]
    """items whose scores are lowered"""
    pins: NotRequired[list[PinIn]]
    """items at fixed positions"""
    candidates: NotRequired[list[str] | None]
    """rank these items and no others"""
    preferences: NotRequired[list[Preference]]
    """weighted preferences, for example a target price"""
    diversity: NotRequired[float]
    """0 keeps the order of the scores; towards 1 the items of the list are less similar to one another"""
    rotation: NotRequired[float | None]
    """how far items sink that the user was shown several times and passed over; 0 for none, by default
    `BRAID_ROTATION`
    """
    explain: NotRequired[bool]
    """give the reasons why each item is in the list"""
    language: NotRequired[str | None]
    """language of the explanations, a tag such as `de` or `de-AT`; English for one that is not known"""
    goal: NotRequired[str | None]
    """what counts as success, for bundles that are trained for several goals: one of them; the first by default"""
    include: NotRequired[list[str]]
    """fields of the catalogue to return with each item: their names, in one text with commas or in several, or
    `*` for all; vectors are never among the attributes
    """
    min_score: NotRequired[float | None]
    """leave out items with a score below this, but not pinned ones"""
    context: NotRequired[dict[str, Any] | None]
    """a JSON object of at most 50 names and 4 KiB, for example with the device: read as the contexts of
    interactions are, and stored with the request, except in a batch
    """
    user_id: NotRequired[str | None]
    """absent for an anonymous session"""
    session_items: NotRequired[list[str]]
    """items viewed in this session, oldest first; they count as views and are not stored"""
    attributes: NotRequired[dict[str, Any] | None]
    """attributes of the user, for example of an anonymous one: read with those of the profile, before them where
    both have a name, and not stored
    """
    cursor: NotRequired[str | None]
    """`next_cursor` of the page before; `none` for a list of one page, whose answer has no cursor"""
    window: NotRequired[Literal["all", "1d", "7d", "30d", "90d"]]
    """half-life of an interaction's weight; with `all` every interaction counts the same"""


class PositionCounts(TypedDict):
    """Counts of one position in the list; null if the events have none, or one above 1,000."""

    impressions: int
    """items that were shown, each once a list"""
    clicks: int
    """impressions that were clicked or viewed"""
    conversions: int
    """impressions that were purchased"""
    revenue: float
    """of the conversions"""
    click_through_rate: Rate | None
    """clicks by impressions"""
    conversion_rate: Rate | None
    """conversions by impressions"""
    position: int | None
    """the position, from 1"""


class Preference(TypedDict):
    """A value that an item should have, or a number that it should come close to.

    A value is met wholly or not at all. A target is met wholly by the same number, by half at the distance of
    the tolerance, and less and less beyond; of several numbers of an item the closest counts. An item without
    the field does not meet the preference.
    """

    field: str
    """one of item_id, title, categories, tags, price, hidden, available_from, available_until, url, image_url,
    or attributes.… with a dot for each level below
    """
    value: NotRequired[str | bool | float | None]
    """the value that an item should have"""
    target: NotRequired[float | None]
    """the number that an item should come close to"""
    tolerance: NotRequired[float | None]
    """distance from the target that is still acceptable"""
    weight: NotRequired[float]
    """its weight relative to the other preferences"""


class PreviewIn(TypedDict):
    """A definition to try, and what it is asked with; nothing is stored."""

    user_id: NotRequired[str | None]
    """whom the list is for; absent for an anonymous session"""
    item_id: NotRequired[str | None]
    """the item of the page, for the kind `item`"""
    q: NotRequired[str | None]
    """the words to search for, for the kind `search`, as in `GET /search`"""
    session_items: NotRequired[list[str]]
    """items of the session or the cart, oldest first; repeat the parameter for several"""
    variant: NotRequired[str | None]
    """a variant of the scenario; by default the user's own"""
    limit: NotRequired[int | None]
    """replaces the scenario's value"""
    include: NotRequired[list[str] | None]
    """fields of the catalogue to return with each item: their names, in one text with commas or in several, or
    `*` for all; vectors are never among the attributes
    """
    exclude: NotRequired[list[str]]
    """items to leave out, besides those of the scenario"""
    explain: NotRequired[bool | None]
    """replaces the scenario's value"""
    language: NotRequired[str | None]
    """language of the explanations, a tag such as `de` or `de-AT`; English for one that is not known"""
    cursor: NotRequired[str | None]
    """`next_cursor` of the page before; `none` for a list of one page, whose answer has no cursor"""
    filter: NotRequired[Filter | None]
    """only items that match, besides the filter of the scenario"""
    boosts: NotRequired[list[BoostIn]]
    """besides the scenario's"""
    diversity: NotRequired[float | None]
    """replaces the scenario's value"""
    goal: NotRequired[str | None]
    """replaces the scenario's value"""
    exclude_seen: NotRequired[bool | list[str] | None]
    """replaces the scenario's value"""
    min_score: NotRequired[float | None]
    """leave out items with a score below this, but not pinned ones"""
    attributes: NotRequired[dict[str, Any] | None]
    """attributes of the user, as in `POST /recommend`"""
    context: NotRequired[dict[str, Any] | None]
    """a JSON object of at most 50 names and 4 KiB, stored with the request and read by models"""
    definition: NotRequired[ScenarioIn | None]
    """in place of the stored one"""


class Problem(TypedDict):
    """Why a request was not carried out; `code` is stable, for programs to act on."""

    type: NotRequired[str]
    """always `about:blank`: `code` tells errors apart"""
    title: str
    """name of the status"""
    status: int
    """the HTTP status"""
    code: str
    """what happened, for programs"""
    detail: str
    """what happened and what to do, for people"""
    errors: NotRequired[list[FieldError] | None]
    """the fields that are wrong, the first 100; absent where none is"""


class Rate(TypedDict):
    """A share of the impressions, with its 95 % interval (Wilson 1927)."""

    value: float
    """the share, 0 to 1"""
    low: float
    """lower end of the interval"""
    high: float
    """upper end of the interval"""


class Ready(TypedDict):
    """Whether the process should take traffic, and why not."""

    status: Literal["ok", "failed"]
    """`failed` where one of the checks failed"""
    checks: dict[str, Check]
    """the checks, by name"""


class Reason(TypedDict):
    """One component of an item's score."""

    strand: str
    """a recommender, `network`, `boosts`, `buries`, `preferences`, or what selected the item"""
    share: float
    """share of the score; the shares of all strands add up to 1"""
    because: list[Because]
    """items of the user's history that contributed most, the largest share first"""
    words: NotRequired[str | None]
    """what it means, for a person to read, where there is a sentence for it: Because you viewed Alien"""


class RecommendBatchIn(TypedDict):
    """A request for recommendations for several users at once."""

    limit: NotRequired[int | None]
    """default 10; with `candidates` their number, at most 100"""
    exclude_seen: NotRequired[bool | list[str] | None]
    """leave out items of the user's history: all (true), none (false), or those with events of these types; by
    default those that reached the bundle's goal, and none with `candidates`
    """
    exclude: NotRequired[list[str]]
    """items to leave out"""
    filter: NotRequired[Filter | None]
    """only items that match"""
    boosts: NotRequired[list[BoostIn]]
    """items whose scores are raised"""
    buries: NotRequired[list[BoostIn]]
    """items whose scores are lowered"""
    pins: NotRequired[list[PinIn]]
    """items at fixed positions"""
    candidates: NotRequired[list[str] | None]
    """rank these items and no others"""
    preferences: NotRequired[list[Preference]]
    """weighted preferences, for example a target price"""
    diversity: NotRequired[float]
    """0 keeps the order of the scores; towards 1 the items of the list are less similar to one another"""
    rotation: NotRequired[float | None]
    """how far items sink that the user was shown several times and passed over; 0 for none, by default
    `BRAID_ROTATION`
    """
    explain: NotRequired[bool]
    """give the reasons why each item is in the list"""
    language: NotRequired[str | None]
    """language of the explanations, a tag such as `de` or `de-AT`; English for one that is not known"""
    goal: NotRequired[str | None]
    """what counts as success, for bundles that are trained for several goals: one of them; the first by default"""
    include: NotRequired[list[str]]
    """fields of the catalogue to return with each item: their names, in one text with commas or in several, or
    `*` for all; vectors are never among the attributes
    """
    min_score: NotRequired[float | None]
    """leave out items with a score below this, but not pinned ones"""
    context: NotRequired[dict[str, Any] | None]
    """a JSON object of at most 50 names and 4 KiB, for example with the device: read as the contexts of
    interactions are, and stored with the request, except in a batch
    """
    user_ids: list[str]
    """the users to recommend to"""
    cursor: NotRequired[Literal["none"] | None]
    """`none`: the lists have one page, and no cursor"""
    attributes: NotRequired[dict[str, dict[str, Any]]]
    """attributes of some of these users, by user: read as those of a single request"""


class RecommendIn(TypedDict):
    """A request for a recommendation."""

    limit: NotRequired[int | None]
    """default 10; with `candidates` their number, at most 100"""
    exclude_seen: NotRequired[bool | list[str] | None]
    """leave out items of the user's history: all (true), none (false), or those with events of these types; by
    default those that reached the bundle's goal, and none with `candidates`
    """
    exclude: NotRequired[list[str]]
    """items to leave out"""
    filter: NotRequired[Filter | None]
    """only items that match"""
    boosts: NotRequired[list[BoostIn]]
    """items whose scores are raised"""
    buries: NotRequired[list[BoostIn]]
    """items whose scores are lowered"""
    pins: NotRequired[list[PinIn]]
    """items at fixed positions"""
    candidates: NotRequired[list[str] | None]
    """rank these items and no others"""
    preferences: NotRequired[list[Preference]]
    """weighted preferences, for example a target price"""
    diversity: NotRequired[float]
    """0 keeps the order of the scores; towards 1 the items of the list are less similar to one another"""
    rotation: NotRequired[float | None]
    """how far items sink that the user was shown several times and passed over; 0 for none, by default
    `BRAID_ROTATION`
    """
    explain: NotRequired[bool]
    """give the reasons why each item is in the list"""
    language: NotRequired[str | None]
    """language of the explanations, a tag such as `de` or `de-AT`; English for one that is not known"""
    goal: NotRequired[str | None]
    """what counts as success, for bundles that are trained for several goals: one of them; the first by default"""
    include: NotRequired[list[str]]
    """fields of the catalogue to return with each item: their names, in one text with commas or in several, or
    `*` for all; vectors are never among the attributes
    """
    min_score: NotRequired[float | None]
    """leave out items with a score below this, but not pinned ones"""
    context: NotRequired[dict[str, Any] | None]
    """a JSON object of at most 50 names and 4 KiB, for example with the device: read as the contexts of
    interactions are, and stored with the request, except in a batch
    """
    user_id: NotRequired[str | None]
    """absent for an anonymous session"""
    session_items: NotRequired[list[str]]
    """items viewed in this session, oldest first; they count as views and are not stored"""
    attributes: NotRequired[dict[str, Any] | None]
    """attributes of the user, for example of an anonymous one: read with those of the profile, before them where
    both have a name, and not stored
    """
    cursor: NotRequired[str | None]
    """`next_cursor` of the page before; `none` for a list of one page, whose answer has no cursor"""


class Recommendation(TypedDict):
    """A ranked list for a user."""

    user_id: str | None
    """null for an anonymous session"""
    items: list[RecommendedItem]
    """the items, the best first"""
    strategy: Literal["personalized", "session", "preferences", "popular", "none"]
    """what the list is based on; `none` when there is nothing to recommend"""
    bundle_version: str | None
    """the bundle that ranked the list; null if none did"""
    next_cursor: str | None
    """send it as `cursor` for the next page of this list; null at the end of the list"""
    reason: str | None
    """why the list is empty; null if it is not"""
    degraded: Literal["deadline", "database", "stale"] | None
    """`deadline`: the network was skipped; `database`: the history or the fields of items could not be read;
    `stale`: changes by other processes may be missing
    """
    request_id: str
    """send it with the interactions that result from this list"""


class RecommendationBatch(TypedDict):
    """A ranked list for each of several users."""

    items: list[Recommendation]
    """in the order of `user_ids`"""


class RecommendedItem(TypedDict):
    """One item of the list, with the fields that the request includes."""

    title: NotRequired[str | None]
    """its name, as people read it"""
    description: NotRequired[str | None]
    """what it is, in words; its words are compared with those of other items"""
    url: NotRequired[str | None]
    """link to its page"""
    image_url: NotRequired[str | None]
    """link to its picture"""
    categories: NotRequired[list[str] | None]
    """kinds of items that it belongs to, such as the shelves of a shop"""
    tags: NotRequired[list[str] | None]
    """labels besides the categories"""
    price: NotRequired[float | None]
    """price, in the currency of the shop"""
    attributes: NotRequired[dict[str, Any] | None]
    """other properties, as a JSON object"""
    hidden: NotRequired[bool | None]
    """a hidden item is never recommended"""
    available_from: NotRequired[str | None]
    """not recommended before this time"""
    available_until: NotRequired[str | None]
    """not recommended from this time on"""
    item_id: str
    """id of the item"""
    score: float
    """comparable within one response only"""
    rank: int
    """1 for the best; continues across the pages of a list"""
    explanation: NotRequired[str | None]
    """with `explain` only: the words of the strongest reason that has some, to show to the user"""
    reasons: NotRequired[list[Reason] | None]
    """with `explain` only"""


class Reference(TypedDict):
    """A value that is looked up when a request is made: of the user, or of the item that a list is for.

    Where the user has no such attribute, the comparison is left out.
    """

    user: NotRequired[str | None]
    """an attribute of the user, a dot for each level"""
    item: NotRequired[str | None]
    """a field of the item that the list is for"""
    times: NotRequired[float | None]
    """multiplies a number"""


class RequestRecord(TypedDict):
    """The context that was recorded with a request."""

    request_id: str
    """`request_id` of the answer"""
    timestamp: str
    """when it was made"""
    context: dict[str, Any]
    """what was sent as `context`"""


class RotateIn(TypedDict):
    """How a key is replaced."""

    grace_hours: NotRequired[float]
    """hours for which the old key still holds"""


class Row(TypedDict):
    """One row of a page."""

    scenario: str
    """name of the scenario"""
    variant: str | None
    """the variant that was used; null for a scenario without variants"""
    user_id: str | None
    """whom the list is for; null for anybody"""
    item_id: str | None
    """the item that the list is for; null if it is for none"""
    query: str | None
    """the words that were searched for; null for other kinds than `search`"""
    items: list[RecommendedItem]
    """the items, the best first"""
    strategy: Literal[
        "personalized", "session", "preferences", "popular", "none", "similar", "trending", "newest", "search"
    ]
    """what the first items are based on; `none` when the list is empty"""
    bundle_version: str | None
    """the bundle in use; null if there is none"""
    next_cursor: str | None
    """send it as `cursor` for the next page of this list; null at the end of the list"""
    reason: str | None
    """why the list is empty, or has other items than requested; null otherwise"""
    degraded: Literal["deadline", "database", "stale"] | None
    """`deadline`: the network was skipped; `database`: the history or the fields of items could not be read;
    `stale`: changes by other processes may be missing
    """
    request_id: str
    """send it with the interactions that result from this list"""
    each: Literal["category", "brand"] | None
    """what the row is one of; null for a scenario alone"""
    value: str | None
    """the category or brand of the row; null for a scenario alone"""


class RowIn(TypedDict):
    """One row of a page."""

    scenario: NotRequired[str | None]
    """the scenario of the row; `home` for rows of categories or brands"""
    each: NotRequired[Literal["category", "brand"] | None]
    """one row for each of the categories, or values of `attributes.brand`, that fit the user best"""
    rows: NotRequired[int]
    """how many rows `each` gives, at most"""
    limit: NotRequired[int | None]
    """replaces the scenario's value"""
    item_id: NotRequired[str | None]
    """the item of the row, for the kind `item`"""
    at_least: NotRequired[int]
    """a row with fewer items is left out"""


class RowsStored(TypedDict):
    """The result of a batch; stored rows are committed."""

    stored: int
    """rows that were stored; of several rows with the same id only the last one is"""
    refused: int
    """rows that were not stored; `errors` has one entry for each of the first 100"""
    errors: list[FieldError]
    """what is wrong with each row that was refused, the first 100"""
    refused_rows: NotRequired[list[int]]
    """the rows that were refused, from 0; absent where they are 100 or fewer"""


class Scenario(TypedDict):
    """A scenario as it is in force."""

    kind: NotRequired[
        Literal["user", "item", "cart", "popular", "trending", "again", "continue", "newest", "categories", "search"]
    ]
    """`user`: recommendations for the user or session; `item`: items similar to `item_id`; `cart`: items similar
    to `session_items`, what completes a cart; `popular`, `trending`; `again`: what the user reached the goal
    with before; `continue`: what the user began and did not finish; `newest`: items by the time they came;
    `categories`: the best item of each category; `search`: items that match `q`, not as a fallback
    """
    fallback: NotRequired[
        list[
            Literal[
                "user", "item", "cart", "popular", "trending", "again", "continue", "newest", "categories", "search"
            ]
        ]
    ]
    """kinds that fill a short list, in turn"""
    limit: NotRequired[int]
    """length of the list, at most"""
    method: NotRequired[str | None]
    """of `item` and `cart`, as for similar items: by default `blend`, of a cart `bought_together`"""
    window: NotRequired[Literal["all", "1d", "7d", "30d", "90d"] | None]
    """of `popular` and `trending`, as in the calls of these names"""
    goal: NotRequired[str | None]
    """what counts as success, for bundles that are trained for several goals: one of them; the first by default"""
    filter: NotRequired[FilterOut | None]
    """only items that match; may refer to the user and the item"""
    boosts: NotRequired[list[BoostOut]]
    """items whose scores are raised"""
    buries: NotRequired[list[BoostOut]]
    """items whose scores are lowered"""
    pins: NotRequired[list[PinIn]]
    """items at fixed positions"""
    exclude: NotRequired[list[str]]
    """items to leave out"""
    exclude_seen: NotRequired[bool | list[str] | None]
    """leave out items of the user's history: all, none, or those with events of these types"""
    diversity: NotRequired[float]
    """0 keeps the order of the scores; towards 1 the items of the list are less similar to one another"""
    rotation: NotRequired[float | None]
    """how far items sink that the user was shown several times and passed over; 0 for none, by default
    `BRAID_ROTATION`
    """
    new_item_share: NotRequired[float | None]
    """share of a `user` list kept for new items; `BRAID_NEW_ITEM_SHARE` if null"""
    min_score: NotRequired[float | None]
    """leave out items with a score below this, but not pinned ones"""
    include: NotRequired[list[str]]
    """fields of the catalogue to return with each item: their names, in one text with commas or in several, or
    `*` for all; vectors are never among the attributes
    """
    explain: NotRequired[bool]
    """give the reasons why each item is in the list"""
    language: NotRequired[str | None]
    """language of the explanations, a tag such as `de` or `de-AT`; English for one that is not known"""
    deadline_ms: NotRequired[int | None]
    """milliseconds after which the network of a `user` list is skipped; `BRAID_DEADLINE_MS` if null"""
    description: NotRequired[str | None]
    """for people; nothing reads it"""
    overrides: NotRequired[
        list[
            Literal[
                "limit",
                "include",
                "exclude",
                "filter",
                "boosts",
                "diversity",
                "goal",
                "exclude_seen",
                "min_score",
                "explain",
            ]
        ]
    ]
    """what a request may override; all of these by default"""
    variants: NotRequired[list[Variant]]
    """definitions to compare; users are assigned by a hash of their id"""
    salt: NotRequired[str | None]
    """a new salt assigns the users anew; by default the scenario's name"""
    name: str
    """its name, as in the path"""
    version: int
    """counts the changes of a stored scenario, from 1; 0 for others"""
    source: Literal["api", "file", "default"]
    """where its definition is from"""
    changed_at: NotRequired[str | None]
    """when it was stored; absent if it is not in the database"""


class ScenarioAnswer(TypedDict):
    """The list of a scenario."""

    scenario: str
    """name of the scenario"""
    variant: str | None
    """the variant that was used; null for a scenario without variants"""
    user_id: str | None
    """whom the list is for; null for anybody"""
    item_id: str | None
    """the item that the list is for; null if it is for none"""
    query: str | None
    """the words that were searched for; null for other kinds than `search`"""
    items: list[RecommendedItem]
    """the items, the best first"""
    strategy: Literal[
        "personalized", "session", "preferences", "popular", "none", "similar", "trending", "newest", "search"
    ]
    """what the first items are based on; `none` when the list is empty"""
    bundle_version: str | None
    """the bundle in use; null if there is none"""
    next_cursor: str | None
    """send it as `cursor` for the next page of this list; null at the end of the list"""
    reason: str | None
    """why the list is empty, or has other items than requested; null otherwise"""
    degraded: Literal["deadline", "database", "stale"] | None
    """`deadline`: the network was skipped; `database`: the history or the fields of items could not be read;
    `stale`: changes by other processes may be missing
    """
    request_id: str
    """send it with the interactions that result from this list"""


class ScenarioCounts(TypedDict):
    """Counts of lists of one scenario; null for lists without a scenario."""

    impressions: int
    """items that were shown, each once a list"""
    clicks: int
    """impressions that were clicked or viewed"""
    conversions: int
    """impressions that were purchased"""
    revenue: float
    """of the conversions"""
    click_through_rate: Rate | None
    """clicks by impressions"""
    conversion_rate: Rate | None
    """conversions by impressions"""
    scenario: str | None
    """name of the scenario"""


class ScenarioIn(TypedDict):
    """A scenario without its name: a definition, and what a request or a test may change of it."""

    kind: NotRequired[
        Literal["user", "item", "cart", "popular", "trending", "again", "continue", "newest", "categories", "search"]
    ]
    """`user`: recommendations for the user or session; `item`: items similar to `item_id`; `cart`: items similar
    to `session_items`, what completes a cart; `popular`, `trending`; `again`: what the user reached the goal
    with before; `continue`: what the user began and did not finish; `newest`: items by the time they came;
    `categories`: the best item of each category; `search`: items that match `q`, not as a fallback
    """
    fallback: NotRequired[
        list[
            Literal[
                "user", "item", "cart", "popular", "trending", "again", "continue", "newest", "categories", "search"
            ]
        ]
    ]
    """kinds that fill a short list, in turn"""
    limit: NotRequired[int]
    """length of the list, at most"""
    method: NotRequired[str | None]
    """of `item` and `cart`, as for similar items: by default `blend`, of a cart `bought_together`"""
    window: NotRequired[Literal["all", "1d", "7d", "30d", "90d"] | None]
    """of `popular` and `trending`, as in the calls of these names"""
    goal: NotRequired[str | None]
    """what counts as success, for bundles that are trained for several goals: one of them; the first by default"""
    filter: NotRequired[Filter | None]
    """only items that match; may refer to the user and the item"""
    boosts: NotRequired[list[BoostIn]]
    """items whose scores are raised"""
    buries: NotRequired[list[BoostIn]]
    """items whose scores are lowered"""
    pins: NotRequired[list[PinIn]]
    """items at fixed positions"""
    exclude: NotRequired[list[str]]
    """items to leave out"""
    exclude_seen: NotRequired[bool | list[str] | None]
    """leave out items of the user's history: all, none, or those with events of these types"""
    diversity: NotRequired[float]
    """0 keeps the order of the scores; towards 1 the items of the list are less similar to one another"""
    rotation: NotRequired[float | None]
    """how far items sink that the user was shown several times and passed over; 0 for none, by default
    `BRAID_ROTATION`
    """
    new_item_share: NotRequired[float | None]
    """share of a `user` list kept for new items; `BRAID_NEW_ITEM_SHARE` if null"""
    min_score: NotRequired[float | None]
    """leave out items with a score below this, but not pinned ones"""
    include: NotRequired[list[str]]
    """fields of the catalogue to return with each item: their names, in one text with commas or in several, or
    `*` for all; vectors are never among the attributes
    """
    explain: NotRequired[bool]
    """give the reasons why each item is in the list"""
    language: NotRequired[str | None]
    """language of the explanations, a tag such as `de` or `de-AT`; English for one that is not known"""
    deadline_ms: NotRequired[int | None]
    """milliseconds after which the network of a `user` list is skipped; `BRAID_DEADLINE_MS` if null"""
    description: NotRequired[str | None]
    """for people; nothing reads it"""
    overrides: NotRequired[
        list[
            Literal[
                "limit",
                "include",
                "exclude",
                "filter",
                "boosts",
                "diversity",
                "goal",
                "exclude_seen",
                "min_score",
                "explain",
            ]
        ]
    ]
    """what a request may override; all of these by default"""
    variants: NotRequired[list[Variant]]
    """definitions to compare; users are assigned by a hash of their id"""
    salt: NotRequired[str | None]
    """a new salt assigns the users anew; by default the scenario's name"""


class ScenarioList(TypedDict):
    """All scenarios."""

    items: list[Scenario]
    """ordered by name"""


class ScenarioPut(TypedDict):
    """A scenario to store; what `GET` adds to it is left out."""

    kind: NotRequired[
        Literal["user", "item", "cart", "popular", "trending", "again", "continue", "newest", "categories", "search"]
    ]
    """`user`: recommendations for the user or session; `item`: items similar to `item_id`; `cart`: items similar
    to `session_items`, what completes a cart; `popular`, `trending`; `again`: what the user reached the goal
    with before; `continue`: what the user began and did not finish; `newest`: items by the time they came;
    `categories`: the best item of each category; `search`: items that match `q`, not as a fallback
    """
    fallback: NotRequired[
        list[
            Literal[
                "user", "item", "cart", "popular", "trending", "again", "continue", "newest", "categories", "search"
            ]
        ]
    ]
    """kinds that fill a short list, in turn"""
    limit: NotRequired[int]
    """length of the list, at most"""
    method: NotRequired[str | None]
    """of `item` and `cart`, as for similar items: by default `blend`, of a cart `bought_together`"""
    window: NotRequired[Literal["all", "1d", "7d", "30d", "90d"] | None]
    """of `popular` and `trending`, as in the calls of these names"""
    goal: NotRequired[str | None]
    """what counts as success, for bundles that are trained for several goals: one of them; the first by default"""
    filter: NotRequired[Filter | None]
    """only items that match; may refer to the user and the item"""
    boosts: NotRequired[list[BoostIn]]
    """items whose scores are raised"""
    buries: NotRequired[list[BoostIn]]
    """items whose scores are lowered"""
    pins: NotRequired[list[PinIn]]
    """items at fixed positions"""
    exclude: NotRequired[list[str]]
    """items to leave out"""
    exclude_seen: NotRequired[bool | list[str] | None]
    """leave out items of the user's history: all, none, or those with events of these types"""
    diversity: NotRequired[float]
    """0 keeps the order of the scores; towards 1 the items of the list are less similar to one another"""
    rotation: NotRequired[float | None]
    """how far items sink that the user was shown several times and passed over; 0 for none, by default
    `BRAID_ROTATION`
    """
    new_item_share: NotRequired[float | None]
    """share of a `user` list kept for new items; `BRAID_NEW_ITEM_SHARE` if null"""
    min_score: NotRequired[float | None]
    """leave out items with a score below this, but not pinned ones"""
    include: NotRequired[list[str]]
    """fields of the catalogue to return with each item: their names, in one text with commas or in several, or
    `*` for all; vectors are never among the attributes
    """
    explain: NotRequired[bool]
    """give the reasons why each item is in the list"""
    language: NotRequired[str | None]
    """language of the explanations, a tag such as `de` or `de-AT`; English for one that is not known"""
    deadline_ms: NotRequired[int | None]
    """milliseconds after which the network of a `user` list is skipped; `BRAID_DEADLINE_MS` if null"""
    description: NotRequired[str | None]
    """for people; nothing reads it"""
    overrides: NotRequired[
        list[
            Literal[
                "limit",
                "include",
                "exclude",
                "filter",
                "boosts",
                "diversity",
                "goal",
                "exclude_seen",
                "min_score",
                "explain",
            ]
        ]
    ]
    """what a request may override; all of these by default"""
    variants: NotRequired[list[Variant]]
    """definitions to compare; users are assigned by a hash of their id"""
    salt: NotRequired[str | None]
    """a new salt assigns the users anew; by default the scenario's name"""


class Schema(TypedDict):
    """Attributes of items and of users by name; what is not declared is inferred from its values.

    A name is that of a value in `attributes`, on its first level.
    """

    items: NotRequired[dict[str, Attribute]]
    """attributes of items, by name"""
    users: NotRequired[dict[str, Attribute]]
    """attributes of users, by name"""


class SchemaReport(TypedDict):
    """The attributes of items and users."""

    source: Literal["file", "api", "none"]
    """where the declared schema is from"""
    declared: Schema
    """the declared schema, in the form of `PUT /schema`"""
    items: list[AttributeReport]
    """attributes of items: the declared ones, then the others by name"""
    users: list[AttributeReport]
    """attributes of users, in the same order"""
    looked_at: dict[str, int]
    """how many items and users were looked at: 5,000 at most, spread evenly over their ids"""
    stored: dict[str, int]
    """how many items and users there are"""


class SearchIn(TypedDict):
    """A search, with filters, boosts, pins and preferences."""

    limit: NotRequired[int | None]
    """default 10; with `candidates` their number, at most 100"""
    exclude_seen: NotRequired[bool | list[str] | None]
    """leave out items of the user's history: all (true), none (false), or those with events of these types; by
    default those that reached the bundle's goal, and none with `candidates`
    """
    exclude: NotRequired[list[str]]
    """items to leave out"""
    filter: NotRequired[Filter | None]
    """only items that match"""
    boosts: NotRequired[list[BoostIn]]
    """items whose scores are raised"""
    buries: NotRequired[list[BoostIn]]
    """items whose scores are lowered"""
    pins: NotRequired[list[PinIn]]
    """items at fixed positions"""
    candidates: NotRequired[list[str] | None]
    """rank these items and no others"""
    preferences: NotRequired[list[Preference]]
    """weighted preferences, for example a target price"""
    diversity: NotRequired[float]
    """0 keeps the order of the scores; towards 1 the items of the list are less similar to one another"""
    rotation: NotRequired[float | None]
    """how far items sink that the user was shown several times and passed over; 0 for none, by default
    `BRAID_ROTATION`
    """
    explain: NotRequired[bool]
    """give the reasons why each item is in the list"""
    language: NotRequired[str | None]
    """language of the explanations, a tag such as `de` or `de-AT`; English for one that is not known"""
    goal: NotRequired[str | None]
    """what counts as success, for bundles that are trained for several goals: one of them; the first by default"""
    include: NotRequired[list[str]]
    """fields of the catalogue to return with each item: their names, in one text with commas or in several, or
    `*` for all; vectors are never among the attributes
    """
    min_score: NotRequired[float | None]
    """leave out items with a score below this, but not pinned ones"""
    context: NotRequired[dict[str, Any] | None]
    """a JSON object of at most 50 names and 4 KiB, for example with the device: read as the contexts of
    interactions are, and stored with the request, except in a batch
    """
    user_id: NotRequired[str | None]
    """absent for an anonymous session"""
    session_items: NotRequired[list[str]]
    """items viewed in this session, oldest first; they count as views and are not stored"""
    attributes: NotRequired[dict[str, Any] | None]
    """attributes of the user, for example of an anonymous one: read with those of the profile, before them where
    both have a name, and not stored
    """
    cursor: NotRequired[str | None]
    """`next_cursor` of the page before; `none` for a list of one page, whose answer has no cursor"""
    q: str
    """words that must all occur in title, description, categories or tags, the last one as the beginning of a
    word; all but letters and digits separates words
    """


class Segment(TypedDict):
    """One value of the field."""

    value: str
    """the category, tag or value of the attribute"""
    score: float
    """how much of the user's recommendations has it, the first ones most; comparable within one response only"""
    rank: int
    """1 for the best"""
    item_ids: list[str]
    """up to 3 items that stand for it, the best first"""


class Segments(TypedDict):
    """The values of a field that fit a user best."""

    user_id: str
    """the user of the request"""
    field: str
    """the field of the request"""
    items: list[Segment]
    """the values, the best first"""
    strategy: Literal[
        "personalized", "session", "preferences", "popular", "none", "similar", "trending", "newest", "search"
    ]
    """what the recommendations are based on: `popular` without a history, `none` for an empty list"""
    bundle_version: str | None
    """the bundle that ranked them; null if none did"""
    next_cursor: str | None
    """always null: there is one page"""
    reason: str | None
    """why the list is empty; null if it is not"""
    degraded: Literal["deadline", "database", "stale"] | None
    """`deadline`: the network was skipped; `database`: the history or the fields of items could not be read;
    `stale`: changes by other processes may be missing
    """
    request_id: str
    """send it with the interactions that result from this list"""


class SimilarItems(TypedDict):
    """Items that are similar to an item, by content, by common users or by common visits."""

    item_id: NotRequired[str | None]
    """the item; null where there are several"""
    item_ids: NotRequired[list[str] | None]
    """the items, where there are several"""
    user_id: str | None
    """whom the list is for; null for anybody"""
    method: str
    """the method that was asked for"""
    items: list[RecommendedItem]
    """the best first, never the item itself"""
    strategy: Literal["similar", "trending", "popular", "none"]
    """`trending` or `popular` if no similar item is known; `none` if there are none of these either"""
    bundle_version: str | None
    """the bundle that was used; null if there is none yet"""
    next_cursor: str | None
    """send it as `cursor` for the next page of this list; null at the end of the list"""
    reason: str | None
    """why the list is empty, or has other items than requested; null otherwise"""
    degraded: Literal["deadline", "database", "stale"] | None
    """`deadline`: the network was skipped; `database`: the history or the fields of items could not be read;
    `stale`: changes by other processes may be missing
    """
    request_id: str
    """send it with the interactions that result from this list"""


class SimilarItemsIn(TypedDict):
    """A request for items that are similar to one."""

    limit: NotRequired[int | None]
    """default 10; with `candidates` their number, at most 100"""
    exclude_seen: NotRequired[bool | list[str] | None]
    """leave out items of the user's history: all (true), none (false), or those with events of these types; by
    default those that reached the bundle's goal, and none with `candidates`
    """
    exclude: NotRequired[list[str]]
    """items to leave out"""
    filter: NotRequired[Filter | None]
    """only items that match"""
    boosts: NotRequired[list[BoostIn]]
    """items whose scores are raised"""
    buries: NotRequired[list[BoostIn]]
    """items whose scores are lowered"""
    pins: NotRequired[list[PinIn]]
    """items at fixed positions"""
    candidates: NotRequired[list[str] | None]
    """rank these items and no others"""
    preferences: NotRequired[list[Preference]]
    """weighted preferences, for example a target price"""
    diversity: NotRequired[float]
    """0 keeps the order of the scores; towards 1 the items of the list are less similar to one another"""
    rotation: NotRequired[float | None]
    """how far items sink that the user was shown several times and passed over; 0 for none, by default
    `BRAID_ROTATION`
    """
    explain: NotRequired[bool]
    """give the reasons why each item is in the list"""
    language: NotRequired[str | None]
    """language of the explanations, a tag such as `de` or `de-AT`; English for one that is not known"""
    goal: NotRequired[str | None]
    """what counts as success, for bundles that are trained for several goals: one of them; the first by default"""
    include: NotRequired[list[str]]
    """fields of the catalogue to return with each item: their names, in one text with commas or in several, or
    `*` for all; vectors are never among the attributes
    """
    min_score: NotRequired[float | None]
    """leave out items with a score below this, but not pinned ones"""
    context: NotRequired[dict[str, Any] | None]
    """a JSON object of at most 50 names and 4 KiB, for example with the device: read as the contexts of
    interactions are, and stored with the request, except in a batch
    """
    user_id: NotRequired[str | None]
    """absent for an anonymous session"""
    session_items: NotRequired[list[str]]
    """items viewed in this session, oldest first; they count as views and are not stored"""
    attributes: NotRequired[dict[str, Any] | None]
    """attributes of the user, for example of an anonymous one: read with those of the profile, before them where
    both have a name, and not stored
    """
    cursor: NotRequired[str | None]
    """`next_cursor` of the page before; `none` for a list of one page, whose answer has no cursor"""
    method: NotRequired[str]
    """`blend`, of users and descriptions by how much is known of the items; one method: `item_knn`, `content`,
    `successor`, and `ease` or `spectral` if the bundle has them; or what happened in one visit:
    `bought_together`, `viewed_together`, `viewed_then_bought`
    """


class SimilarToSeveralIn(TypedDict):
    """A request for items that are similar to several, such as those in a cart."""

    limit: NotRequired[int | None]
    """default 10; with `candidates` their number, at most 100"""
    exclude_seen: NotRequired[bool | list[str] | None]
    """leave out items of the user's history: all (true), none (false), or those with events of these types; by
    default those that reached the bundle's goal, and none with `candidates`
    """
    exclude: NotRequired[list[str]]
    """items to leave out"""
    filter: NotRequired[Filter | None]
    """only items that match"""
    boosts: NotRequired[list[BoostIn]]
    """items whose scores are raised"""
    buries: NotRequired[list[BoostIn]]
    """items whose scores are lowered"""
    pins: NotRequired[list[PinIn]]
    """items at fixed positions"""
    candidates: NotRequired[list[str] | None]
    """rank these items and no others"""
    preferences: NotRequired[list[Preference]]
    """weighted preferences, for example a target price"""
    diversity: NotRequired[float]
    """0 keeps the order of the scores; towards 1 the items of the list are less similar to one another"""
    rotation: NotRequired[float | None]
    """how far items sink that the user was shown several times and passed over; 0 for none, by default
    `BRAID_ROTATION`
    """
    explain: NotRequired[bool]
    """give the reasons why each item is in the list"""
    language: NotRequired[str | None]
    """language of the explanations, a tag such as `de` or `de-AT`; English for one that is not known"""
    goal: NotRequired[str | None]
    """what counts as success, for bundles that are trained for several goals: one of them; the first by default"""
    include: NotRequired[list[str]]
    """fields of the catalogue to return with each item: their names, in one text with commas or in several, or
    `*` for all; vectors are never among the attributes
    """
    min_score: NotRequired[float | None]
    """leave out items with a score below this, but not pinned ones"""
    context: NotRequired[dict[str, Any] | None]
    """a JSON object of at most 50 names and 4 KiB, for example with the device: read as the contexts of
    interactions are, and stored with the request, except in a batch
    """
    user_id: NotRequired[str | None]
    """absent for an anonymous session"""
    session_items: NotRequired[list[str]]
    """items viewed in this session, oldest first; they count as views and are not stored"""
    attributes: NotRequired[dict[str, Any] | None]
    """attributes of the user, for example of an anonymous one: read with those of the profile, before them where
    both have a name, and not stored
    """
    cursor: NotRequired[str | None]
    """`next_cursor` of the page before; `none` for a list of one page, whose answer has no cursor"""
    method: NotRequired[str]
    """`blend`, of users and descriptions by how much is known of the items; one method: `item_knn`, `content`,
    `successor`, and `ease` or `spectral` if the bundle has them; or what happened in one visit:
    `bought_together`, `viewed_together`, `viewed_then_bought`
    """
    item_ids: list[str]
    """the items; likeness is summed over them, and none of them is in the list"""


class SimilarUser(TypedDict):
    """One user of the list."""

    user_id: str
    """id of the user"""
    similarity: float
    """similarity of the two histories, by the measure that training chose"""
    rank: int
    """1 for the most similar"""


class SimilarUsers(TypedDict):
    """Users whose history is similar to that of a user."""

    user_id: str
    """id of the user"""
    method: str
    """the method that was asked for"""
    items: list[SimilarUser]
    """users of the bundle, without the requested user"""
    bundle_version: str | None
    """the bundle that was used; null if there is none yet"""
    next_cursor: str | None
    """always null: there is one page"""
    reason: str | None
    """why the list is empty; null if it is not"""


class StrategyCounts(TypedDict):
    """Counts of lists of one strategy; `unknown` if Braid has served no such list."""

    impressions: int
    """items that were shown, each once a list"""
    clicks: int
    """impressions that were clicked or viewed"""
    conversions: int
    """impressions that were purchased"""
    revenue: float
    """of the conversions"""
    click_through_rate: Rate | None
    """clicks by impressions"""
    conversion_rate: Rate | None
    """conversions by impressions"""
    strategy: str
    """what the lists were based on"""


class TrainingJob(TypedDict):
    """The progress of a training job."""

    job_id: str
    """id of the job"""
    kind: str
    """`full` chooses all settings; `refresh` keeps those of the active bundle, and its network; `again` repeats
    the run that made `from_manifest`
    """
    origin: Literal["api", "command", "schedule", "threshold"]
    """what added the job"""
    status: Literal["queued", "running", "succeeded", "refused", "failed", "cancelled"]
    """`refused`: the bundle was published, but the gate refused to activate it"""
    attempts: int
    """how often a worker has started it; when a worker dies, another one restarts its job"""
    cancelling: bool
    """whether it is about to be cancelled"""
    phase: str | None
    """what it does now; null before it starts"""
    progress: float | None
    """progress of the phase, 0 to 1"""
    seed: int
    """seed of a full run"""
    budget: float | None
    """approximate seconds of processor time for choosing settings in a full run, a day at most"""
    from_manifest: str | None
    """version of the bundle to reproduce"""
    bundle_version: str | None
    """version of the bundle that it publishes"""
    reason: str | None
    """why it was refused, or failed"""
    created_at: str
    """when it was added"""
    started_at: str | None
    """when a worker first started it; null before"""
    finished_at: str | None
    """when it ended; null before"""


class TrainingJobIn(TypedDict):
    """The parameters of a training job."""

    kind: NotRequired[Literal["full", "refresh", "again"]]
    """`full` chooses all settings; `refresh` keeps those of the active bundle, and its network; `again` repeats
    the run that made `from_manifest`
    """
    seed: NotRequired[int]
    """seed of a full run"""
    budget: NotRequired[float | None]
    """approximate seconds of processor time for choosing settings in a full run, a day at most"""
    from_manifest: NotRequired[str | None]
    """version of the bundle to reproduce"""


class TrainingJobWithLog(TypedDict):
    """A training job and its log."""

    job_id: str
    """id of the job"""
    kind: str
    """`full` chooses all settings; `refresh` keeps those of the active bundle, and its network; `again` repeats
    the run that made `from_manifest`
    """
    origin: Literal["api", "command", "schedule", "threshold"]
    """what added the job"""
    status: Literal["queued", "running", "succeeded", "refused", "failed", "cancelled"]
    """`refused`: the bundle was published, but the gate refused to activate it"""
    attempts: int
    """how often a worker has started it; when a worker dies, another one restarts its job"""
    cancelling: bool
    """whether it is about to be cancelled"""
    phase: str | None
    """what it does now; null before it starts"""
    progress: float | None
    """progress of the phase, 0 to 1"""
    seed: int
    """seed of a full run"""
    budget: float | None
    """approximate seconds of processor time for choosing settings in a full run, a day at most"""
    from_manifest: str | None
    """version of the bundle to reproduce"""
    bundle_version: str | None
    """version of the bundle that it publishes"""
    reason: str | None
    """why it was refused, or failed"""
    created_at: str
    """when it was added"""
    started_at: str | None
    """when a worker first started it; null before"""
    finished_at: str | None
    """when it ended; null before"""
    log: list[LogLine]
    """the lines of its log, oldest first"""


class TrainingJobsPage(TypedDict):
    """A page of training jobs, newest first."""

    items: list[TrainingJob]
    """the jobs of the page"""
    next_cursor: str | None
    """send it as `cursor` for the next page; null at the end of the list"""


class TrendingIn(TypedDict):
    """A request for trending items."""

    limit: NotRequired[int | None]
    """default 10; with `candidates` their number, at most 100"""
    exclude_seen: NotRequired[bool | list[str] | None]
    """leave out items of the user's history: all (true), none (false), or those with events of these types; by
    default those that reached the bundle's goal, and none with `candidates`
    """
    exclude: NotRequired[list[str]]
    """items to leave out"""
    filter: NotRequired[Filter | None]
    """only items that match"""
    boosts: NotRequired[list[BoostIn]]
    """items whose scores are raised"""
    buries: NotRequired[list[BoostIn]]
    """items whose scores are lowered"""
    pins: NotRequired[list[PinIn]]
    """items at fixed positions"""
    candidates: NotRequired[list[str] | None]
    """rank these items and no others"""
    preferences: NotRequired[list[Preference]]
    """weighted preferences, for example a target price"""
    diversity: NotRequired[float]
    """0 keeps the order of the scores; towards 1 the items of the list are less similar to one another"""
    rotation: NotRequired[float | None]
    """how far items sink that the user was shown several times and passed over; 0 for none, by default
    `BRAID_ROTATION`
    """
    explain: NotRequired[bool]
    """give the reasons why each item is in the list"""
    language: NotRequired[str | None]
    """language of the explanations, a tag such as `de` or `de-AT`; English for one that is not known"""
    goal: NotRequired[str | None]
    """what counts as success, for bundles that are trained for several goals: one of them; the first by default"""
    include: NotRequired[list[str]]
    """fields of the catalogue to return with each item: their names, in one text with commas or in several, or
    `*` for all; vectors are never among the attributes
    """
    min_score: NotRequired[float | None]
    """leave out items with a score below this, but not pinned ones"""
    context: NotRequired[dict[str, Any] | None]
    """a JSON object of at most 50 names and 4 KiB, for example with the device: read as the contexts of
    interactions are, and stored with the request, except in a batch
    """
    user_id: NotRequired[str | None]
    """absent for an anonymous session"""
    session_items: NotRequired[list[str]]
    """items viewed in this session, oldest first; they count as views and are not stored"""
    attributes: NotRequired[dict[str, Any] | None]
    """attributes of the user, for example of an anonymous one: read with those of the profile, before them where
    both have a name, and not stored
    """
    cursor: NotRequired[str | None]
    """`next_cursor` of the page before; `none` for a list of one page, whose answer has no cursor"""
    window: NotRequired[Literal["1d", "7d", "30d", "90d"]]
    """half-life of an interaction's weight"""


class Unmerged(TypedDict):
    """A merge that was undone."""

    user_id: str
    """id of the user who was merged"""
    into: str
    """id of the user that it was merged into"""
    moved: int
    """interactions that moved back"""


class User(TypedDict):
    """A user as stored."""

    attributes: NotRequired[dict[str, Any]]
    """properties of the user, as a JSON object"""
    user_id: str
    """id of the user"""


class UserExport(TypedDict):
    """All data stored about a user."""

    user_id: str
    """id of the user"""
    attributes: dict[str, Any] | None
    """the profile; null if there is none"""
    merges: list[MergeRecord]
    """users that were merged into this one"""
    requests: list[RequestRecord]
    """requests whose context was recorded"""
    interactions: list[Interaction]
    """the user's interactions"""


class UserIn(TypedDict):
    """A user's profile; absent fields are empty."""

    attributes: NotRequired[dict[str, Any]]
    """properties of the user, as a JSON object"""


class UserPatch(TypedDict):
    """Changes to a user (JSON merge patch, RFC 7396): attributes are merged; null removes one."""

    attributes: NotRequired[dict[str, Any] | None]
    """null removes all"""


class UsersPage(TypedDict):
    """A page of users, ordered by id."""

    items: list[User]
    """the users of the page"""
    next_cursor: str | None
    """send it as `cursor` for the next page; null at the end of the list"""


class Variant(TypedDict):
    """One of several definitions that are tried beside each other."""

    name: str
    """its name, of its own within the scenario"""
    share: float
    """share of the users that get it; the shares add up to 1"""
    changes: NotRequired[dict[str, Any]]
    """fields of the definition that differ from those of the scenario"""


class VariantCounts(TypedDict):
    """Counts of lists of one variant of a scenario."""

    impressions: int
    """items that were shown, each once a list"""
    clicks: int
    """impressions that were clicked or viewed"""
    conversions: int
    """impressions that were purchased"""
    revenue: float
    """of the conversions"""
    click_through_rate: Rate | None
    """clicks by impressions"""
    conversion_rate: Rate | None
    """conversions by impressions"""
    scenario: str | None
    """name of the scenario"""
    variant: str
    """name of the variant"""
    users: int
    """users who saw a list of the variant"""
    revenue_per_user: NotRequired[Mean | None]
    """revenue of the conversions by user who saw a list of the variant; null for less than 2 users"""
