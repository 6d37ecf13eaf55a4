"""Popular and trending items: counts, charts and their selection."""
