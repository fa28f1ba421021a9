"""State of the mail channel: last use, waiting mails, and the alarm by the standby channel during an outage."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import structlog

from alerts.channels.standby import StandbyError, post_standby
from alerts.wording import time_text, word
from schemas.alert import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from alerts.settings import AlertSettings
    from schemas.alert_case import AlertCase
    from store.state import ChannelState, NoticeBacklog, StateStore

CHECK_EVERY = timedelta(minutes=5)
"""Interval of checks of the mail server while nothing waits, so that an outage is found before the first alert."""
ALARM_AFTER = timedelta(minutes=2)
ALARM_AGAIN = timedelta(hours=1)
STUCK_AFTER = timedelta(minutes=15)
"""A mail that waits for longer is stuck, also where no process delivers."""
LISTED = 10
MAIL = "mail"
"""Channel of mails, `alerts.people.person.MAIL`."""
_DAY = timedelta(hours=24)
_ORDER = {Severity.CRITICAL: 0, Severity.WARNING: 1, Severity.INFO: 2}
_log = structlog.get_logger(__name__)


class MailState(msgspec.Struct, frozen=True, kw_only=True):
    """State of mail delivery.

    Attributes
    ----------
    ok : bool or None
        Whether the last use of the mail server went well; None before the first.
    since, checked_at : datetime or None
        First and last use with that outcome.
    detail : str
        The server's answer or the error.
    failures : int
        Uses that failed, ever [1].
    waiting : int
        Mails not yet sent.
    oldest : datetime or None
        When the one that waits longest was recorded.
    failed : int
        Mails given up within 24 h.
    is_stuck : bool
        A mail waits for longer than `STUCK_AFTER`.
    """

    ok: bool | None
    since: datetime | None
    checked_at: datetime | None
    detail: str
    failures: int
    waiting: int
    oldest: datetime | None
    failed: int
    is_stuck: bool

    @property
    def is_troubled(self) -> bool:
        """Whether an operator must act: the server fails, mails are stuck or were given up."""
        return self.ok is False or self.is_stuck or self.failed > 0


def mail_state(state: StateStore, now: datetime) -> MailState:
    """State of the mail channel at a moment (aware)."""
    channel, backlog = state.channels.get(MAIL), state.notices.backlog(MAIL, now=now, failed_since=now - _DAY)
    return MailState(
        ok=channel.ok if channel else None,
        since=channel.since if channel else None,
        checked_at=channel.checked_at if channel else None,
        detail=channel.detail if channel else "",
        failures=channel.failures if channel else 0,
        waiting=backlog.waiting,
        oldest=backlog.oldest,
        failed=backlog.failed,
        is_stuck=backlog.oldest is not None and now - backlog.oldest > STUCK_AFTER,
    )


def is_check_due(state: StateStore, now: datetime) -> bool:
    """Whether a check of the mail server is due although nothing waits."""
    channel = state.channels.get(MAIL)
    return channel is None or not channel.ok or now - channel.checked_at >= CHECK_EVERY


def note_mail(
    state: StateStore, settings: AlertSettings, error: str | None, backlog: NoticeBacklog, now: datetime
) -> None:
    """Record the outcome of a use of the mail server; log a change, and post an outage and its end to the standby channel."""
    before = state.channels.note(MAIL, ok=error is None, detail=error or "", now=now)
    if error is None:
        if not before.ok:
            _log.info("mail_server_back", since=before.since, failures=before.failures)
        if before.alarmed_at is not None:
            _alarm(settings, "mail_up", _text("mail_up", settings, before.since, backlog, []), now)
        return
    channel = state.channels.get(MAIL)
    assert channel is not None, "it was noted above"
    if channel.since == now:
        _log.warning("mail_server_dead", detail=error, waiting=backlog.waiting)
    if _is_alarm_due(channel, now) and state.channels.note_alarm(MAIL, before=channel.alarmed_at, now=now):
        waiting = sorted(_waiting(state, now), key=lambda item: _ORDER[item.severity])[:LISTED]
        text = _text("mail_down", settings, channel.since, backlog, waiting, detail=error)
        if not _alarm(settings, "mail_down", text, now, waiting=backlog.waiting, since=channel.since, detail=error):
            state.channels.note_alarm(MAIL, before=now, now=channel.alarmed_at)  # tried again in the next round


def _is_alarm_due(channel: ChannelState, now: datetime) -> bool:
    if channel.alarmed_at is not None:
        return now - channel.alarmed_at >= ALARM_AGAIN
    return now - channel.since >= ALARM_AFTER


def _alarm(settings: AlertSettings, event: str, text: str, now: datetime, **facts: object) -> bool:
    """Post to the standby channel and log; False where the standby channel failed."""
    log = _log.error if event == "mail_down" else _log.info
    try:
        is_posted = post_standby(settings, event=event, text=text, now=now, **facts)
    except StandbyError as error:
        _log.error("standby_dead", event_told=event, detail=str(error), text=text)
        return False
    log(event, text=text, told_by_second_way=is_posted)
    return True


def _text(
    key: str,
    settings: AlertSettings,
    since: datetime,
    backlog: NoticeBacklog,
    waiting: Sequence[AlertCase],
    *,
    detail: str = "",
) -> str:
    language, zone = settings.language, settings.stations.timezone
    since_text = time_text(since, zone, language)
    head = word(key, language, since=since_text, count=backlog.waiting, detail=detail, console=settings.console_url)
    return "\n".join([head, *(_line(item, zone, language) for item in waiting)])


def _waiting(state: StateStore, now: datetime) -> list[AlertCase]:
    """Cases of which a due mail waits."""
    due = [item.case_id for item in state.notices.waiting(MAIL) if item.due_at <= now or item.attempts]
    return [case for case_id in dict.fromkeys(due) if (case := state.cases.get(case_id)) is not None]


def _line(item: AlertCase, zone: ZoneInfo, language: str) -> str:
    label = word(f"severity_{item.severity}", language)
    alert = item.alerts[0]
    value = "" if alert.extreme is None else f" {alert.extreme:g} {alert.unit or ''}".rstrip()
    return f"[{label}] {item.id} {alert.alert_key}{value} · {time_text(item.since, zone, language)}"
