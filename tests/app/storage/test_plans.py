"""Plans: each index is there for a statement that uses it, and there is no other."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event, inspect

from app.errors import DatabaseError
from app.process.resources import Resources
from app.storage.database import Database
from app.storage.online_measures import OnlineMeasureStore
from app.storage.rows import Row
from app.storage.search_index import is_compared
from app.storage.user_data import UserDataStore

ROWS = 20_000
Run = Callable[[Resources], Any]


async def measured(resources: Resources) -> None:
    store = OnlineMeasureStore(resources.database)
    _ = [
        count
        async for count in store.impressions(1_700_000_000_000_000, 1_800_000_000_000_000, ["click"], ["purchase"])
    ]


async def requested(resources: Resources) -> None:
    _ = [page async for page in UserDataStore(resources.database, resources.changes).requests(["u7"])]


async def _read(resources: Resources) -> None:
    position = await resources.changes.position()
    await resources.changes.read(position)


STATEMENTS: dict[str, Run] = {
    "ix_interactions_user_id_timestamp": lambda resources: resources.interactions.histories(["u7"], 100),
    "uq_interactions_event_id": lambda resources: resources.interactions.store(
        [Row("u7", "i", "view", event_id="e77")]
    ),
    "ix_interactions_timestamp_of_requests": measured,
    "ix_items_changed_at": lambda resources: resources.items.changed_since(1_799_999_999_000_000, 10),
    "ix_items_appeared_at": lambda resources: resources.items.newest(10),
    "pk_scenarios": lambda resources: resources.scenario_store.versions("s7"),
    "ix_changes_created_at": lambda resources: resources.changes.prune(1),
    "ix_changes_transaction_id": _read,
    "ix_requests_user_id": requested,
    "ix_merges_into_user_id": lambda resources: UserDataStore(resources.database, resources.changes).merges(["u7"]),
    "ix_moved_rows_user_id": lambda resources: UserDataStore(resources.database, resources.changes).erase("m7"),
    "ix_training_jobs_created_at": lambda resources: resources.training_jobs.page(10),
    "ix_training_job_lines_job_id": lambda resources: resources.training_jobs.lines("j7"),
    "pk_training_jobs": lambda resources: resources.training_jobs.get("j7"),
    "pk_interactions": lambda resources: UserDataStore(resources.database, resources.changes).delete(77),
    "pk_items": lambda resources: resources.items.get("i7"),
    "pk_users": lambda resources: resources.users.get("u7"),
    "pk_changes": _read,
    "pk_requests": lambda resources: resources.requests.add("fresh", "u7", 1, {}),
    "pk_merges": lambda resources: UserDataStore(resources.database, resources.changes).merges(["u7"]),
    "uq_imports_fingerprint": lambda resources: resources.imports.begin("f7", "folder"),
    "pk_imports": lambda resources: resources.imports.get("i7"),
}
KEYS_OF_SQLITE = {"pk_interactions", "pk_changes"}
"""Rows are found by these without an index, as the tables are ordered by them."""


async def fill(resources: Resources) -> None:
    """Make tables so large that a scan does not pay."""
    rows = [
        Row(
            f"u{n % 2000}",
            f"i{n % 1000}",
            "shown" if n % 200 == 0 else "view",
            timestamp=1_700_000_000_000_000 + n,
            event_id=f"e{n}",
            request_id=f"r{n}" if n % 200 == 0 else None,
        )
        for n in range(ROWS)
    ]
    await resources.interactions.store(rows)
    is_sqlite = resources.database.is_sqlite
    numbers = (
        "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 5000)"
        if is_sqlite
        else "WITH n AS (SELECT generate_series(1, 5000) AS n)"
    )
    async with resources.database.writing() as connection:
        for into, values in (
            ("requests (request_id, user_id, timestamp, context)", "'q' || n, 'u' || n, n, '{}'"),
            ("merges (user_id, into_user_id, moved, merged_at)", "'m' || n, 'u' || n, 0, n"),
            ("moved_rows (user_id, interaction_id)", "'m' || n, n"),
            ("changes (created_at, origin, kind)", "1000 + n, 'o', 'users'"),
            (
                "training_jobs (job_id, kind, origin, options, status, created_at)",
                "'j' || n, 'full', 'api', '{}', 'succeeded', n",
            ),
            ("scenarios (name, version, changed_at)", "'s' || n, 1, n"),
            ("training_job_lines (job_id, written_at, line)", "'j' || (n % 500), n, 'a line'"),
            (
                "imports (import_id, fingerprint, folder, status, counts, created_at, changed_at)",
                "'i' || n, 'f' || n, '', 'done', '{}', n, n",
            ),
        ):
            values_ = values if is_sqlite else values.replace("'{}'", "'{}'::jsonb")
            await connection.exec_driver_sql(f"INSERT INTO {into} {numbers} SELECT {values_} FROM n")
        await connection.exec_driver_sql("ANALYZE")


async def plans(resources: Resources, run: Run) -> str:
    """Run something, and give the plans of all its statements."""
    seen: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if statement.split(maxsplit=1)[0] in ("SELECT", "INSERT", "DELETE", "UPDATE", "WITH"):
            seen.append((statement, parameters[0] if many else parameters))

    engines = [resources.database.engine.sync_engine] + (
        [resources.database._writer] if resources.database._writer else []
    )
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        await run(resources)
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)
    explain = "EXPLAIN QUERY PLAN" if resources.database.is_sqlite else "EXPLAIN"
    lines: list[str] = []
    async with resources.database.begin() as connection:
        for statement, parameters in seen:
            rows = await connection.exec_driver_sql(f"{explain} {statement}", parameters)
            lines += [str(row[-1]) for row in rows]
    return "\n".join(lines)


async def test_each_index_is_used_by_the_statement_it_is_there_for(resources: Resources) -> None:
    await fill(resources)
    for name, run in STATEMENTS.items():
        found = await plans(resources, run)
        if resources.database.is_sqlite and name == "ix_changes_transaction_id":
            continue  # SQLite, with one writer, reads the feed by id
        if resources.database.is_sqlite and name.startswith(("pk_", "uq_imports")):
            key = "INTEGER PRIMARY KEY" if name in KEYS_OF_SQLITE else "sqlite_autoindex"
            used = key in found or name in ("pk_requests", "uq_imports_fingerprint")
        elif name in ("pk_requests", "pk_changes"):
            used = True  # what is written needs them: they keep the ids unique
        else:
            used = name in found
        assert used, f"{name}:\n{found}"


async def test_there_is_no_other_index(resources: Resources) -> None:
    def names(connection: Any) -> set[str]:
        inspector = inspect(connection)
        return {str(index["name"]) for table in inspector.get_table_names() for index in inspector.get_indexes(table)}

    async with resources.database.begin() as connection:
        found = await connection.run_sync(names)
    compared = {name for name in found if is_compared(name, "index", {})}
    assert {name for name in compared if not name.startswith("uq_imports")} <= set(STATEMENTS)


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
async def test_a_statement_that_takes_too_long_is_ended(resources: Resources, database_url: str) -> None:
    database = Database(database_url, statement_seconds=0.2)
    try:
        with pytest.raises(DatabaseError, match="statement timeout"):
            async with database.begin() as connection:
                await connection.exec_driver_sql("SELECT pg_sleep(5)")
        async with database.begin() as connection:
            await database.without_time_limit(connection)
            await connection.exec_driver_sql("SELECT pg_sleep(0.4)")
    finally:
        await database.close()
