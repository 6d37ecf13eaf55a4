"""How far an import has come, as clients see it."""

from app.schemas.imports import ImportJob
from app.storage.imports import ImportState
from app.times import from_microseconds


def job_of(state: ImportState) -> ImportJob:
    """Return an import as clients see it."""
    moments = from_microseconds(state.created_at), from_microseconds(state.changed_at)
    fields = {"import_id": state.import_id, "status": state.status, "counts": state.counts, "error": state.error}
    return ImportJob(**fields, created_at=moments[0], changed_at=moments[1])
