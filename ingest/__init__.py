"""The collector: from the broker to the raw log, and from the raw log to the time-series database."""
