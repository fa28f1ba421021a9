"""What a limit is, and the limits that hold: read strictly from ``thresholds.toml``."""
