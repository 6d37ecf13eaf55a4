"""The contexts of recommendations in SQL."""

from typing import Any

from sqlalchemy import insert

from app.storage.database import Database
from app.storage.tables import requests


class RequestStore:
    """Records the contexts that were sent with requests, for later analysis."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, request_id: str, user_id: str | None, timestamp: int, context: dict[str, Any]) -> None:
        """Commit the context of one request."""
        row = {"request_id": request_id, "user_id": user_id, "timestamp": timestamp, "context": context}
        async with self._database.writing() as connection:
            await connection.execute(insert(requests).values(row))
