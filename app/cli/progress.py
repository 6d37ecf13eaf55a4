"""Progress bars for long work, on standard error."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, SpinnerColumn, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from models.data.progress import Progress


@contextmanager
def progress_bars() -> Iterator[Progress]:
    """Show a bar for each phase; where standard error is no terminal, print a line when a phase ends."""
    console = Console(stderr=True)
    bars = Bars(
        SpinnerColumn(finished_text="[green]✓"),
        TextColumn("{task.description:<18}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
    )
    tasks: dict[str, TaskID] = {}
    finished: set[str] = set()

    def show(phase: str, done: float) -> None:
        if phase not in tasks:
            tasks[phase] = bars.add_task(phase, total=1.0)
        bars.update(tasks[phase], completed=done)
        if done >= 1.0 and phase not in finished:
            finished.add(phase)
            if not console.is_terminal:
                console.print(f"{phase}: done", highlight=False)

    with bars:
        yield show
