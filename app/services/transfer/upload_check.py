"""The process that looks at uploaded files: whether they can be read, and which ones they are.

It writes a JSON object: `problem`, or `fingerprint` and `only_order`.
"""

import json
import sys
from pathlib import Path
from typing import Any

from models.data.errors import DataSetError
from models.data.file_chunks import open_folder
from models.data.reading.mapping import read_mappings
from models.data.reading.opening import Wishes

MAPPING = "mapping.toml"


def look(folder: Path, timestamps: str, events: list[str]) -> dict[str, Any]:
    """Open the files of a folder."""
    mapping = folder / MAPPING
    try:
        by_file = read_mappings(mapping) if mapping.exists() else {}
        files = open_folder(folder, Wishes(by_file=by_file, known_events=frozenset(events), timestamps=timestamps))
    except DataSetError as error:
        return {"problem": str(error)}
    except MemoryError:
        return {"problem": f"{folder}: looking at the files takes too much memory"}
    interactions = files.interactions
    return {"fingerprint": files.fingerprint, "only_order": interactions is not None and interactions.only_order}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(look(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])))
