"""The pages of the console."""

from app.console import (
    audit,
    bundles,
    data,
    explore,
    item_acts,
    items,
    keys,
    overview,
    scenario_changes,
    scenarios,
    settings,
    sign_in,
    training_jobs,
    uploads,
    user_acts,
    users,
)

MODULES = (
    overview,
    explore,
    items,
    item_acts,
    users,
    user_acts,
    scenarios,
    scenario_changes,
    training_jobs,
    bundles,
    data,
    uploads,
    keys,
    audit,
    settings,
    sign_in,
)
"""Each has a `router`."""
