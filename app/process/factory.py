"""Makes services where they are used: by the API for a request, by a command, by the worker and by tests alike.

They are cheap to make. What must outlive them is in `Resources`.
"""

import os
from collections.abc import Awaitable, Callable, Collection
from pathlib import Path

from app.config import SHARED_FOLDER
from app.process.resources import Resources
from app.services.monitoring.online_measures import OnlineMeasuring
from app.services.monitoring.operation_checks import EventTypesOfLog
from app.services.monitoring.served_lists import ServedLists
from app.services.monitoring.status import StatusOf
from app.services.state.bundle_origin import BundleOrigin
from app.services.training.jobs import TrainingJobs
from app.services.training.versions import Versions
from app.services.users.bundle_erasure import BundleErasure, nothing
from app.services.users.erasure_proof import ErasureProof
from app.storage.activations import ActivationStore
from app.storage.online_measures import OnlineMeasureStore
from app.storage.searched_tables import SearchedTables


def versions(resources: Resources) -> Versions:
    """List and activate bundles."""
    activations = ActivationStore(resources.database, resources.changes)
    return Versions(resources.bundles, activations, bundle_origin(resources), resources.settings.keep_bundles)


def bundle_origin(resources: Resources) -> BundleOrigin:
    """Compare the items of bundles with the catalogue."""
    return BundleOrigin(resources.items, ActivationStore(resources.database, resources.changes))


def bundle_erasure(
    resources: Resources, on_rewritten: Callable[[Collection[str]], Awaitable[None]] = nothing
) -> BundleErasure:
    """Take erased users out of the stored bundles."""
    return BundleErasure(resources.masks, resources.log_readers, resources.bundles, resources.changes, on_rewritten)


def searched_tables(resources: Resources) -> SearchedTables:
    """Search all tables for a text."""
    return SearchedTables(resources.database, resources.changes)


def erasure_proof(resources: Resources) -> ErasureProof:
    """Search everything that is stored for the id of a user."""
    shared = os.environ.get(SHARED_FOLDER)
    folders = (*resources.folders, *([Path(shared)] if shared else []))
    return ErasureProof(searched_tables(resources), resources.bundles, folders)


def training_jobs(resources: Resources) -> TrainingJobs:
    """Add, read and cancel training jobs."""
    return TrainingJobs(resources.training_jobs, resources.bundles)


def status(resources: Resources) -> StatusOf:
    """Look at what there is, and what needs attention."""
    return StatusOf(resources.database, resources.bundles, resources.training_jobs, resources.folders)


def online_measuring(resources: Resources) -> OnlineMeasuring:
    """Measure clicks and conversions of recommendations."""
    activations = ActivationStore(resources.database, resources.changes)
    served = ServedLists(activations, resources.bundles, resources.scenarios)
    return OnlineMeasuring(OnlineMeasureStore(resources.database), served, resources.scenarios.shares)


def event_types_of_log(resources: Resources) -> EventTypesOfLog:
    """Compare the event types of the log with those of the settings."""
    return EventTypesOfLog(resources.counts, resources.event_types)
