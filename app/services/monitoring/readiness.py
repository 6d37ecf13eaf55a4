"""What a process needs before it should take traffic."""

from app.errors import DatabaseError, SchemaError
from app.schemas.health import Check, Ready
from app.services.state.active_bundle import ActiveBundle
from app.storage.database import Database
from app.storage.migrations import require_schema


class Readiness:
    """Checks database, migrations and bundle."""

    def __init__(self, database: Database, bundle: ActiveBundle) -> None:
        self._database = database
        self._bundle = bundle

    async def check(self) -> Ready:
        """Check everything; a bundle that does not exist yet is no failure."""
        database = Check(status="ok", detail=self._database.url.get_backend_name())
        try:
            migrations = Check(status="ok", detail=await require_schema(self._database))
        except SchemaError as error:
            migrations = Check(status="failed", detail=str(error))
        except DatabaseError as error:
            database = Check(status="failed", detail=str(error))
            migrations = Check(status="failed", detail="unknown while the database does not answer")
        status, detail = self._bundle.state
        checks = {
            "database": database,
            "migrations": migrations,
            "bundle": Check(status=status, detail=detail),
        }
        failed = any(check.status == "failed" for check in checks.values())
        return Ready(status="failed" if failed else "ok", checks=checks)
