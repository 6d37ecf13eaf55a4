"""Benchmarks of Braid and of other systems; not part of the installed packages."""
