"""`/metrics`: how recommendations do in use."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Response
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from app.api.dependencies import Shared
from app.api.problems import problems
from app.schemas.online_measures import OnlineMeasures, OnlineQuery

router = APIRouter(
    prefix="/metrics",
    tags=["operation"],
    responses=problems(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE),
)


@router.get("", response_class=Response, responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}})
async def metrics(context: Shared) -> Response:
    """Report jobs, bundles, online measures and drift in the text format of Prometheus."""
    return Response(await context.exposition.text(), media_type=CONTENT_TYPE_PLAIN_0_0_4)


@router.get("/online")
async def online(query: Annotated[OnlineQuery, Query()], context: Shared) -> OnlineMeasures:
    """Report impressions and their click-through and conversion rates, with 95 % intervals.

    An impression is an interaction of type `shown` (or, where there is none, `recommended`) with a `request_id`, once
    for each item; `click` or `view` of the same item with the same `request_id` clicks it, `purchase` converts it, at
    any time after.
    """
    return await context.online_measuring.measure(query)
