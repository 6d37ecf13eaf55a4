"""Arguments and options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

Folder = Annotated[Path, typer.Argument(help="A data-set folder: interactions.parquet or .csv, and optional files.")]
Budget = Annotated[
    float | None,
    typer.Option(
        min=0,
        max=1e6,
        help="Seconds of processor time for choosing settings; fitting and measuring come on top. By default it grows"
        " with the data.",
    ),
]
