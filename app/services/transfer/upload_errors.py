"""What is wrong with an upload, as its sender is told."""

from pathlib import Path

from app.errors import InvalidFieldsError
from app.schemas.problems import FieldError
from models.data.errors import DataSetError


def told_of(error: DataSetError, folder: Path) -> str:
    """Return what is wrong with uploaded files, without the folder in which they lie."""
    return str(error).replace(f"{folder}/", "").replace(str(folder), "the upload")


def unusable(text: str) -> InvalidFieldsError:
    """Return the error of an upload whose files cannot be imported."""
    return InvalidFieldsError(text, [FieldError(field="body", code="unusable_files", detail=text)])
