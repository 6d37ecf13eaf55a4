"""A span for each statement of a request, where there are traces."""

import re
from functools import lru_cache
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine import Connection, ExceptionContext

from app.storage.tables import metadata
from app.tracing import failed, traces

_SPAN = "braid.span"
_TABLE = re.compile(r"\b(?:FROM|INTO|UPDATE)\s+\"?(\w+)", re.IGNORECASE)


def trace_statements(engine: Engine) -> None:
    """Make spans of the statements of an engine: what is done to which table, without values and texts."""
    system = engine.dialect.name

    def before(connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        operation, table = _summary(statement)
        about = {"db.system.name": system, "db.operation.name": operation}
        name = operation
        if table is not None:
            name = f"{operation} {table}"
            about["db.collection.name"] = table
        span = traces.child(name, {**about, "db.query.summary": name}, client=True)
        if span is not None:
            connection.info[_SPAN] = span

    def after(connection: Connection, *_: Any) -> None:
        span = connection.info.pop(_SPAN, None)
        if span is not None:
            span.end()

    def broken(context: ExceptionContext) -> None:
        span = None if context.connection is None else context.connection.info.pop(_SPAN, None)
        if span is not None:
            failed(span, type(context.original_exception).__name__)
            span.end()

    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "after_cursor_execute", after)
    event.listen(engine, "handle_error", broken)


@lru_cache(1024)
def _summary(statement: str) -> tuple[str, str | None]:
    """Return what a statement does, and to which table first."""
    operation = (statement.split(maxsplit=1) or ["NONE"])[0].upper()
    tables = (found for found in _TABLE.findall(statement) if found in metadata.tables)
    return operation, next(tables, None)
