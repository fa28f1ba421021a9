"""Metrics of the collector for Prometheus, served on loopback by default."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from ingest.process.error import IngestError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.process.report import DrainReport
    from schemas.message import RawMessage

_SECONDS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)


class ProcessMetrics:
    """Counters of one process, in a registry of their own; ``port_setting`` is the variable of the port, for errors."""

    port_setting: ClassVar[str]

    def __init__(self) -> None:
        self.registry = CollectorRegistry()

    def serve(self, host: str, port: int) -> None:
        """Answer Prometheus in the background; port 0 is off.

        Raises
        ------
        IngestError
            The port is taken; names the setting to change.
        """
        if not port:
            return
        try:
            start_http_server(port, host, registry=self.registry)
        except OSError as error:
            msg = f"{self.port_setting}={port}: {host}:{port} cannot be opened: {error.strerror}; 0 switches it off"
            raise IngestError(msg) from error

    def _counter(self, name: str, words: str) -> Counter:
        return Counter(name, words, registry=self.registry)

    def _by(self, name: str, words: str, label: str) -> Counter:
        return Counter(name, words, (label,), registry=self.registry)

    def _gauge(self, name: str, words: str) -> Gauge:
        return Gauge(name, words, registry=self.registry)


class CollectorMetrics(ProcessMetrics):
    """All counters of the collector."""

    port_setting = "SKYGROUND_METRICS_PORT"

    def __init__(self) -> None:
        super().__init__()
        self.received = self._counter("ingest_received_messages", "Messages committed to the raw log")
        self.redelivered = self._counter("ingest_redelivered_messages", "Committed messages marked as redelivered")
        self.deletions = self._counter(
            "ingest_deletion_messages", "Committed messages without payload (deletion of a retained message)"
        )
        self.decoded = self._counter("ingest_decoded_messages", "Messages read from the raw log and decoded")
        self.readings = self._counter("ingest_written_readings", "Readings stored")
        self.values = self._counter("ingest_written_values", "Values stored")
        self.superseded = self._counter(
            "ingest_superseded_readings",
            "Readings not written because a message of higher rank is stored",
        )
        self.retried = self._counter("ingest_retried_batches", "Repeated writes to the database")
        self.restarts = self._by(
            "ingest_process_restarts", "Restarts of processes and threads after an unexpected end", "process"
        )
        self.errors = self._by("ingest_internal_errors", "Internal errors for which no message is refused", "step")
        self.rejected = self._by("ingest_rejected_entries", "Quarantine entries by reason", "reason")
        self.lag = self._gauge("ingest_cursor_lag_messages", "Messages kept and not yet stored")
        self.connected = self._gauge("ingest_broker_connected", "1 while the broker is connected")
        self.taken_over = self._gauge(
            "ingest_covered_sessions", "Sessions of absent collectors that this one has taken over"
        )
        self.stalled = self._gauge(
            "ingest_intake_stalled", "1 while intake is stopped (raw log not writable or disk nearly full)"
        )
        self.disk_free = self._gauge("ingest_disk_free_bytes", "Free disk space of the raw log")
        self.batch_seconds = Histogram(
            "ingest_batch_seconds", "Duration of one batch by step", ("step",), buckets=_SECONDS, registry=self.registry
        )

    def kept(self, messages: Sequence[RawMessage], seconds: float) -> None:
        """Count a batch that the raw log has committed."""
        self.received.inc(len(messages))
        self.redelivered.inc(sum(item.redelivered for item in messages))
        self.deletions.inc(sum(not item.payload for item in messages))
        self.batch_seconds.labels("keep").observe(seconds)

    def restarted(self, name: str) -> None:
        """Count the start of a process or thread that had ended."""
        self.restarts.labels(name).inc()

    def drained(self, report: DrainReport) -> None:
        """Count a batch that was decoded and written."""
        self.decoded.inc(report.messages)
        self.readings.inc(report.readings)
        self.values.inc(report.values)
        self.retried.inc(report.retries)
        self.superseded.inc(report.superseded)
        for reason, count in report.rejected.items():
            self.rejected.labels(reason).inc(count)
        for name, count in report.restarts.items():
            self.restarts.labels(name).inc(count)
        for step, count in report.errors.items():
            self.errors.labels(step).inc(count)
        if report.lag is not None:
            self.lag.set(report.lag)
        if report.messages:
            self.batch_seconds.labels("decode").observe(report.decode_s)
            self.batch_seconds.labels("write").observe(report.write_s)
