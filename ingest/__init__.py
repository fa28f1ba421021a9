"""The collector: from the broker to the raw log, and from the raw log to the time-series database."""

from ingest.process.lean import without

with without("rich"):
    # its tracebacks are not used (`ingest.process.log`), and take longer to import than all that the intake needs
    import structlog as structlog
