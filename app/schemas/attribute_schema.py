"""The schema of attributes on the wire: what is declared, and what there is."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from models.data.schema import AttributeType, Schema

SCHEMA_EXAMPLE: dict[str, JsonValue] = {
    "items": {"embedding": {"type": "vector", "length": 384}, "released": {"type": "time"}},
    "users": {"country": {"type": "category"}},
}


class AttributeReport(BaseModel):
    """An attribute that is declared, or that some item or user has."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "director",
                    "type": "category",
                    "length": None,
                    "declared": False,
                    "values": 2,
                    "unfit": 0,
                    "examples": ["Scott"],
                    "min": None,
                    "max": None,
                }
            ]
        }
    )

    name: str = Field(description="its name within `attributes`; a dot stands for each level below")
    type: AttributeType | Literal["mixed"] = Field(
        description="the declared type, or what is inferred from the values: `mixed` where they are of several types"
    )
    length: int | None = Field(None, description="numbers of a vector")
    declared: bool = Field(description="whether the schema declares it; lists of numbers are compared only if it does")
    values: int = Field(description="how many of the items or users that were looked at have it")
    unfit: int = Field(0, description="how many of these values do not fit the declared type, and are ignored")
    examples: list[str | bool | int | float | dict[str, int | float]] = Field(
        [],
        description="up to 5 values, the most frequent first; long texts are cut, and of a vector there are the first"
        " numbers, as text",
    )
    min: float | None = Field(None, description="the least value of a `number`; null for other types")
    max: float | None = Field(None, description="the greatest value of a `number`; null for other types")


class SchemaReport(BaseModel):
    """The attributes of items and users."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "source": "api",
                    "declared": SCHEMA_EXAMPLE,
                    "items": [
                        {
                            "name": "embedding",
                            "type": "vector",
                            "length": 384,
                            "declared": True,
                            "values": 2,
                            "unfit": 0,
                            "examples": ["[0.12, -0.5, 0.03, …]"],
                            "min": None,
                            "max": None,
                        },
                        {
                            "name": "weight",
                            "type": "number",
                            "length": None,
                            "declared": False,
                            "values": 2,
                            "unfit": 0,
                            "examples": [250, 310],
                            "min": 250,
                            "max": 310,
                        },
                    ],
                    "users": [],
                    "looked_at": {"items": 2, "users": 0},
                    "stored": {"items": 2, "users": 0},
                }
            ]
        }
    )

    source: Literal["file", "api", "none"] = Field(description="where the declared schema is from")
    declared: Schema = Field(description="the declared schema, in the form of `PUT /schema`")
    items: list[AttributeReport] = Field(description="attributes of items: the declared ones, then the others by name")
    users: list[AttributeReport] = Field(description="attributes of users, in the same order")
    looked_at: dict[str, int] = Field(
        description="how many items and users were looked at: 5,000 at most, spread evenly over their ids"
    )
    stored: dict[str, int] = Field(description="how many items and users there are")
