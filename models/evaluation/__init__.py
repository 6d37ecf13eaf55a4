"""Metrics, segments, calibration and the report."""
