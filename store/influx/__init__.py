"""The time-series database: line protocol, write, read. Nothing is imported here, so that the collector starts without data frames."""
