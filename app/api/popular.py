"""`/popular` and `/trending`: items with the most interactions, and items with a rising share of them."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query

from app.api.dependencies import from_state
from app.api.problems import problems
from app.process import serving_factory
from app.schemas.popular import Chart, PopularQuery, TrendingQuery
from app.services.popularity.popular_items import PopularItems

router = APIRouter(
    tags=["recommendations"],
    responses=problems(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE),
)

PopularCharts = Annotated[PopularItems, from_state(serving_factory.charts)]


@router.get("/popular")
async def popular(query: Annotated[PopularQuery, Query()], charts: PopularCharts) -> Chart:
    """List the items with the most interactions; without a bundle only those of the log are counted.

    Items without interactions come last, so that the list of a small category is complete.
    """
    return await charts.popular(query)


@router.get("/trending")
async def trending(query: Annotated[TrendingQuery, Query()], charts: PopularCharts) -> Chart:
    """List the items with more recent interactions than their share over all time predicts.

    Of all C interactions an item has c, and of the R that are left of them with the window's half-life it has r; its
    `score` is (r - e) / sqrt(e + 1) with e = R * c / C. Where nothing tells what is recent the popular items come
    instead, and `strategy` and `reason` say so.
    """
    return await charts.trending(query)
