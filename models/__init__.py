"""The recommender models: pure computation on arrays, with no HTTP and no SQL."""
