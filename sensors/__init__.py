"""Bytes to readings, pure: wire formats, adapters of published data sets, and a simulated province with known truth."""
