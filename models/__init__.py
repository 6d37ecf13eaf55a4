"""The recommender models: pure computation on arrays, with no HTTP and no SQL."""

DISTRIBUTION = "braid-recommender"
"""Name of the installed package, which has the version and the extras; `braid` on the package index is another's."""
