"""Fault or event: one verdict a case, its evidence and a probability."""
