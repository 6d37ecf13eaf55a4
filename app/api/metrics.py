"""`/metrics`: Prometheus metrics and online measures."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Response
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from app.api.dependencies import from_resources, from_state
from app.api.problems import problems
from app.process import factory, serving_factory
from app.schemas.online_measures import OnlineMeasures, OnlineQuery
from app.services.monitoring.exposition import Exposition
from app.services.monitoring.online_measures import OnlineMeasuring

router = APIRouter(
    prefix="/metrics",
    tags=["operation"],
    responses=problems(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE),
)


_TEXT = {"schema": {"type": "string"}, "example": 'braid_training_jobs{status="queued"} 1.0\n'}


@router.get("", response_class=Response, responses={200: {"content": {"text/plain": _TEXT}}})
async def get_metrics(exposition: Annotated[Exposition, from_state(serving_factory.exposition)]) -> Response:
    """Report metrics in the text format of Prometheus: jobs, bundles, online measures, drift and background loops."""
    return Response(await exposition.text(), media_type=CONTENT_TYPE_PLAIN_0_0_4)


@router.get("/online")
async def get_online_measures(
    query: Annotated[OnlineQuery, Query()],
    measuring: Annotated[OnlineMeasuring, from_resources(factory.online_measuring)],
) -> OnlineMeasures:
    """Report impressions and their click-through and conversion rates, with 95 % intervals.

    An impression is an interaction of type `shown` (or, where there is none, `recommended`) with a `request_id`, once
    for each item; `click` or `view` of the same item with the same `request_id` clicks it, `purchase` converts it, at
    any time after.
    """
    return await measuring.measure(query)
