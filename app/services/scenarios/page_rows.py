"""Pages of rows: several lists for one user, in which no item stands twice."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import orjson

from app.errors import InvalidFieldsError
from app.schemas.list_fields import NO_CURSOR
from app.schemas.options import MAX_LIMIT
from app.schemas.problems import FieldError
from app.schemas.scenario_definitions import Definition
from app.schemas.scenarios import Asked, PageIn, RowIn, Scenario
from app.services.recommending.answers import Answer
from app.services.recommending.best_values import best_values
from app.services.recommending.listing import Listed, Listing, ListRequest
from app.services.recommending.ranking import RankedList
from app.services.recommending.request_reader import RequestReader
from app.services.scenarios.definitions import Scenarios
from app.services.scenarios.scenario_lists import ScenarioLists
from app.services.scenarios.variants import variants_of
from app.services.state.histories import Log
from models.arrays.types import Int32
from models.filters.requirements import Filter
from models.ranking.candidate_generation import NOTHING

MAX_ROWS = 20
_HOME = "home"
_FIELDS = {"category": "categories", "brand": "attributes.brand"}


_Pool = tuple[ListRequest, RankedList]


@dataclass(frozen=True)
class PageBody:
    """A page of rows as the bytes of its JSON, with the answer that was limited most."""

    json: bytes
    worst: Answer | None


@dataclass(frozen=True)
class _Row:
    """One row to fill: what it is asked with, and the category or brand that it is one of."""

    given: RowIn
    scenario: Scenario
    value: str | None = None

    variant: str | None = None

    @property
    def filter(self) -> Filter | None:
        """Only items of the category or brand of the row."""
        if self.given.each is None or self.value is None:
            return None
        return Filter.model_validate({"field": _FIELDS[self.given.each], "eq": self.value})

    def asked(self, page: PageIn) -> Asked:
        """Return what the scenario of the row is asked with."""
        return Asked.model_construct(
            user_id=page.user_id,
            item_id=self.given.item_id,
            session_items=page.session_items,
            limit=self.given.limit,
            include=page.include,
            variant=self.variant,
            attributes=page.attributes,
            context=page.context,
            language=page.language,
            cursor=NO_CURSOR,
        )


class PageRows:
    """Fills pages of rows."""

    def __init__(self, scenarios: Scenarios, lists: ScenarioLists, reader: RequestReader, listing: Listing) -> None:
        self._scenarios = scenarios
        self._lists = lists
        self._reader = reader
        self._listing = listing

    async def page(self, page: PageIn) -> PageBody:
        """Fill the rows of a page in turn; the user's history is read once.

        Raises
        ------
        InvalidFieldsError
            There are more rows than a page can have, or one asks what its scenario does not allow.
        NotFoundError
            There is no such scenario or item.
        DatabaseError
            There is no bundle, and the log cannot be read.
        """
        _require_few(page.rows)
        log, degraded = await self._reader.log(page.user_id)
        pools: dict[str, _Pool] = {}
        variants: dict[str, str | None] = {}
        rows, left_out, taken = list[bytes](), list[str](), NOTHING
        worst: Answer | None = None
        firsts = []
        for given in page.rows:
            scenario = self._scenarios.get(given.scenario or _HOME)
            if scenario.name not in variants:
                # Drawn once for a page, where there is no user.
                variants[scenario.name] = variants_of(scenario, page.user_id, None)[0]
            firsts.append(_Row(given, scenario, variant=variants[scenario.name]))
            if given.each is not None and scenario.name not in pools:
                pools[scenario.name] = await self._pool(firsts[-1], page, log)
        for place, first in enumerate(firsts):
            given, scenario = first.given, first.scenario
            pool = pools.get(scenario.name)
            found = [first] if given.each is None or pool is None else _of_best_values(first, *pool)
            for row in found:
                try:
                    listed = await self._listed(row, page, log, pool, taken)
                except InvalidFieldsError as error:
                    raise _of_row(error, place) from error
                if len(listed.page.items) < given.at_least:
                    left_out.append(scenario.name if row.value is None else f"{given.each} {row.value}")
                    continue
                taken = np.concatenate([taken, listed.page.items]).astype(np.int32)
                answer = await self._listing.answer(replace(listed, request=replace(listed.request, degraded=degraded)))
                worst = answer if answer.degraded is not None or worst is None else worst
                more = orjson.dumps({"each": given.each, "value": row.value})
                rows.append(answer.body()[:-1] + b"," + more[1:])
        end = orjson.dumps({"user_id": page.user_id, "left_out": left_out})
        return PageBody(b'{"rows":[%s],%s' % (b",".join(rows), end[1:]), worst)

    async def _pool(self, row: _Row, page: PageIn, log: Log | None) -> _Pool:
        """Rank once for the user what the rows of categories and brands of a scenario are made of."""
        request, definition = await self._lists.request(row.scenario, row.asked(page), log, limit=MAX_LIMIT)
        return request, (await self._lists.listed(request, definition, row.given.item_id)).found

    async def _listed(self, row: _Row, page: PageIn, log: Log | None, pool: _Pool | None, taken: Int32) -> Listed:
        request, definition = await self._lists.request(row.scenario, row.asked(page), log, more=row.filter)
        if pool is not None and _is_plain(definition):
            opened = self._lists.opened(request, definition, row.given.item_id)
            found = pool[1]
            wanted = request.serving.live.mask(opened.asked.filter) if opened.asked.filter else None
            fits = ~np.isin(found.items, taken)
            fits &= True if wanted is None else wanted[found.items]
            if int(fits.sum()) >= request.options.limit:
                return self._listing.closed(opened, replace(found, items=found.items[fits], scores=found.scores[fits]))
        return await self._lists.listed(request, definition, row.given.item_id, taken)


def _is_plain(definition: Definition) -> bool:
    """Return whether a list of the definition is what the ranker recommends, in its order."""
    return definition.kind == "user" and not (definition.pins or definition.boosts or definition.buries)


def _of_best_values(row: _Row, request: ListRequest, pool: RankedList) -> list[_Row]:
    """Make rows of the categories or brands that fit the user best."""
    best = best_values(request.serving.live, pool.items, _FIELDS[str(row.given.each)], row.given.rows)
    return [replace(row, value=one.value) for one in best]


def _of_row(error: InvalidFieldsError, place: int) -> InvalidFieldsError:
    """Name the row that an error is about."""
    errors = [one.model_copy(update={"field": f"rows.{place}.{one.field}"}) for one in error.errors]
    return InvalidFieldsError(f"rows.{place}: {error}", errors)


def _require_few(rows: Sequence[RowIn]) -> None:
    count = sum(row.rows for row in rows)
    if count > MAX_ROWS:
        detail = f"asks for {count} rows: a page has {MAX_ROWS} at most"
        raise InvalidFieldsError(f"rows: {detail}", [FieldError(field="rows", code="too_many", detail=detail)])
