"""Benchmarks: one module a figure family, each prints JSON lines. Run with ``make bench [ONLY='ingest.*']``."""
