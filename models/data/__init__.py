"""Interactions as arrays: data-set folders, cleaning, splitting and sample data."""
