"""Tables for the terminal."""

from rich.table import Table


def table_of(first: str, *others: str) -> Table:
    """Make a table that fits into 80 columns."""
    table = Table(first, box=None, padding=(0, 1, 0, 0))
    for name in others:
        table.add_column(name, justify="right")
    return table
