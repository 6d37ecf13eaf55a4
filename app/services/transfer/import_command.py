"""The command that imports uploaded files, in a process with bounds."""

from collections.abc import Mapping
from pathlib import Path

from app.services.kit.limited_process import run_limited
from app.services.transfer.upload_check import MAPPING
from app.services.transfer.upload_folders import replaces, timestamps_of

_COMMAND = "app.cli"


async def run_command(folder: Path, environment: Mapping[str, str], memory_mb: int) -> tuple[int, str]:
    """Run `braid import`; return its exit code and its last line of output."""
    arguments = ["import", str(folder), "--timestamps", timestamps_of(folder)]
    if replaces(folder):
        arguments.append("--replace")
    if (folder / MAPPING).exists():
        arguments += ["--mapping", str(folder / MAPPING)]
    # Nobody can be asked about ids: the job counts the rows that are left out, unless the mapping encodes them.
    arguments += ["--ids", "drop"]
    ended = await run_limited(_COMMAND, arguments, environment, memory_mb=memory_mb)
    return ended.code, ended.reason if ended.code else ended.said
