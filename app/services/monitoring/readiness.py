"""What a process needs before it should take traffic."""

from app.errors import DatabaseError, SchemaError
from app.schemas.health import Check, Ready
from app.services.kit.supervision import Supervisor
from app.services.state.active_bundle import ActiveBundle
from app.storage.database import Database
from app.storage.migrations import require_schema


class Readiness:
    """Checks database, migrations, bundle and background loops."""

    def __init__(self, database: Database, bundle: ActiveBundle, background: Supervisor) -> None:
        self._database = database
        self._bundle = bundle
        self._background = background

    async def check(self) -> Ready:
        """Check everything.

        A bundle that does not exist yet or cannot be read by this version is no failure, nor is a loop that is being
        restarted.
        """
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
            "background": self._background_check(),
        }
        failed = any(check.status == "failed" for check in checks.values())
        return Ready(status="failed" if failed else "ok", checks=checks)

    def _background_check(self) -> Check:
        failing = self._background.failing
        if not failing:
            return Check(status="ok", detail=", ".join(self._background.names))
        names = ", ".join(f"{name} ({type(error).__name__})" for name, error in sorted(failing.items()))
        return Check(status="degraded", detail=f"died and is restarted, the log has the error: {names}")
