"""Makes the checks of `braid doctor`; see `factory` for other services. It reads bundles as a serving process does."""

from app.process import factory
from app.process.resources import Resources
from app.services.monitoring.doctor import Doctor
from app.storage.samples import SampleStore


def doctor(resources: Resources) -> Doctor:
    """Look at everything that a deployment needs."""
    return Doctor(
        resources.database,
        resources.bundles,
        factory.bundle_origin(resources),
        resources.counts,
        SampleStore(resources.database),
        resources.training_jobs,
        factory.event_types_of_log(resources),
        resources.folders,
    )
