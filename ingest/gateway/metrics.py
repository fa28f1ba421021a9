"""Counters of the gateway for Prometheus."""

from __future__ import annotations

from prometheus_client import Histogram

from ingest.process.guard import say
from ingest.process.metrics import ProcessMetrics

_SECONDS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)


class GatewayMetrics(ProcessMetrics):
    """All counters of the gateway."""

    port_setting = "SKYGROUND_GATEWAY_METRICS_PORT"

    def __init__(self) -> None:
        super().__init__()
        self.connections = self._gauge("gateway_connections", "Stations connected now")
        self.closed = self._by("gateway_closed_connections", "Connections closed by the gateway", "reason")
        self.received = self._counter("gateway_received_frames", "Frames of known devices with the right password")
        self.refused = self._by("gateway_refused_frames", "Frames refused", "reason")
        self.kept = self._counter("gateway_kept_frames", "Frames committed to the buffer")
        self.unkept = self._counter(
            "gateway_unkept_frames", "Frames without an answer: queue or buffer full, disk fault"
        )
        self.answered = self._by("gateway_answered_frames", "Answers sent", "cn")
        self.results = self._by("gateway_received_results", "Answers of stations to requests", "result")
        self.history = self._by("gateway_history_requests", "Requests for missing readings, by their end", "outcome")
        self.published = self._counter("gateway_published_messages", "Messages confirmed by the broker")
        self.unused = self._counter("gateway_unused_frames", "Frames in the buffer that no instrument takes")
        self.incomplete = self._counter("gateway_incomplete_uploads", "Split uploads handed on with packets missing")
        self.retried = self._counter("gateway_retried_batches", "Batches published again")
        self.errors = self._by("gateway_internal_errors", "Exceptions that were caught", "step")
        self.restarts = self._by("gateway_process_restarts", "Restarts of threads after an unexpected end", "process")
        self.waiting = self._gauge("gateway_waiting_frames", "Frames kept and not yet confirmed")
        self.connected = self._gauge("gateway_broker_connected", "1 while the broker takes messages")
        self.keep_seconds = Histogram(
            "gateway_keep_seconds", "From reception to disk", buckets=_SECONDS, registry=self.registry
        )

    def caught(self, step: str, error: Exception) -> None:
        """Count and log an exception that costs one frame or one step."""
        self.errors.labels(step).inc()
        say("step_failed", error, step=step)

    def restarted(self, name: str) -> None:
        """Count the start of a thread that had ended."""
        self.restarts.labels(name).inc()
