"""Bookkeeping of the ingest: counts, reconciliation, gaps, instruments, ranks of messages."""
