"""Completeness of the data: gaps, their repair, and the reconciliation of readings."""
