"""The systems that Braid is compared with, one per module."""
