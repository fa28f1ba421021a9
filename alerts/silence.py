"""Silence: how long a network of a station has sent nothing, and when that begins and ends. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from alerts.watched import ALL
from schemas.alert import AlertState, AlertTransition, EndReason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alerts.history import Subject
    from alerts.rule import SilenceRule
    from schemas.network import Station

MINUTE = timedelta(minutes=1)


class Silence(NamedTuple):
    """How long a station's network has sent nothing, against what is allowed.

    ``last_end`` is the end of its newest reading; without any newer one it is too long from ``expires`` on.
    """

    station_id: str
    network: str
    last_end: datetime
    minutes: float
    allowed_minutes: float

    @property
    def is_silent(self) -> bool:
        """Whether it is beyond what is allowed."""
        return self.minutes > self.allowed_minutes

    @property
    def expires(self) -> datetime:
        """When the allowed time runs out: the same whoever looks and whenever."""
        return self.last_end + timedelta(minutes=self.allowed_minutes)


def silence_of(station: Station, network: str, last: datetime, rule: SilenceRule, now: datetime) -> Silence | None:
    """Silence of one network at one station.

    Parameters
    ----------
    last : datetime
        Start of its last reading, UTC.

    Returns
    -------
    Silence or None
        None where no instrument is in service, or the station is a data set (``late_window_h = 0``).
    """
    serving = [item for item in station.instruments_of(network) if item.serves_at(now)]
    if not serving or station.late_window_h == 0:
        return None
    cadence = timedelta(seconds=max(item.cadence_s for item in serving))
    delay = max(station.delay_of(item) for item in serving)
    allowed = max(cadence.total_seconds() * rule.cadences / 60.0, rule.min_minutes) + delay / MINUTE
    minutes = max(0.0, (now - last - cadence) / MINUTE)
    return Silence(station.id, network, last + cadence, minutes, allowed)


def all_silent(silences: Sequence[Silence], at_least: int) -> bool:
    """Whether every station that ever sent something is silent, and they are enough to suspect what they share."""
    stations = {item.station_id for item in silences}
    sending = {item.station_id for item in silences if not item.is_silent}
    return len(stations) >= at_least and not sending


def silence_change(
    last: AlertTransition | None, silence: Silence, rule: SilenceRule, subject: Subject, *, silent: bool
) -> AlertTransition | None:
    """The transition that a silence makes; None where nothing changes.

    It begins when the allowed time ran out, and ends with any reading newer than the last one known, whether that ends
    before or after the moment it began.

    Parameters
    ----------
    last : AlertTransition or None
        The alert's newest transition.
    silent : bool
        Whether the alert's condition holds: `Silence.is_silent`, or for all stations together `all_silent`.
    """
    is_firing = last is not None and last.to_state is AlertState.FIRING
    if silent == is_firing:
        return None
    at, since = silence.expires, silence.last_end
    if is_firing and last is not None:
        at, since = max(last.at, silence.last_end), last.since
    elif last is not None:  # closed by hand of the configuration at this very moment: the order stays
        at = max(at, last.at + timedelta(microseconds=1))
    return AlertTransition(
        alert_key=subject.alert_key,
        rule=rule.name,
        kind=rule.KIND,
        severity=rule.severity,
        station_id=subject.station_id,
        parameter=None,
        from_state=AlertState.FIRING if is_firing else AlertState.OK,
        to_state=AlertState.OK if is_firing else AlertState.FIRING,
        at=at,
        since=since,
        value=(at - since) / MINUTE,
        threshold=silence.allowed_minutes,
        unit="min",
        evidence={"scope": ALL if subject.station_id == ALL else "station", "network": silence.network},
        reason=EndReason.READING if is_firing else None,
    )
