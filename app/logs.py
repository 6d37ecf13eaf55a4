"""Structured logs on standard error: JSON lines, or readable ones where it is a terminal."""

import logging
import sys
from typing import Literal

import structlog

ACCESS = "braid.access"
"""The logger of requests."""
Form = Literal["auto", "json", "text"]


def configure_logging(level: str, form: Form = "auto") -> None:
    """Send the service's and the server's log lines through one formatter.

    Parameters
    ----------
    level
        Least severe level that is written.
    form
        `json`, or `text` for people; by default `text` where standard error is a terminal.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    lines: list[structlog.typing.Processor] = (
        # Not with the values of variables: they hold ids of users.
        [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
        if form == "text" or (form == "auto" and sys.stderr.isatty())
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *lines],
        )
    )
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in ("aiosqlite", "asyncio", "numba", "alembic", "httpx", "urllib3"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # Whether requests are logged is a setting of its own, and their lines have routes in place of paths.
    logging.getLogger(ACCESS).setLevel(logging.INFO)
    logging.getLogger("uvicorn.access").disabled = True
