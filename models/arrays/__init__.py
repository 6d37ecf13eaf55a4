"""Array tools: sparse rows, dense search, vocabularies and types."""
