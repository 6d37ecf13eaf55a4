"""Every kernel has one compiled version, of the types it declares, whatever arrays a request brings."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from models.arrays.compiled import KERNELS
from models.arrays.kernels import largest
from models.bundle.loader import Bundle
from models.ranking.compile_kernels import MODULES

REPOSITORY = Path(__file__).resolve().parents[3]
PROGRAM = """
import sys
from pathlib import Path
import numpy as np
from numba.core import event
from numba.core.registry import CPUDispatcher
from models.arrays.compiled import KERNELS
from models.bundle.loader import load_bundle
from models.data.history import History
from models.ranking import popular_lists
from models.ranking.candidate_generation import CandidateQuery
from models.ranking.compile_kernels import MODULES
from models.ranking.diversity import diversify
from models.ranking.live_catalogue import LiveCatalogue
from models.ranking.ranker import Ranker
from models.filters.requirements import Filter

def unlike_declared():
    return [one.function.__name__ for one in KERNELS if one.compiled.signatures != [one.arguments]]

ranker = Ranker.load(load_bundle(Path(sys.argv[1])))
not_loaded = [one.function.__name__ for one in KERNELS if "compiled" not in vars(one)]
live = LiveCatalogue(ranker.knowledge, ranker.content)
live.apply("new", {"title": "a new one", "price": 3.5, "categories": ["group-1"]})
live.update_availability(0.0)
wanted = live.mask(Filter.model_validate({"field": "categories", "eq": "group-1"}))
mapped = next(part for part in ranker.retriever.recommenders if hasattr(part, "histories")).histories.row(0)[0]
three = np.arange(3, dtype=np.int32)
strengths = np.ones(3, dtype=np.float32)
with event.install_recorder("numba:compile") as recorder:
    for history in (
        History(three), History(three, 5, strengths), History(mapped, 0), History(mapped.copy(), 0), History(three[:0])
    ):
        for query in (
            CandidateQuery(),
            CandidateQuery(excluded=three),
            CandidateQuery(wanted=wanted, preferred=(wanted,)),
            CandidateQuery(only=three, additional=three, limit=2),
            CandidateQuery(excluded=three, limit=1000),
        ):
            for new_items in None, live.new_items:
                found = ranker.rank(history, query, new_items=new_items)
                diversify(found.items, found.scores, 5, 0.5, ranker.likenesses)
            popular_lists.popular(ranker, query, 5)
            popular_lists.popular(ranker, query, 5, window=1)
outside = [name for m in MODULES for name, one in vars(m).items() if isinstance(one, CPUDispatcher)]
print(not mapped.flags.writeable, len(KERNELS) >= 20, not_loaded, unlike_declared(), outside, len(recorder.buffer))
"""


def test_requests_compile_nothing_whether_arrays_are_writable_or_mapped(trained: Bundle) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(trained.folder)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("True True [] [] [] 0\n", "")


def test_all_compiled_code_declares_its_types() -> None:
    sources = {path: path.read_text() for folder in ("app", "models") for path in (REPOSITORY / folder).rglob("*.py")}
    with_numba = [path for path, text in sources.items() if re.search(r"\bnjit\b|import numba\b", text)]
    assert with_numba == [REPOSITORY / "models/arrays/compiled.py"]
    declaring = {path for path, text in sources.items() if re.search(r"^@kernel\(", text, re.MULTILINE)}
    assert declaring == {Path(module.__file__ or "") for module in MODULES}
    assert all(one.arguments for one in KERNELS)


def test_other_types_are_refused() -> None:
    with pytest.raises(TypeError, match="No matching definition"):
        largest(np.ones(3), 1)  # type: ignore[arg-type]
