"""Counters of ``skyground watch`` for Prometheus, served on loopback by default."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.process.metrics import ProcessMetrics

if TYPE_CHECKING:
    from alerts.channels.outage import MailState
    from alerts.run.round import Round


class WatchMetrics(ProcessMetrics):
    """All counters of the watch."""

    port_setting = "SKYGROUND_WATCH_METRICS_PORT"

    def __init__(self) -> None:
        super().__init__()
        self._rounds = self._counter("alerts_watch_rounds", "Rounds of the watch")
        self._failed_rounds = self._counter("alerts_watch_failed_rounds", "Rounds in which a step failed")
        self._transitions = self._counter("alerts_stored_transitions", "Changes of alerts stored")
        self._mails = self._counter("alerts_sent_mails", "Mails handed to the server")
        self._failures = self._counter("alerts_mail_failures", "Uses of the mail server that failed, by any process")
        self._mail_up = self._gauge("alerts_mail_up", "1 while the last use of the mail server went well")
        self._waiting = self._gauge("alerts_waiting_mails", "Mails not yet sent")
        self._oldest = self._gauge("alerts_waiting_seconds", "How long the mail that waits longest has waited")
        self._given_up = self._gauge("alerts_given_up_mails", "Mails given up within 24 h")
        self._seen_failures: int | None = None

    def round(self, done: Round) -> None:
        """Count a round."""
        self._rounds.inc()
        self._failed_rounds.inc(done.error is not None)
        self._transitions.inc(done.transitions)
        self._mails.inc(done.mails)
        if done.mail is not None:
            self._mail(done.mail, done)

    def _mail(self, mail: MailState, done: Round) -> None:
        if mail.ok is not None:
            self._mail_up.set(mail.ok)
        self._waiting.set(mail.waiting)
        self._oldest.set(max(0.0, (done.at - mail.oldest).total_seconds()) if mail.oldest else 0.0)
        self._given_up.set(mail.failed)
        if self._seen_failures is not None:
            self._failures.inc(max(0, mail.failures - self._seen_failures))
        self._seen_failures = mail.failures
