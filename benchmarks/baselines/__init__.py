"""The systems that are measured beside Braid, one a module."""
