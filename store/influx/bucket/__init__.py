"""Buckets of the time-series database: what there is, what is wanted, and the steps between."""
