"""`/popular` and `/trending`: items with the most interactions, and items with a rising share of them."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query

from app.api.dependencies import Shared
from app.api.problems import problems
from app.schemas.popular import Chart, PopularQuery, TrendingQuery

router = APIRouter(
    tags=["recommendations"],
    responses=problems(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE),
)


@router.get("/popular")
async def popular(query: Annotated[PopularQuery, Query()], context: Shared) -> Chart:
    """List the items with the most interactions; without a bundle only those of the log are counted.

    Items without interactions come last, so that the list of a small category is complete.
    """
    return await context.trending.popular(query)


@router.get("/trending")
async def trending(query: Annotated[TrendingQuery, Query()], context: Shared) -> Chart:
    """List the items with more recent interactions than their share over all time predicts.

    Of all C interactions an item has c, and of the R that are left of them with the window's half-life it has r; its
    `score` is (r - e) / sqrt(e + 1) with e = R * c / C. Where nothing tells what is recent the popular items come
    instead, and `strategy` and `reason` say so.
    """
    return await context.trending.trending(query)
