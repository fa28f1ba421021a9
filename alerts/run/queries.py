"""Queries and actions of the command line on alerts: lists, one transition, acknowledgement, a sample mail."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from alerts.channels import email
from alerts.mail.frame.case_message import CaseEnvelope, message_id, put_together, render_case
from alerts.mail.frame.digest import render_digest
from alerts.mail.samples import DIGEST, sample_digest, sample_mail
from alerts.wording import word
from schemas.alert import AlertState, RuleKind
from schemas.words import sentence
from store.state import LARGEST_ID, StateStore

if TYPE_CHECKING:
    from alerts.settings import AlertSettings
    from store.settings import SharedSettings
    from store.state import AlertStatus


class ListedAlert(msgspec.Struct, frozen=True, kw_only=True):
    """One alert in a list.

    Attributes
    ----------
    value : float or None
        Its extreme so far, or until it ended, in ``unit``; of a silence its length.
    latest, latest_at : float, datetime or None
        The newest value, and the end of its interval.
    end_reason : str or None
        Why it ended.
    """

    id: int
    state: str
    severity: str
    alert_key: str
    since: datetime
    value: float | None
    latest: float | None
    latest_at: datetime | None
    unit: str | None
    end_reason: str | None
    taken_by: str | None


def list_states(
    settings: SharedSettings, state: AlertState | None = None, *, limit: int | None = None
) -> list[ListedAlert]:
    """Present state of the alerts, at most ``limit``: firing, pending, ok; newest first within each."""
    now = datetime.now(UTC)
    order = {AlertState.FIRING: 0, AlertState.PENDING: 1, AlertState.OK: 2}
    with _open(settings) as store:
        found = [item for item in store.alerts.get_states().values() if state is None or item.state is state]
    found.sort(key=lambda item: (order[item.state], -item.transition.at.timestamp(), item.alert_key))
    return [
        ListedAlert(
            id=item.transition_id,
            state=item.state,
            severity=item.transition.severity,
            alert_key=item.alert_key,
            since=item.transition.since,
            value=_extreme(item, now),
            latest=item.progress.latest if _has_latest(item) else None,
            latest_at=item.progress.latest_at if _has_latest(item) else None,
            unit=item.transition.unit,
            end_reason=item.transition.reason,
            taken_by=item.acknowledged_by,
        )
        for item in found[:limit]
    ]


def _has_latest(status: AlertStatus) -> bool:
    return bool(status.transition.parameter) and status.state is not AlertState.OK


def _extreme(status: AlertStatus, now: datetime) -> float | None:
    change = status.transition
    if change.kind is RuleKind.SILENCE:
        return (now - change.since) / timedelta(minutes=1) if status.state is AlertState.FIRING else change.value
    return change.value if status.progress.extreme is None else status.progress.extreme


def show_transition(settings: SharedSettings, transition_id: int) -> dict[str, Any] | None:
    """One stored transition with its deliveries and who has taken the alert; None where there is none."""
    with _open(settings) as store:
        stored = store.alerts.get(transition_id)
        if stored is None:
            return None
        status = store.alerts.get_states(keys=[stored.transition.alert_key]).get(stored.transition.alert_key)
        return {
            "id": stored.id,
            "recorded_at": stored.recorded_at,
            "transition": stored.transition,
            "present_state": status.state if status else None,
            "taken_by": status.acknowledged_by if status else None,
            "note": status.note if status else None,
            "deliveries": [
                msgspec.structs.replace(item, detail=sentence(item.detail, settings.language))
                for item in store.deliveries.list(transition_id=stored.id)
            ],
        }


def take(settings: SharedSettings, alert: str, *, who: str, note: str = "") -> str:
    """Acknowledge an alert by transition id or alert key; returns the key, raises `store.error.StateError`."""
    key = alert_key_of(settings, alert)
    with _open(settings) as store:
        store.alerts.acknowledge(key, who, note)
    return key


def alert_key_of(settings: SharedSettings, alert: str) -> str:
    """The alert key of a transition id; any other text, and an unknown id, as it is."""
    if not (alert.isascii() and alert.isdigit() and len(alert) <= len(str(LARGEST_ID))):
        return alert
    shown = show_transition(settings, int(alert))
    return alert if shown is None else str(shown["transition"].alert_key)


def send_sample(settings: AlertSettings, kind: str, to: tuple[str, ...] = (), *, language: str = "") -> tuple[str, ...]:
    """Send a made-up mail.

    Parameters
    ----------
    settings : AlertSettings
    kind : str
        One of `alerts.mail.samples.KINDS`, or ``digest``.
    to : tuple of str
        Instead of the configured recipients; each gets a mail of its own.
    language : str
        ``zh`` or ``en``; empty: that of the settings.

    Returns
    -------
    tuple of str
        The recipients.

    Raises
    ------
    alerts.channels.email.DeliveryError
    """
    now, language = datetime.now(UTC), language or settings.language
    label = word("test", language)
    recipients = to or settings.mail_to
    for number, recipient in enumerate(recipients):
        identity = message_id(f"test-{now:%Y%m%dT%H%M%S%f}-{kind}-{number}", settings.mail_from)
        envelope = CaseEnvelope(sender=settings.mail_from, recipient=recipient, message_id=identity)
        if kind == DIGEST:
            rendered = render_digest(sample_digest(now, settings.console_url), language)
        else:
            rendered = render_case(sample_mail(kind, now, settings.console_url), language, identity)
        marked = rendered._replace(subject=f"[{label}] {rendered.subject}")
        email.send(put_together(marked, envelope, now.astimezone(settings.stations.timezone)), settings, attempts=1)
    return recipients


def _open(settings: SharedSettings) -> StateStore:
    store = StateStore(settings.state_url)
    store.migrate()
    return store
