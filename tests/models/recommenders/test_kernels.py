import subprocess
import sys
from pathlib import Path

from models.bundle.loader import Bundle

REPOSITORY = Path(__file__).resolve().parents[3]
PROGRAM = """
import sys
from pathlib import Path
from models.bundle.loader import load_bundle
from models.ranking.ranker import Ranker
from models.recommenders import kernels, nearest

names = ["exclude", "release", "touch_all", "add_rows", "find_terms"]
def compiled():
    found = {name: len(getattr(kernels, name).signatures) for name in names}
    return found | {"neighbours_of": len(nearest.neighbours_of.signatures)}

kernels.warm()
warmed = compiled()
ranker = Ranker.load(load_bundle(Path(sys.argv[1])))
items, users = ([name.decode() for name in ids] for ids in (ranker.item_ids, ranker.user_ids))
indices = next(part for part in ranker.retriever.recommenders if hasattr(part, "histories")).histories.row(0)[0]
stored = [items[code] for code in indices]
for history, user in (items[:3], None), (stored, users[0]), (items[:1], "stranger"):
    assert ranker.recommend(history, limit=5, exclude=history, user_id=user)
content = next(part for part in ranker.retriever.recommenders if hasattr(part, "neighbours_of"))
for item in {"title": "a new one", "price": 3.5}, {}:
    content.neighbours_of(item)
print(warmed == compiled(), min(warmed.values()) > 0)
"""


def test_warming_up_compiles_all_that_requests_call(trained: Bundle) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(trained.folder)], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert done.stdout == "True True\n"
