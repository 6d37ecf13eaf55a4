"""What every route needs."""

from typing import Annotated

from fastapi import Depends, Path, Request

from app.context import Context
from app.schemas.types import ID_PATTERN, ID_RULE


def get_context(request: Request) -> Context:
    """Give what this process shares."""
    context: Context = request.app.state.context
    return context


Shared = Annotated[Context, Depends(get_context)]
PathId = Annotated[str, Path(pattern=ID_PATTERN, description=ID_RULE, examples=["u-42"])]
