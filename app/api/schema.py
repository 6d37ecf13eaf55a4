"""`/schema`: the declared schema, and the attributes that there are."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter

from app.api.dependencies import from_state
from app.api.problems import problems
from app.process import serving_factory
from app.schemas.attribute_schema import SchemaReport
from app.services.catalogue.attribute_schema import AttributeSchema
from models.data.schema import Schema

router = APIRouter(
    prefix="/schema",
    tags=["catalogue"],
    responses=problems(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE),
)
Attributes = Annotated[AttributeSchema, from_state(serving_factory.attribute_schema)]


@router.get("")
async def get_schema(attributes: Attributes) -> SchemaReport:
    """List the attributes of items and users, as they are declared and as they occur.

    Counts, examples and ranges are those of a sample that is spread over all of them.

    The type of an undeclared attribute is inferred; filters read its values by the same type.
    """
    return await attributes.report()


@router.put(
    "",
    response_model_exclude_none=True,
    responses=problems(HTTPStatus.CONFLICT, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
)
async def put_schema(schema: Schema, attributes: Attributes) -> Schema:
    """Declare the attributes of items and users, in place of the schema before.

    Items and users that are put later must fit. Stored values that do not fit are ignored, and counted by
    `GET /schema`. 409 where BRAID_SCHEMA names a schema file.
    """
    return await attributes.put(schema)
