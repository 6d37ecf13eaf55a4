"""Filters and preferences of a request, and their evaluation."""
