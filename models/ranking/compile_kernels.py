"""Compile every kernel into the on-disk cache: `python -m models.ranking.compile_kernels`.

`--ship` puts them beside the packages instead, where an image only reads them.
"""

import sys

from models.arrays import dense, shipped_kernels, vector_kernels
from models.arrays import kernels as arrays
from models.arrays.compiled import load_kernels
from models.ranking import feature_kernels, kernels
from models.recommenders import kernels as recommenders
from models.similarity import nearest

MODULES = (arrays, dense, vector_kernels, nearest, recommenders, kernels, feature_kernels)
"""All modules that have kernels."""

if __name__ == "__main__":
    shipped = "--ship" in sys.argv[1:]
    if shipped:
        shipped_kernels.compile_into(shipped_kernels.SHIPPED)
    load_kernels()
    if shipped:
        shipped_kernels.ship(shipped_kernels.SHIPPED)
