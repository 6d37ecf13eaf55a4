"""The path that all lists of items take: history, a source of ranked items, rules, a page, and its bytes."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.errors import DatabaseError, SchemaError
from app.schemas.options import Options
from app.schemas.recommendations import Degradation, ListStrategy
from app.services.popularity.counts_since_bundle import CountsSinceBundle
from app.services.popularity.selection import Selection
from app.services.recommending.answers import Answer, write_answer
from app.services.recommending.arranging import arranged
from app.services.recommending.before_bundle import LogScores
from app.services.recommending.cursors import Cursor
from app.services.recommending.empty_lists import why_empty
from app.services.recommending.origins import Origin
from app.services.recommending.pages import EarlierPages, Page, continued, cut_page, earlier_pages
from app.services.recommending.phases import Phase, timed
from app.services.recommending.ranked_lists import ranked_list
from app.services.recommending.ranking import RankedList, strategy_of
from app.services.recommending.reasons import Explainer
from app.services.recommending.request_filters import with_values
from app.services.recommending.wording import Wording
from app.services.state.active_bundle import ActiveBundle
from app.services.state.histories import Log
from app.services.state.item_fields import ItemFields
from app.services.state.serving import Serving
from app.services.state.user_history import UserHistory, known_attributes, read_history
from models.filters.references import Lookup
from models.ranking.candidate_generation import CandidateQuery
from models.ranking.rotation import RotationConfig


@dataclass(frozen=True, slots=True)
class ListRequest:
    """One request for a list, with the state that answers it.

    `started` is the time on the monotonic clock when it came in. `log_scores` are used while there is no bundle. `head`
    is what the answer begins with, and `about` names the list among others of the same user and options: the items
    that it is for, for example. `place` are the scenario and the variant.
    """

    serving: Serving
    user_id: str | None
    log: Log | None
    options: Options
    started: float
    degraded: Degradation | None
    log_scores: LogScores | None = None
    head: Mapping[str, Any] | None = None
    about: str = ""
    place: tuple[str, ...] = ()

    @property
    def digest(self) -> bytes:
        """A hash over everything that defines the list."""
        return self.options.digest(self.about + (self.user_id or ""))


@dataclass(frozen=True, slots=True)
class Opened:
    """A request that was read: the history, and the earlier pages of the list.

    `asked` are the options with values in the place of references.
    """

    request: ListRequest
    user_history: UserHistory
    asked: Options
    earlier: EarlierPages


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of a list, and what it was made from; see `Opened`.

    `reason` says why the list has other items than requested; None where it does not, or is empty.
    """

    request: ListRequest
    user_history: UserHistory
    asked: Options
    found: RankedList
    page: Page
    reason: str | None = None

    @property
    def item_ids(self) -> list[str]:
        """The ids of the items of the page."""
        return self.request.serving.live.ids(self.page.items)


class Listing:
    """Takes requests along the path; what a list is made of comes from a source.

    Parameters
    ----------
    fields
        The fields of the catalogue that come with items.
    wording
        The sentences of explanations.
    deadline
        Seconds after which the network is left out.
    new_item_share
        Share of each recommendation that is kept for new items.
    rotation
        How far items sink that a user was shown and passed over, where a request does not say it.
    """

    def __init__(
        self,
        bundle: ActiveBundle,
        since_bundle: CountsSinceBundle,
        fields: ItemFields,
        wording: Wording,
        *,
        deadline: float,
        new_item_share: float,
        rotation: RotationConfig,
    ) -> None:
        self._bundle = bundle
        self._since_bundle = since_bundle
        self._fields = fields
        self._wording = wording
        self._deadline = deadline
        self._share = new_item_share
        self.rotation = rotation

    def listed(self, request: ListRequest) -> Listed:
        """List what the bundle recommends to the user."""
        opened = self.opened(request)
        strategy = strategy_of(request.serving, opened.user_history, request.options, request.log_scores)
        if opened.earlier.fills_page(request.options.limit):
            earlier = opened.earlier
            found = RankedList(earlier.items, earlier.scores, strategy, opened.user_history.history)
            return Listed(request, opened.user_history, opened.asked, found, _page(opened, found))
        return self.closed(opened, self.recommended(opened), strategy)

    @timed("read")
    def opened(self, request: ListRequest, item: Lookup | None = None) -> Opened:
        """Read the history and the cursor of a request.

        Parameters
        ----------
        item
            Gives the values of a field of the item that the list is for.
        """
        options = request.options
        asked = options
        if options.depends_on_request:
            asked = with_values(options, known_attributes(request.log, options.attributes), item)
        user_history = read_history(
            request.serving,
            request.user_id,
            request.log,
            session_items=options.session_items,
            exclude_seen=options.exclude_seen,
            attributes=options.attributes,
            context=options.context,
        )
        return Opened(request, user_history, asked, self._earlier(request))

    def closed(
        self, opened: Opened, found: RankedList, strategy: ListStrategy | None = None, reason: str | None = None
    ) -> Listed:
        """Put the rest of the earlier pages before a list, and cut the page."""
        if strategy is None:
            strategy = found.strategy
            if strategy == "none" and len(opened.earlier.items):
                request = opened.request
                strategy = strategy_of(request.serving, opened.user_history, opened.asked, request.log_scores)
        found = continued(opened.earlier, found, strategy)
        return Listed(opened.request, opened.user_history, opened.asked, found, _page(opened, found), reason)

    def at_once(self, listed: Listed) -> Answer | None:
        """Write an answer; None where fields of its items have to be read first."""
        include = listed.asked.include
        fields = self._fields.kept(listed.item_ids, include) if include else None
        return None if include and fields is None else self._written(listed, fields)

    async def answer(self, listed: Listed) -> Answer:
        """Write an answer, with the fields of its items if the request includes some."""
        include = listed.asked.include
        if not include:
            return self._written(listed)
        try:
            return self._written(listed, await self._fields.read(listed.item_ids, include))
        except SchemaError:
            raise
        except DatabaseError:
            return self._written(replace(listed, request=replace(listed.request, degraded="database")))

    @timed("rank")
    def recommended(self, opened: Opened) -> RankedList:
        """Rank what the bundle recommends to the user, without the items of earlier pages."""
        request, user_history, options = opened.request, opened.user_history, opened.asked
        serving, popular_now = request.serving, None
        deadline = self._deadline if options.deadline is None else options.deadline
        if not len(user_history.items) and serving.first_goal:
            self._since_bundle.ask(serving)
            popular_now = self._since_bundle.popular_for_newcomers(serving)
        return ranked_list(
            serving,
            user_history,
            options,
            new_item_share=self._share if options.new_item_share is None else options.new_item_share,
            delivered=opened.earlier.known,
            log_scores=request.log_scores,
            popular_now=popular_now,
            before_deadline=lambda: time.monotonic() - request.started < deadline,
            timed=Phase,
            rotation=self.rotation,
        )

    @timed("arrange")
    def arranged(
        self,
        opened: Opened,
        query: CandidateQuery,
        selection: Selection,
        origin: Origin,
        *,
        personal: bool = True,
    ) -> RankedList:
        """Put selected items in order for the user, with the rules of the request; see `arranging.arranged`."""
        return arranged(
            opened.request.serving,
            opened.user_history,
            opened.asked,
            query,
            selection,
            origin,
            first_page=opened.request.options.cursor is None,
            rotation=self.rotation,
            personal=personal,
        )

    def _earlier(self, request: ListRequest) -> EarlierPages:
        if request.options.cursor is None:
            return EarlierPages()
        cursor = Cursor.decode(request.options.cursor)
        item_ids = self._bundle.item_ids(cursor.version)
        return earlier_pages(cursor, request.digest, item_ids, request.serving.live)

    @timed("write")
    def _written(self, listed: Listed, fields: Sequence[bytes] | None = None) -> Answer:
        """Write the bytes of an answer."""
        request, user_history, asked, found = listed.request, listed.user_history, listed.asked, listed.found
        serving, explanations = request.serving, None
        if asked.explain:
            phrases = self._wording.in_language(asked.language)
            explainer = Explainer(serving, user_history, asked, found, request.log, phrases, request.log_scores)
            explanations = explainer.explained(listed.page.items)
        return write_answer(
            serving,
            {"user_id": request.user_id} if request.head is None else request.head,
            listed.page,
            found.strategy,
            reason=listed.reason or (None if len(found.items) else why_empty(serving.live, user_history, asked, found)),
            explanations=explanations,
            fields=fields,
            degraded="deadline" if found.late else request.degraded,
            place=request.place,
            known_user=None if request.user_id is None else user_history.history.user >= 0,
        )


def _page(opened: Opened, found: RankedList) -> Page:
    request = opened.request
    return cut_page(request.serving, request.options, request.digest, opened.earlier, found)
