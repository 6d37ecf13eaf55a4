"""The proof of an erasure: every file and every table is searched for the id of a user."""

import asyncio
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from app.storage.searched_tables import SearchedTables
from models.bundle.store import BundleStore

_BLOCK = 1 << 20
_SQLITE_FILES = ("", "-wal", "-shm", "-journal", "-readers")


@dataclass(frozen=True)
class SearchedPlace:
    """One place that was searched: how much of it, and how often the id was found."""

    place: str
    size: str
    found: int


class ErasureProof:
    """Searches everything that this installation has stored, on this machine and in the database.

    Parameters
    ----------
    folders
        Folders of this machine that Braid writes to.
    """

    def __init__(self, tables: SearchedTables, bundles: BundleStore, folders: Iterable[Path]) -> None:
        self._tables = tables
        self._bundles = bundles
        self._folders = list(dict.fromkeys(folders))

    async def search(self, user_id: str) -> list[SearchedPlace]:
        """Search all tables and files; one entry for each place.

        Raises
        ------
        DatabaseError
            The database does not answer.
        BundleError
            Bundles in object storage cannot be copied, to be searched.
        """
        forms = written_forms(user_id)
        found = [
            SearchedPlace(f"table {name}", f"{rows:,} rows", count)
            for name, rows, count in await self._tables.count(forms.texts)
        ]
        return found + await asyncio.to_thread(self._in_files, forms)

    def _in_files(self, forms: "Forms") -> list[SearchedPlace]:
        for version in self._bundles.published():
            # Those in object storage are copied to a folder that is searched.
            self._bundles.load(version)
        found = []
        database = self._tables.file
        if database is not None:
            paths = [Path(f"{database}{suffix}") for suffix in _SQLITE_FILES]
            found = [_searched(path, forms) for path in paths if path.exists()]
        for folder in self._folders:
            for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
                if path.is_file() and not path.is_symlink():
                    found.append(_searched(path, forms))
        return found


@dataclass(frozen=True)
class Forms:
    """How an id may be written: as text, and as bytes of any encoding."""

    texts: frozenset[str]
    all: frozenset[bytes]


def written_forms(user_id: str) -> Forms:
    """Return the forms of an id: UTF-8, UTF-16, escaped as in JSON, and percent-encoded."""
    escaped = json.dumps(user_id)[1:-1]
    encoded = quote(user_id, safe="")
    texts = {user_id, escaped, json.dumps(user_id, ensure_ascii=False)[1:-1], encoded, quote(user_id), encoded.lower()}
    as_bytes = {text.encode() for text in texts}
    return Forms(frozenset(texts), frozenset({*as_bytes, user_id.encode("utf-16-le"), user_id.encode("utf-16-be")}))


def _searched(path: Path, forms: Forms) -> SearchedPlace:
    count = sum(_count(path, form) for form in forms.all)
    return SearchedPlace(str(path), f"{path.stat().st_size:,} bytes", count)


def _count(path: Path, form: bytes) -> int:
    return sum(block.count(form) for block in _blocks(path, len(form) - 1))


def _blocks(path: Path, overlap: int) -> Iterator[bytes]:
    """Yield the content of a file in blocks that begin with the end of the one before."""
    kept = b""
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            joined = kept + block
            yield joined
            kept = joined[len(joined) - overlap :] if overlap else b""
