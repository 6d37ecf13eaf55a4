"""`/popular` and `/trending`: items with the most interactions, and items with a rising share of them."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.api.dependencies import from_state
from app.api.lists import documented, respond
from app.api.problems import problems
from app.process import serving_factory
from app.schemas.popular import Chart, PopularIn, PopularQuery, TrendingIn, TrendingQuery
from app.services.recommending.charts import ChartService

router = APIRouter(
    tags=["recommendations"],
    responses=problems(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE),
)

Charts = Annotated[ChartService, from_state(serving_factory.chart_service)]
_POPULAR = documented(Chart)
_TRENDING = documented(Chart, strategy="trending", window="7d", items=[{"item_id": "50", "score": 4.2, "rank": 1}])


@router.get("/popular", response_class=Response, responses=_POPULAR)
async def list_popular_items(query: Annotated[PopularQuery, Query()], charts: Charts) -> Response:
    """List the items with the most interactions; without a bundle only those of the log are counted.

    Items without interactions come last, so that the list of a small category is complete.
    """
    return respond(await charts.chart("popular", query.window, query.user_id, query.options()))


@router.post("/popular", response_class=Response, responses=_POPULAR)
async def list_popular_items_with_filters(body: PopularIn, charts: Charts) -> Response:
    """List the items with the most interactions, with filters; also with boosts, pins and preferences."""
    return respond(await charts.chart("popular", body.window, body.user_id, body.options()))


@router.get("/trending", response_class=Response, responses=_TRENDING)
async def list_trending_items(query: Annotated[TrendingQuery, Query()], charts: Charts) -> Response:
    """List the items with more recent interactions than their share over all time predicts.

    Of all C interactions an item has c, and of the R that are left of them with the window's half-life it has r; its
    `score` is (r - e) / sqrt(e + 1) with e = R * c / C. Where nothing tells what is recent the popular items come
    instead, and `strategy` and `reason` say so.
    """
    return respond(await charts.chart("trending", query.window, query.user_id, query.options()))


@router.post("/trending", response_class=Response, responses=_TRENDING)
async def list_trending_items_with_filters(body: TrendingIn, charts: Charts) -> Response:
    """List the items with a rising share of the interactions, with filters; also with boosts, pins and preferences."""
    return respond(await charts.chart("trending", body.window, body.user_id, body.options()))
