"""All systems that Braid is compared with, in the order of the table."""

from importlib.metadata import PackageNotFoundError, version

from benchmarks.baselines.cornac_ease import CornacEASE
from benchmarks.baselines.implicit_factors import ImplicitALS, ImplicitBPR
from benchmarks.baselines.implicit_knn import ImplicitBM25, ImplicitCosine, ImplicitTFIDF
from benchmarks.baselines.irspack_models import IrspackIALS, IrspackRP3Beta, IrspackSLIM
from benchmarks.baselines.item_knn import ItemKNN
from benchmarks.baselines.popularity import Popularity, RecentPopularity
from benchmarks.baselines.repeats import Repeats
from benchmarks.baselines.sequential_rules import SequentialRules
from benchmarks.baselines.system import System

SYSTEMS: tuple[System, ...] = (
    Popularity(),
    RecentPopularity(),
    Repeats(),
    ItemKNN(),
    SequentialRules(),
    ImplicitCosine(),
    ImplicitTFIDF(),
    ImplicitBM25(),
    ImplicitALS(),
    ImplicitBPR(),
    IrspackRP3Beta(),
    IrspackSLIM(),
    IrspackIALS(),
    CornacEASE(),
)


def installed(package: str) -> str | None:
    """Return the version of a distribution; None where it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None
