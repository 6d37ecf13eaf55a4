"""Arguments and options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from app.schemas.training_jobs import MAX_BUDGET

Folder = Annotated[Path, typer.Argument(help="A data-set folder: interactions.parquet or .csv, and optional files.")]
Budget = Annotated[
    float | None,
    typer.Option(
        min=0,
        max=MAX_BUDGET,
        help="Seconds of processor time for choosing settings; fitting and measuring come on top. By default it grows"
        " with the data.",
    ),
]
Host = Annotated[str | None, typer.Option(help="Address to listen on (BRAID_HOST).")]
Port = Annotated[int | None, typer.Option(min=1, max=65535, help="Port to listen on (BRAID_PORT).")]
Workers = Annotated[int | None, typer.Option(min=1, max=256, help="Processes to start (BRAID_WORKERS).")]
