"""The methods of `AsyncBraid`, one for each operation.

Written by `make clients` from docs/openapi.json: change that, not this."""

from typing import Any, Literal, Unpack

from braid_client.generated import operations
from braid_client.models import (
    Asked,
    AuditPage,
    BundleVersion,
    BundleVersions,
    Chart,
    Found,
    ImportJob,
    InteractionIn,
    InteractionStored,
    InteractionsStored,
    Item,
    ItemIn,
    ItemPatch,
    ItemUsers,
    ItemsDeleted,
    ItemsPage,
    KeyIn,
    KeysPage,
    Live,
    LogPage,
    MergeIn,
    Merged,
    NewKey,
    OnlineMeasures,
    PageAnswer,
    PageIn,
    PopularIn,
    PreviewIn,
    Ready,
    RecommendBatchIn,
    RecommendIn,
    Recommendation,
    RecommendationBatch,
    RotateIn,
    RowsStored,
    Scenario,
    ScenarioAnswer,
    ScenarioList,
    ScenarioPut,
    Schema,
    SchemaReport,
    SearchIn,
    Segments,
    SimilarItems,
    SimilarItemsIn,
    SimilarToSeveralIn,
    SimilarUsers,
    TrainingJob,
    TrainingJobIn,
    TrainingJobWithLog,
    TrainingJobsPage,
    TrendingIn,
    Unmerged,
    User,
    UserExport,
    UserIn,
    UserPatch,
    UsersPage,
)
from braid_client.operation import Given, Operation, Upload


class AsyncCalls:
    """One method for each operation of the service, by its operation id."""

    async def _call(self, operation: Operation, given: Given) -> Any:
        raise NotImplementedError

    async def activate_bundle(self, version: str, *, force: bool | None = None) -> BundleVersion:
        """Activate a bundle; all processes switch within two seconds, and no request fails.

        Scope of the API key: `admin`.

        `force`: activate it although the gate refused it, or it is of another database.
        """
        answer: BundleVersion = await self._call(
            operations.ACTIVATE_BUNDLE, Given(path={"version": version}, query={"force": force})
        )
        return answer

    async def cancel_training_job(self, job_id: str) -> TrainingJob:
        """Cancel a training job: at once if it is queued, within seconds if it runs. The active bundle does not
        change.

        Scope of the API key: `admin`.
        """
        answer: TrainingJob = await self._call(operations.CANCEL_TRAINING_JOB, Given(path={"job_id": job_id}))
        return answer

    async def check_live(self) -> Live:
        """Answer while the process runs."""
        answer: Live = await self._call(operations.CHECK_LIVE, Given())
        return answer

    async def check_ready(self) -> Ready:
        """Check database, migrations, bundle and background loops; 503 when one of them failed.

        An admin key, or without keys this machine, is told what was found as well.
        """
        answer: Ready = await self._call(operations.CHECK_READY, Given())
        return answer

    async def delete_interaction(self, interaction_id: str) -> None:
        """Remove one interaction.

        Scope of the API key: `write`.
        """
        await self._call(operations.DELETE_INTERACTION, Given(path={"interaction_id": interaction_id}))

    async def delete_item(self, item_id: str) -> None:
        """Remove an item and its content; it is not recommended any more. Its interactions stay in the log.

        Scope of the API key: `write`.
        """
        await self._call(operations.DELETE_ITEM, Given(path={"item_id": item_id}))

    async def delete_items(
        self,
        *,
        title: str | None = None,
        category: str | None = None,
        tag: str | None = None,
        hidden: bool | None = None,
        price_gte: float | None = None,
        price_lte: float | None = None,
        item_id: list[str] | None = None,
    ) -> ItemsDeleted:
        """Delete the items that match all parameters: by their ids, up to 1,000, or by what `GET /items` takes.

        They are deleted in pages of 1,000, each in one transaction. Without any parameter nothing is deleted.

        Scope of the API key: `write`.

        `title`: items whose title has all these words, in upper or lower case, the last one as the beginning
        of a word.

        `category`: items of this category.

        `tag`: items with this tag.

        `hidden`: true: only hidden items; false: only items that are not hidden.

        `price_gte`: items of this price or more.

        `price_lte`: items of this price or less.

        `item_id`: items with one of these ids; repeat the parameter for several.
        """
        answer: ItemsDeleted = await self._call(
            operations.DELETE_ITEMS,
            Given(
                query={
                    "title": title,
                    "category": category,
                    "tag": tag,
                    "hidden": hidden,
                    "price_gte": price_gte,
                    "price_lte": price_lte,
                    "item_id": item_id,
                }
            ),
        )
        return answer

    async def delete_key(self, key_id: str) -> None:
        """Revoke an API key: within a second no process takes it.

        Scope of the API key: `admin`.
        """
        await self._call(operations.DELETE_KEY, Given(path={"key_id": key_id}))

    async def delete_scenario(self, name: str) -> None:
        """Delete a stored scenario; a built-in one of the same name is in force again.

        Scope of the API key: `admin`.
        """
        await self._call(operations.DELETE_SCENARIO, Given(path={"name": name}))

    async def erase_user(self, user_id: str) -> None:
        """Erase all data stored about a user; bundles hide the user at once, and lose it within minutes.

        Scope of the API key: `write`.
        """
        await self._call(operations.ERASE_USER, Given(path={"user_id": user_id}))

    async def export_user(self, user_id: str) -> UserExport:
        """Export all data stored about a user, in one document.

        Scope of the API key: `personal`.
        """
        answer: UserExport = await self._call(operations.EXPORT_USER, Given(path={"user_id": user_id}))
        return answer

    async def get_import(self, import_id: str) -> ImportJob:
        """Get the progress of an import.

        Scope of the API key: `admin`.
        """
        answer: ImportJob = await self._call(operations.GET_IMPORT, Given(path={"import_id": import_id}))
        return answer

    async def get_item(self, item_id: str) -> Item:
        """Get an item.

        Scope of the API key: `read`.
        """
        answer: Item = await self._call(operations.GET_ITEM, Given(path={"item_id": item_id}))
        return answer

    async def get_metrics(self) -> str:
        """Report metrics in the text format of Prometheus: jobs, bundles, online measures, drift and background
        loops.

        Scope of the API key: `metrics`.
        """
        answer: str = await self._call(operations.GET_METRICS, Given())
        return answer

    async def get_online_measures(self, *, from_: str | None = None, to: str | None = None) -> OnlineMeasures:
        """Report impressions and their click-through and conversion rates, with 95 % intervals.

        An impression is an interaction of type `shown` (or, where there is none, `recommended`) with a
        `request_id`, once for each item; `click` or `view` of the same item with the same `request_id` clicks
        it, `purchase` converts it, at any time after.

        Scope of the API key: `admin`.

        `from_`: RFC 3339 or a date, UTC; 30 days ago if absent.

        `to`: the end, exclusive, in the same form; for a date the whole day counts; now if absent.
        """
        answer: OnlineMeasures = await self._call(
            operations.GET_ONLINE_MEASURES, Given(query={"from": from_, "to": to})
        )
        return answer

    async def get_scenario(self, name: str) -> Scenario:
        """Get the scenario that is in force under a name.

        Scope of the API key: `read`.
        """
        answer: Scenario = await self._call(operations.GET_SCENARIO, Given(path={"name": name}))
        return answer

    async def get_schema(self) -> SchemaReport:
        """List the attributes of items and users, as they are declared and as they occur.

        Counts, examples and ranges are those of a sample that is spread over all of them.

        The type of an undeclared attribute is inferred; filters read its values by the same type.

        Scope of the API key: `read`.
        """
        answer: SchemaReport = await self._call(operations.GET_SCHEMA, Given())
        return answer

    async def get_training_job(self, job_id: str) -> TrainingJobWithLog:
        """Get the progress and the log of a training job; it can follow the job until its end.

        With `Accept: text/event-stream` it answers with server-sent events: `line` (with an id to resume
        from), `progress` and finally `end`.

        Scope of the API key: `admin`.
        """
        answer: TrainingJobWithLog = await self._call(operations.GET_TRAINING_JOB, Given(path={"job_id": job_id}))
        return answer

    async def get_user(self, user_id: str) -> User:
        """Get a user.

        Scope of the API key: `personal`.
        """
        answer: User = await self._call(operations.GET_USER, Given(path={"user_id": user_id}))
        return answer

    async def list_acts(self, *, limit: int | None = None, before: int | None = None) -> AuditPage:
        """List administrative acts, newest first.

        Scope of the API key: `admin`.

        `limit`: acts per page.

        `before`: list acts before this `id`.
        """
        answer: AuditPage = await self._call(operations.LIST_ACTS, Given(query={"limit": limit, "before": before}))
        return answer

    async def list_bundles(self) -> BundleVersions:
        """List the bundles that are kept, newest first; each with the gate's verdict and what activated it.

        Scope of the API key: `admin`.
        """
        answer: BundleVersions = await self._call(operations.LIST_BUNDLES, Given())
        return answer

    async def list_interactions(self, user_id: str, *, limit: int | None = None, cursor: str | None = None) -> LogPage:
        """List a user's interactions, newest first, with every stored field.

        Scope of the API key: `personal`.

        `limit`: interactions per page.

        `cursor`: `next_cursor` of the page before.
        """
        answer: LogPage = await self._call(
            operations.LIST_INTERACTIONS, Given(path={"user_id": user_id}, query={"limit": limit, "cursor": cursor})
        )
        return answer

    async def list_items(
        self,
        *,
        title: str | None = None,
        category: str | None = None,
        tag: str | None = None,
        hidden: bool | None = None,
        price_gte: float | None = None,
        price_lte: float | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> ItemsPage:
        """List the items that match all parameters, ordered by id.

        Scope of the API key: `read`.

        `title`: items whose title has all these words, in upper or lower case, the last one as the beginning
        of a word.

        `category`: items of this category.

        `tag`: items with this tag.

        `hidden`: true: only hidden items; false: only items that are not hidden.

        `price_gte`: items of this price or more.

        `price_lte`: items of this price or less.

        `limit`: items per page.

        `cursor`: `next_cursor` of the page before.
        """
        answer: ItemsPage = await self._call(
            operations.LIST_ITEMS,
            Given(
                query={
                    "title": title,
                    "category": category,
                    "tag": tag,
                    "hidden": hidden,
                    "price_gte": price_gte,
                    "price_lte": price_lte,
                    "limit": limit,
                    "cursor": cursor,
                }
            ),
        )
        return answer

    async def list_items_similar_to_several(self, **body: Unpack[SimilarToSeveralIn]) -> SimilarItems:
        """List the items that are most similar to several, such as what completes a cart.

        Scope of the API key: `read`, or `publish` for the page's own user.
        """
        answer: SimilarItems = await self._call(operations.LIST_ITEMS_SIMILAR_TO_SEVERAL, Given(body=body))
        return answer

    async def list_keys(self) -> KeysPage:
        """List all API keys, also those that have ended, without their secrets.

        Scope of the API key: `admin`.
        """
        answer: KeysPage = await self._call(operations.LIST_KEYS, Given())
        return answer

    async def list_popular_items(
        self,
        *,
        exclude_seen: bool | list[str] | None = None,
        limit: int | None = None,
        category: list[str] | None = None,
        tag: list[str] | None = None,
        exclude: list[str] | None = None,
        diversity: float | None = None,
        rotation: float | None = None,
        explain: bool | None = None,
        language: str | None = None,
        goal: str | None = None,
        include: list[str] | None = None,
        min_score: float | None = None,
        cursor: str | None = None,
        user_id: str | None = None,
        window: Literal["all", "1d", "7d", "30d", "90d"] | None = None,
    ) -> Chart:
        """List the items with the most interactions; without a bundle only those of the log are counted.

        Items without interactions come last, so that the list of a small category is complete.

        Scope of the API key: `read`, or `publish` for the page's own user.

        `exclude_seen`: leave out items of the user's history: all (`true`), none (`false`), or those with
        events of this type (repeat the parameter for several); by default those that reached the bundle's
        goal.

        `limit`: maximum length of the list.

        `category`: only items of one of these categories; repeat the parameter for several.

        `tag`: only items with one of these tags; repeat the parameter for several.

        `exclude`: items to leave out; repeat the parameter for several.

        `diversity`: 0 keeps the order of the scores; towards 1 the items of the list are less similar to one
        another.

        `rotation`: how far items sink that the user was shown several times and passed over; 0 for none, by
        default `BRAID_ROTATION`.

        `explain`: give the reasons why each item is in the list.

        `language`: language of the explanations, a tag such as `de` or `de-AT`; English for one that is not
        known.

        `goal`: what counts as success, for bundles that are trained for several goals: one of them; the first
        by default.

        `include`: fields of the catalogue to return with each item: their names, in one text with commas or
        in several, or `*` for all; vectors are never among the attributes.

        `min_score`: leave out items with a score below this, but not pinned ones.

        `cursor`: `next_cursor` of the page before; `none` for a list of one page, whose answer has no cursor.

        `user_id`: whom the list is for: seen items stay out as `exclude_seen` says, and the order fits the
        user.

        `window`: half-life of an interaction's weight; with `all` every interaction counts the same.
        """
        answer: Chart = await self._call(
            operations.LIST_POPULAR_ITEMS,
            Given(
                query={
                    "exclude_seen": exclude_seen,
                    "limit": limit,
                    "category": category,
                    "tag": tag,
                    "exclude": exclude,
                    "diversity": diversity,
                    "rotation": rotation,
                    "explain": explain,
                    "language": language,
                    "goal": goal,
                    "include": include,
                    "min_score": min_score,
                    "cursor": cursor,
                    "user_id": user_id,
                    "window": window,
                }
            ),
        )
        return answer

    async def list_popular_items_with_filters(self, **body: Unpack[PopularIn]) -> Chart:
        """List the items with the most interactions, with filters; also with boosts, pins and preferences.

        Scope of the API key: `read`, or `publish` for the page's own user.
        """
        answer: Chart = await self._call(operations.LIST_POPULAR_ITEMS_WITH_FILTERS, Given(body=body))
        return answer

    async def list_scenario_versions(self, name: str) -> ScenarioList:
        """List the versions that were put under a name, newest first.

        Scope of the API key: `read`.
        """
        answer: ScenarioList = await self._call(operations.LIST_SCENARIO_VERSIONS, Given(path={"name": name}))
        return answer

    async def list_scenarios(self) -> ScenarioList:
        """List all scenarios that are in force: those of the file, those that were put, and the built-in ones.

        Scope of the API key: `read`.
        """
        answer: ScenarioList = await self._call(operations.LIST_SCENARIOS, Given())
        return answer

    async def list_similar_items(
        self,
        item_id: str,
        *,
        exclude_seen: bool | list[str] | None = None,
        limit: int | None = None,
        category: list[str] | None = None,
        tag: list[str] | None = None,
        exclude: list[str] | None = None,
        diversity: float | None = None,
        rotation: float | None = None,
        explain: bool | None = None,
        language: str | None = None,
        goal: str | None = None,
        include: list[str] | None = None,
        min_score: float | None = None,
        cursor: str | None = None,
        user_id: str | None = None,
        method: str | None = None,
    ) -> SimilarItems:
        """List the items that are most similar to one; for a user, in an order that fits what the user likes.

        An item newer than the bundle is compared by its content. If no similar item is known, trending items
        are listed instead, and `strategy` and `reason` say so.

        Scope of the API key: `read`, or `publish` for the page's own user.

        `exclude_seen`: leave out items of the user's history: all (`true`), none (`false`), or those with
        events of this type (repeat the parameter for several); by default those that reached the bundle's
        goal.

        `limit`: maximum length of the list.

        `category`: only items of one of these categories; repeat the parameter for several.

        `tag`: only items with one of these tags; repeat the parameter for several.

        `exclude`: items to leave out; repeat the parameter for several.

        `diversity`: 0 keeps the order of the scores; towards 1 the items of the list are less similar to one
        another.

        `rotation`: how far items sink that the user was shown several times and passed over; 0 for none, by
        default `BRAID_ROTATION`.

        `explain`: give the reasons why each item is in the list.

        `language`: language of the explanations, a tag such as `de` or `de-AT`; English for one that is not
        known.

        `goal`: what counts as success, for bundles that are trained for several goals: one of them; the first
        by default.

        `include`: fields of the catalogue to return with each item: their names, in one text with commas or
        in several, or `*` for all; vectors are never among the attributes.

        `min_score`: leave out items with a score below this, but not pinned ones.

        `cursor`: `next_cursor` of the page before; `none` for a list of one page, whose answer has no cursor.

        `user_id`: whom the list is for: seen items stay out as `exclude_seen` says, and the order fits the
        user.

        `method`: `blend`, of users and descriptions by how much is known of the items; one method:
        `item_knn`, `content`, `successor`, and `ease` or `spectral` if the bundle has them; or what happened
        in one visit: `bought_together`, `viewed_together`, `viewed_then_bought`.
        """
        answer: SimilarItems = await self._call(
            operations.LIST_SIMILAR_ITEMS,
            Given(
                path={"item_id": item_id},
                query={
                    "exclude_seen": exclude_seen,
                    "limit": limit,
                    "category": category,
                    "tag": tag,
                    "exclude": exclude,
                    "diversity": diversity,
                    "rotation": rotation,
                    "explain": explain,
                    "language": language,
                    "goal": goal,
                    "include": include,
                    "min_score": min_score,
                    "cursor": cursor,
                    "user_id": user_id,
                    "method": method,
                },
            ),
        )
        return answer

    async def list_similar_items_with_filters(self, item_id: str, **body: Unpack[SimilarItemsIn]) -> SimilarItems:
        """List the items that are most similar to one, with filters; also with boosts, pins and preferences.

        A filter can refer to the item: `{'field': 'price', 'lte': {'item': 'price', 'times': 2}}`.

        Scope of the API key: `read`, or `publish` for the page's own user.
        """
        answer: SimilarItems = await self._call(
            operations.LIST_SIMILAR_ITEMS_WITH_FILTERS, Given(path={"item_id": item_id}, body=body)
        )
        return answer

    async def list_similar_users(
        self, user_id: str, *, limit: int | None = None, method: str | None = None
    ) -> SimilarUsers:
        """List the users whose histories are most similar to the user's current history.

        Only users of the last training can be found. For a user without a history the list is empty, and
        `reason` says why.

        Scope of the API key: `personal`.

        `limit`: maximum length of the list.

        `method`: `user_knn` is the only method.
        """
        answer: SimilarUsers = await self._call(
            operations.LIST_SIMILAR_USERS, Given(path={"user_id": user_id}, query={"limit": limit, "method": method})
        )
        return answer

    async def list_training_jobs(self, *, limit: int | None = None, cursor: str | None = None) -> TrainingJobsPage:
        """List training jobs, newest first.

        Scope of the API key: `admin`.

        `limit`: jobs per page.

        `cursor`: `next_cursor` of the page before.
        """
        answer: TrainingJobsPage = await self._call(
            operations.LIST_TRAINING_JOBS, Given(query={"limit": limit, "cursor": cursor})
        )
        return answer

    async def list_trending_items(
        self,
        *,
        exclude_seen: bool | list[str] | None = None,
        limit: int | None = None,
        category: list[str] | None = None,
        tag: list[str] | None = None,
        exclude: list[str] | None = None,
        diversity: float | None = None,
        rotation: float | None = None,
        explain: bool | None = None,
        language: str | None = None,
        goal: str | None = None,
        include: list[str] | None = None,
        min_score: float | None = None,
        cursor: str | None = None,
        user_id: str | None = None,
        window: Literal["1d", "7d", "30d", "90d"] | None = None,
    ) -> Chart:
        """List the items with more recent interactions than their share over all time predicts.

        Of all C interactions an item has c, and of the R that are left of them with the window's half-life it
        has r; its `score` is (r - e) / sqrt(e + 1) with e = R * c / C. Where nothing tells what is recent the
        popular items come instead, and `strategy` and `reason` say so.

        Scope of the API key: `read`, or `publish` for the page's own user.

        `exclude_seen`: leave out items of the user's history: all (`true`), none (`false`), or those with
        events of this type (repeat the parameter for several); by default those that reached the bundle's
        goal.

        `limit`: maximum length of the list.

        `category`: only items of one of these categories; repeat the parameter for several.

        `tag`: only items with one of these tags; repeat the parameter for several.

        `exclude`: items to leave out; repeat the parameter for several.

        `diversity`: 0 keeps the order of the scores; towards 1 the items of the list are less similar to one
        another.

        `rotation`: how far items sink that the user was shown several times and passed over; 0 for none, by
        default `BRAID_ROTATION`.

        `explain`: give the reasons why each item is in the list.

        `language`: language of the explanations, a tag such as `de` or `de-AT`; English for one that is not
        known.

        `goal`: what counts as success, for bundles that are trained for several goals: one of them; the first
        by default.

        `include`: fields of the catalogue to return with each item: their names, in one text with commas or
        in several, or `*` for all; vectors are never among the attributes.

        `min_score`: leave out items with a score below this, but not pinned ones.

        `cursor`: `next_cursor` of the page before; `none` for a list of one page, whose answer has no cursor.

        `user_id`: whom the list is for: seen items stay out as `exclude_seen` says, and the order fits the
        user.

        `window`: half-life of an interaction's weight.
        """
        answer: Chart = await self._call(
            operations.LIST_TRENDING_ITEMS,
            Given(
                query={
                    "exclude_seen": exclude_seen,
                    "limit": limit,
                    "category": category,
                    "tag": tag,
                    "exclude": exclude,
                    "diversity": diversity,
                    "rotation": rotation,
                    "explain": explain,
                    "language": language,
                    "goal": goal,
                    "include": include,
                    "min_score": min_score,
                    "cursor": cursor,
                    "user_id": user_id,
                    "window": window,
                }
            ),
        )
        return answer

    async def list_trending_items_with_filters(self, **body: Unpack[TrendingIn]) -> Chart:
        """List the items with a rising share of the interactions, with filters; also with boosts, pins and
        preferences.

        Scope of the API key: `read`, or `publish` for the page's own user.
        """
        answer: Chart = await self._call(operations.LIST_TRENDING_ITEMS_WITH_FILTERS, Given(body=body))
        return answer

    async def list_user_segments(
        self,
        user_id: str,
        *,
        exclude_seen: bool | list[str] | None = None,
        field: str | None = None,
        limit: int | None = None,
        goal: str | None = None,
    ) -> Segments:
        """List the categories, tags or values of an attribute that fit a user best: each with a few items.

        They are those that the user's first 100 recommendations have most; without a history, the popular
        items.

        Scope of the API key: `personal`.

        `exclude_seen`: leave out items of the user's history: all (`true`), none (`false`), or those with
        events of this type (repeat the parameter for several); by default those that reached the bundle's
        goal.

        `field`: the field whose values are listed: categories, tags, or attributes.NAME for an attribute that
        holds text (a dot for each level).

        `limit`: maximum length of the list.

        `goal`: what counts as success, for bundles that are trained for several goals: one of them; the first
        by default.
        """
        answer: Segments = await self._call(
            operations.LIST_USER_SEGMENTS,
            Given(
                path={"user_id": user_id},
                query={"exclude_seen": exclude_seen, "field": field, "limit": limit, "goal": goal},
            ),
        )
        return answer

    async def list_users(
        self, *, prefix: str | None = None, limit: int | None = None, cursor: str | None = None
    ) -> UsersPage:
        """List users ordered by id, including users without a profile.

        Scope of the API key: `personal`.

        `prefix`: users whose id begins with this.

        `limit`: users per page.

        `cursor`: `next_cursor` of the page before.
        """
        answer: UsersPage = await self._call(
            operations.LIST_USERS, Given(query={"prefix": prefix, "limit": limit, "cursor": cursor})
        )
        return answer

    async def list_users_for_item(
        self, item_id: str, *, limit: int | None = None, exclude_seen: bool | None = None
    ) -> ItemUsers:
        """List the users whom an item fits best, for a campaign: those with the most of what is similar to it.

        Only users of the last training can be found. If there are none the list is empty, and `reason` says
        why.

        Scope of the API key: `personal`.

        `limit`: maximum length of the list.

        `exclude_seen`: leave out users who have interacted with the item: all (true) or none (false); by
        default those who reached the bundle's goal with it.
        """
        answer: ItemUsers = await self._call(
            operations.LIST_USERS_FOR_ITEM,
            Given(path={"item_id": item_id}, query={"limit": limit, "exclude_seen": exclude_seen}),
        )
        return answer

    async def merge_user(self, user_id: str, **body: Unpack[MergeIn]) -> Merged:
        """Move all data of an anonymous user to a known one; repeating the call moves what has arrived since.

        Scope of the API key: `write`.
        """
        answer: Merged = await self._call(operations.MERGE_USER, Given(path={"user_id": user_id}, body=body))
        return answer

    async def patch_item(self, item_id: str, **body: Unpack[ItemPatch]) -> Item:
        """Change an item by a JSON merge patch (RFC 7396): absent fields stay as they are, null clears a field.

        Scope of the API key: `write`.
        """
        answer: Item = await self._call(operations.PATCH_ITEM, Given(path={"item_id": item_id}, body=body))
        return answer

    async def patch_user(self, user_id: str, **body: Unpack[UserPatch]) -> User:
        """Change a user by a JSON merge patch (RFC 7396).

        Scope of the API key: `write`.
        """
        answer: User = await self._call(operations.PATCH_USER, Given(path={"user_id": user_id}, body=body))
        return answer

    async def post_import(
        self,
        *,
        interactions: Upload | None = None,
        items: Upload | None = None,
        users: Upload | None = None,
        mapping: Upload | None = None,
        timestamps: Literal["seconds", "order"] | None = None,
        replace: bool | None = None,
    ) -> ImportJob:
        """Import interactions, items or users, or several of them, 4 GiB at most. `Location` reports the
        progress.

        A file is CSV of any delimiter and encoding, JSON lines or Parquet, also in .gz, .zst or .zip. Names
        of columns are recognised; a column that seems to matter and is not mapped is refused, and `mapping`
        maps or ignores it. Files that were imported before are not imported again: the response is that of
        the first import.

        Scope of the API key: `admin`.
        """
        answer: ImportJob = await self._call(
            operations.POST_IMPORT,
            Given(
                files={"interactions": interactions, "items": items, "users": users, "mapping": mapping},
                form={"timestamps": timestamps, "replace": replace},
            ),
        )
        return answer

    async def post_interaction(self, **body: Unpack[InteractionIn]) -> InteractionStored:
        """Store one interaction; it is committed before the response, and counts in the next recommendation.

        If the JSON repeats a key, the last value wins. If the `event_id` was stored before with the same
        content, the response is 200 with the `id` of the first post; with other content it is 409
        (`event_id_conflict`).

        Scope of the API key: `write`, or `publish` for the page's own user.
        """
        answer: InteractionStored = await self._call(operations.POST_INTERACTION, Given(body=body))
        return answer

    async def post_interactions(self, rows: list[InteractionIn], *, atomic: bool | None = None) -> InteractionsStored:
        """Store up to 10,000 interactions in one transaction; valid rows are stored, and `errors` lists the
        others.

        A row whose `event_id` was stored before is a repeat, or refused if its content is another. A row
        without an `event_id` is a repeat if an earlier row of the batch has the same user, item, type and
        timestamp.

        Scope of the API key: `write`.

        `atomic`: store all rows, or none if any row is refused.
        """
        answer: InteractionsStored = await self._call(
            operations.POST_INTERACTIONS, Given(query={"atomic": atomic}, body=rows)
        )
        return answer

    async def post_key(self, **body: Unpack[KeyIn]) -> NewKey:
        """Make an API key; it is shown this once.

        Scope of the API key: `admin`.
        """
        answer: NewKey = await self._call(operations.POST_KEY, Given(body=body))
        return answer

    async def post_rotated_key(self, key_id: str, **body: Unpack[RotateIn]) -> NewKey:
        """Make a key that may do the same; the old one holds for some hours more.

        Scope of the API key: `admin`.
        """
        answer: NewKey = await self._call(operations.POST_ROTATED_KEY, Given(path={"key_id": key_id}, body=body))
        return answer

    async def post_training_job(self, **body: Unpack[TrainingJobIn]) -> TrainingJob:
        """Add a training job to the queue; a `braid worker` runs it, and `Location` reports its progress.

        Scope of the API key: `admin`.
        """
        answer: TrainingJob = await self._call(operations.POST_TRAINING_JOB, Given(body=body))
        return answer

    async def preview_scenario(self, name: str, **body: Unpack[PreviewIn]) -> ScenarioAnswer:
        """List the items that a definition would give, without storing anything.

        Scope of the API key: `admin`.
        """
        answer: ScenarioAnswer = await self._call(operations.PREVIEW_SCENARIO, Given(path={"name": name}, body=body))
        return answer

    async def put_item(self, item_id: str, **body: Unpack[ItemIn]) -> Item:
        """Create or replace an item; 201 when it is new.

        Scope of the API key: `write`.
        """
        answer: Item = await self._call(operations.PUT_ITEM, Given(path={"item_id": item_id}, body=body))
        return answer

    async def put_items(self, rows: list[Item], *, atomic: bool | None = None) -> RowsStored:
        """Create or replace up to 10,000 items in one transaction.

        Scope of the API key: `write`.

        `atomic`: store all rows, or none if any row is refused.
        """
        answer: RowsStored = await self._call(operations.PUT_ITEMS, Given(query={"atomic": atomic}, body=rows))
        return answer

    async def put_scenario(self, name: str, *, dry_run: bool | None = None, **body: Unpack[ScenarioPut]) -> Scenario:
        """Store a new version of a scenario, in force at once in all processes; 201 when the name is new.

        409 where BRAID_SCENARIOS names a file that defines it.

        Scope of the API key: `admin`.

        `dry_run`: check the definition, and store nothing.
        """
        answer: Scenario = await self._call(
            operations.PUT_SCENARIO, Given(path={"name": name}, query={"dry_run": dry_run}, body=body)
        )
        return answer

    async def put_schema(self, **body: Unpack[Schema]) -> Schema:
        """Declare the attributes of items and users, in place of the schema before.

        Items and users that are put later must fit. Stored values that do not fit are ignored, and counted by
        `GET /schema`. 409 where BRAID_SCHEMA names a schema file.

        Scope of the API key: `admin`.
        """
        answer: Schema = await self._call(operations.PUT_SCHEMA, Given(body=body))
        return answer

    async def put_user(self, user_id: str, **body: Unpack[UserIn]) -> User:
        """Create or replace a user; 201 when it is new.

        Scope of the API key: `write`.
        """
        answer: User = await self._call(operations.PUT_USER, Given(path={"user_id": user_id}, body=body))
        return answer

    async def put_users(self, rows: list[User], *, atomic: bool | None = None) -> RowsStored:
        """Create or replace up to 10,000 users in one transaction.

        Scope of the API key: `write`.

        `atomic`: store all rows, or none if any row is refused.
        """
        answer: RowsStored = await self._call(operations.PUT_USERS, Given(query={"atomic": atomic}, body=rows))
        return answer

    async def recommend(self, **body: Unpack[RecommendIn]) -> Recommendation:
        """Rank items for a user or an anonymous session, with filters; also with boosts, pins, preferences,
        candidates.

        Scope of the API key: `read`, or `publish` for the page's own user.
        """
        answer: Recommendation = await self._call(operations.RECOMMEND, Given(body=body))
        return answer

    async def recommend_batch(self, **body: Unpack[RecommendBatchIn]) -> RecommendationBatch:
        """Rank items for up to 100 users at once, each as `POST /recommend` does.

        Scope of the API key: `read`.
        """
        answer: RecommendationBatch = await self._call(operations.RECOMMEND_BATCH, Given(body=body))
        return answer

    async def recommend_for_user(
        self,
        user_id: str,
        *,
        exclude_seen: bool | list[str] | None = None,
        limit: int | None = None,
        category: list[str] | None = None,
        tag: list[str] | None = None,
        exclude: list[str] | None = None,
        diversity: float | None = None,
        rotation: float | None = None,
        explain: bool | None = None,
        language: str | None = None,
        goal: str | None = None,
        include: list[str] | None = None,
        min_score: float | None = None,
        cursor: str | None = None,
    ) -> Recommendation:
        """Rank items for a user, from the user's history up to now.

        A new user gets popular items, and personalized ones from the first interaction on.

        Scope of the API key: `read`, or `publish` for the page's own user.

        `exclude_seen`: leave out items of the user's history: all (`true`), none (`false`), or those with
        events of this type (repeat the parameter for several); by default those that reached the bundle's
        goal.

        `limit`: maximum length of the list.

        `category`: only items of one of these categories; repeat the parameter for several.

        `tag`: only items with one of these tags; repeat the parameter for several.

        `exclude`: items to leave out; repeat the parameter for several.

        `diversity`: 0 keeps the order of the scores; towards 1 the items of the list are less similar to one
        another.

        `rotation`: how far items sink that the user was shown several times and passed over; 0 for none, by
        default `BRAID_ROTATION`.

        `explain`: give the reasons why each item is in the list.

        `language`: language of the explanations, a tag such as `de` or `de-AT`; English for one that is not
        known.

        `goal`: what counts as success, for bundles that are trained for several goals: one of them; the first
        by default.

        `include`: fields of the catalogue to return with each item: their names, in one text with commas or
        in several, or `*` for all; vectors are never among the attributes.

        `min_score`: leave out items with a score below this, but not pinned ones.

        `cursor`: `next_cursor` of the page before; `none` for a list of one page, whose answer has no cursor.
        """
        answer: Recommendation = await self._call(
            operations.RECOMMEND_FOR_USER,
            Given(
                path={"user_id": user_id},
                query={
                    "exclude_seen": exclude_seen,
                    "limit": limit,
                    "category": category,
                    "tag": tag,
                    "exclude": exclude,
                    "diversity": diversity,
                    "rotation": rotation,
                    "explain": explain,
                    "language": language,
                    "goal": goal,
                    "include": include,
                    "min_score": min_score,
                    "cursor": cursor,
                },
            ),
        )
        return answer

    async def recommend_in_scenario(
        self,
        name: str,
        *,
        user_id: str | None = None,
        item_id: str | None = None,
        q: str | None = None,
        session_items: list[str] | None = None,
        variant: str | None = None,
        limit: int | None = None,
        include: list[str] | None = None,
        exclude: list[str] | None = None,
        explain: bool | None = None,
        language: str | None = None,
        cursor: str | None = None,
    ) -> ScenarioAnswer:
        """List the items of a scenario.

        Scope of the API key: `read`, or `publish` for the page's own user.

        `user_id`: whom the list is for; absent for an anonymous session.

        `item_id`: the item of the page, for the kind `item`.

        `q`: the words to search for, for the kind `search`, as in `GET /search`.

        `session_items`: items of the session or the cart, oldest first; repeat the parameter for several.

        `variant`: a variant of the scenario; by default the user's own.

        `limit`: replaces the scenario's value.

        `include`: fields of the catalogue to return with each item: their names, in one text with commas or
        in several, or `*` for all; vectors are never among the attributes.

        `exclude`: items to leave out, besides those of the scenario.

        `explain`: replaces the scenario's value.

        `language`: language of the explanations, a tag such as `de` or `de-AT`; English for one that is not
        known.

        `cursor`: `next_cursor` of the page before; `none` for a list of one page, whose answer has no cursor.
        """
        answer: ScenarioAnswer = await self._call(
            operations.RECOMMEND_IN_SCENARIO,
            Given(
                path={"name": name},
                query={
                    "user_id": user_id,
                    "item_id": item_id,
                    "q": q,
                    "session_items": session_items,
                    "variant": variant,
                    "limit": limit,
                    "include": include,
                    "exclude": exclude,
                    "explain": explain,
                    "language": language,
                    "cursor": cursor,
                },
            ),
        )
        return answer

    async def recommend_in_scenario_with_filters(self, name: str, **body: Unpack[Asked]) -> ScenarioAnswer:
        """List the items of a scenario, with filters; also with boosts of the request, and its context.

        Scope of the API key: `read`, or `publish` for the page's own user.
        """
        answer: ScenarioAnswer = await self._call(
            operations.RECOMMEND_IN_SCENARIO_WITH_FILTERS, Given(path={"name": name}, body=body)
        )
        return answer

    async def recommend_page(self, **body: Unpack[PageIn]) -> PageAnswer:
        """List the rows of a page, in which no item stands twice; rows that would hold too little are left out.

        Scope of the API key: `read`, or `publish` for the page's own user.
        """
        answer: PageAnswer = await self._call(operations.RECOMMEND_PAGE, Given(body=body))
        return answer

    async def search_items(
        self,
        *,
        q: str,
        exclude_seen: bool | list[str] | None = None,
        limit: int | None = None,
        category: list[str] | None = None,
        tag: list[str] | None = None,
        exclude: list[str] | None = None,
        diversity: float | None = None,
        rotation: float | None = None,
        explain: bool | None = None,
        language: str | None = None,
        goal: str | None = None,
        include: list[str] | None = None,
        min_score: float | None = None,
        cursor: str | None = None,
        user_id: str | None = None,
    ) -> Found:
        """List the items that have all words of a query; for a user, in an order that fits what the user likes.

        The last word may be the beginning of one. Titles weigh most, then categories and tags, then
        descriptions.

        Scope of the API key: `read`, or `publish` for the page's own user.

        `exclude_seen`: leave out items of the user's history: all (`true`), none (`false`), or those with
        events of this type (repeat the parameter for several); by default those that reached the bundle's
        goal.

        `limit`: maximum length of the list.

        `category`: only items of one of these categories; repeat the parameter for several.

        `tag`: only items with one of these tags; repeat the parameter for several.

        `exclude`: items to leave out; repeat the parameter for several.

        `diversity`: 0 keeps the order of the scores; towards 1 the items of the list are less similar to one
        another.

        `rotation`: how far items sink that the user was shown several times and passed over; 0 for none, by
        default `BRAID_ROTATION`.

        `explain`: give the reasons why each item is in the list.

        `language`: language of the explanations, a tag such as `de` or `de-AT`; English for one that is not
        known.

        `goal`: what counts as success, for bundles that are trained for several goals: one of them; the first
        by default.

        `include`: fields of the catalogue to return with each item: their names, in one text with commas or
        in several, or `*` for all; vectors are never among the attributes.

        `min_score`: leave out items with a score below this, but not pinned ones.

        `cursor`: `next_cursor` of the page before; `none` for a list of one page, whose answer has no cursor.

        `user_id`: whom the list is for: seen items stay out as `exclude_seen` says, and the order fits the
        user.

        `q`: words that must all occur in title, description, categories or tags, the last one as the
        beginning of a word; all but letters and digits separates words.
        """
        answer: Found = await self._call(
            operations.SEARCH_ITEMS,
            Given(
                query={
                    "exclude_seen": exclude_seen,
                    "limit": limit,
                    "category": category,
                    "tag": tag,
                    "exclude": exclude,
                    "diversity": diversity,
                    "rotation": rotation,
                    "explain": explain,
                    "language": language,
                    "goal": goal,
                    "include": include,
                    "min_score": min_score,
                    "cursor": cursor,
                    "user_id": user_id,
                    "q": q,
                }
            ),
        )
        return answer

    async def search_items_with_filters(self, **body: Unpack[SearchIn]) -> Found:
        """List the items that have all words of a query, with filters; also with boosts, pins and preferences.

        Scope of the API key: `read`, or `publish` for the page's own user.
        """
        answer: Found = await self._call(operations.SEARCH_ITEMS_WITH_FILTERS, Given(body=body))
        return answer

    async def show_console(self) -> str:
        """Show what the server does, and how recommendations do in use.

        Scope of the API key: `admin`.
        """
        answer: str = await self._call(operations.SHOW_CONSOLE, Given())
        return answer

    async def undo_merge(self, user_id: str) -> Unmerged:
        """Undo the merge of a user within a day: the rows that it moved go back, later ones stay with the known
        user.

        Scope of the API key: `write`.
        """
        answer: Unmerged = await self._call(operations.UNDO_MERGE, Given(path={"user_id": user_id}))
        return answer
