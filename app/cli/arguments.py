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
