"""SQLAlchemy tables and queries."""
