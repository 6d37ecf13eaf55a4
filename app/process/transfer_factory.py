"""Makes the services that read and write files; apart from the others, so that an import reads little code."""

from app.process.resources import Resources
from app.services.transfer.exporting_log import ExportingLog
from app.services.transfer.importing import Importing
from app.storage.bulk import BulkStore
from app.storage.log_pages import LogPages


def importing(resources: Resources) -> Importing:
    """Import data-set folders."""
    bulk = BulkStore(resources.database, resources.changes, resources.first_mentions)
    return Importing(
        resources.imports,
        bulk,
        resources.items,
        resources.users,
        resources.changes,
        resources.event_types,
        resources.schema,
    )


def exporting_log(resources: Resources) -> ExportingLog:
    """Export the log and the catalogue."""
    return ExportingLog(resources.interactions, LogPages(resources.database), resources.schema)
