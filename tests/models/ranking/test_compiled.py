"""What serves never compiles: warming up compiles every kernel for every type that a request meets."""

import subprocess
import sys
from pathlib import Path

from models.bundle.loader import Bundle

REPOSITORY = Path(__file__).resolve().parents[3]
PROGRAM = """
import sys
from pathlib import Path
import numpy as np
from numba.core.registry import CPUDispatcher
from models.bundle.loader import load_bundle
from models.data.history import History
from models.ranking import feature_kernels, kernels
from models.ranking.diversity import diversify
from models.ranking.candidate_generation import CandidateQuery
from models.ranking.live_catalogue import LiveCatalogue
from models.ranking.ranker import Ranker
from models.recommenders import kernels as others
from models.similarity import nearest
from models.filters.requirements import Filter

def compiled():
    modules = (kernels, feature_kernels, others, nearest)
    found = {(m.__name__, name): f for m in modules for name, f in vars(m).items() if isinstance(f, CPUDispatcher)}
    return {name: len(f.signatures) for name, f in found.items()}

kernels.warm()
warmed = compiled()
ranker = Ranker.load(load_bundle(Path(sys.argv[1])))
live = LiveCatalogue(ranker.knowledge, ranker.content)
live.apply("new", {"title": "a new one", "price": 3.5, "categories": ["group-1"]})
live.tick(0.0)
wanted = live.mask(Filter.model_validate({"field": "categories", "eq": "group-1"}))
stored = next(part for part in ranker.retriever.recommenders if hasattr(part, "histories")).histories.row(0)[0].copy()
three = np.arange(3, dtype=np.int32)
strengths = np.ones(3, dtype=np.float32)
for history in History(three), History(three, 5, strengths), History(stored, 0), History(three[:0]):
    for wish in (
        CandidateQuery(),
        CandidateQuery(excluded=three),
        CandidateQuery(wanted=wanted, favoured=(wanted,)),
        CandidateQuery(only=three, also=three, limit=2),
        CandidateQuery(excluded=three, limit=1000),
    ):
        for arrivals in None, live.arrivals:
            found = ranker.rank(history, wish, arrivals=arrivals)
            diversify(found.items, found.scores, 5, 0.5, ranker.similar_rows)
        ranker.popular(wish, 5)
        ranker.popular(wish, 5, window=1)
print(sorted(name for name, count in compiled().items() if count != warmed[name]), sum(warmed.values()) >= 20)
"""


def test_warming_up_compiles_all_that_requests_call(trained: Bundle) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(trained.folder)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("[] True\n", "")
