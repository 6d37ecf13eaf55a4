"""Distances on the earth."""

import numpy as np

from models.arrays.types import Float64
from models.filters.values import Nearby

_RADIUS_KM = 6371.0088
"""The earth's mean radius."""


def kilometres(latitude: Float64, longitude: Float64, point: Nearby) -> Float64:
    """Return the great-circle distance of places from a point, in kilometres, by the haversine formula.

    Parameters
    ----------
    latitude, longitude
        Of the places, in degrees.
    """
    here, there = np.radians(point.lat), np.radians(latitude)
    north = np.sin((there - here) / 2) ** 2
    east = np.sin(np.radians(longitude - point.lon) / 2) ** 2
    share = np.clip(north + np.cos(here) * np.cos(there) * east, 0.0, 1.0)
    return np.asarray(2 * _RADIUS_KM * np.arcsin(np.sqrt(share)), dtype=np.float64)
