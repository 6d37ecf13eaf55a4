"""Compile every kernel into the on-disk cache: `python -m models.ranking.compile_kernels`."""

from models.arrays import dense, vector_kernels
from models.arrays import kernels as arrays
from models.arrays.compiled import load_kernels
from models.ranking import feature_kernels, kernels
from models.recommenders import kernels as recommenders
from models.similarity import nearest

MODULES = (arrays, dense, vector_kernels, nearest, recommenders, kernels, feature_kernels)
"""All modules that have kernels."""

if __name__ == "__main__":
    load_kernels()
