"""The result of a batch of items or users."""

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.shared_fields import Errors, RefusedRows


class RowsStored(BaseModel):
    """The result of a batch; stored rows are committed."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "stored": 99,
                    "refused": 1,
                    "errors": [{"index": 41, "field": "price", "code": "greater_than_equal", "detail": "must be ..."}],
                }
            ]
        }
    )

    stored: int = Field(description="rows that were stored; of several rows with the same id only the last one is")
    refused: int = Field(description="rows that were not stored; `errors` has one entry for each of the first 100")
    errors: Errors
    refused_rows: RefusedRows = []
