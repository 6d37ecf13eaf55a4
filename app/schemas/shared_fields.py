"""Fields that several wire models share, each with its description."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from app.schemas.ids import Id
from app.schemas.problems import MAX_ERRORS, FieldError

USER = "id of the user"
ITEM = "id of the item"
GivenUserId = Annotated[Id, Field(description=USER)]
GivenItemId = Annotated[Id, Field(description=ITEM)]
UserId = Annotated[str, Field(description=USER)]
ItemId = Annotated[str, Field(description=ITEM)]
ForUser = Annotated[str | None, Field(description="whom the list is for; null for anybody")]
ForItem = Annotated[str | None, Field(description="the item that the list is for; null if it is for none")]
EventId = Annotated[str | None, Field(description="the idempotency key; null if none was sent")]
UsedMethod = Annotated[str, Field(description="the method that was asked for")]
CreatedAt = Annotated[datetime, Field(description="when it was added")]
Variant = Annotated[str, Field(description="name of the variant")]
Errors = Annotated[
    list[FieldError], Field(description=f"what is wrong with each row that was refused, the first {MAX_ERRORS}")
]
RefusedRows = Annotated[
    list[int],
    Field(description=f"the rows that were refused, from 0; absent where they are {MAX_ERRORS} or fewer"),
]
