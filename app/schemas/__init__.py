"""Pydantic wire models, one module for each resource."""
