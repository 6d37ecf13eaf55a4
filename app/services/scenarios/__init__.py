"""Scenarios: named places of a shop, what is asked there, and pages of rows."""
