"""Alerts that belong to one event, as a list shows them: one row an event, its alerts below it.

Threshold alerts are grouped as rises are (`analysis.case.event`): by place, time and chemistry. Other alerts are events of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from analysis.case.event import EventRise, group_events
from analysis.case.event.family import watched
from console.view.alert_row import AlertRow, alert_row
from schemas.alert import AlertState, RuleKind, Severity
from schemas.words.naming import listed, short_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from analysis.case.case_file import CaseFile
    from console.view.alert import AlertHistory
    from schemas.network import Station
    from schemas.words import Words

_URGENCY = {Severity.CRITICAL: 0, Severity.WARNING: 1, Severity.INFO: 2}
_MOST_PLACES = 3
_SHORTEST = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertEvent:
    """Alerts of one event, the leading one first: open before ended, then the most urgent, then the highest above its threshold."""

    alerts: tuple[AlertHistory, ...]

    @property
    def lead(self) -> AlertHistory:
        """The leading alert."""
        return self.alerts[0]

    @property
    def is_open(self) -> bool:
        """Whether any alert is open."""
        return any(item.is_open for item in self.alerts)

    @property
    def since(self) -> datetime:
        """Start of the first alert."""
        return min(item.since for item in self.alerts)

    @property
    def ended(self) -> datetime | None:
        """When the last alert ended; None while one is open."""
        ends = [item.ended for item in self.alerts if item.ended is not None]
        return None if self.is_open else max(ends, default=None)

    @property
    def severity(self) -> Severity:
        """That of the most urgent alert: of the open ones while there are any."""
        shown = [item for item in self.alerts if item.is_open] or self.alerts
        return min((item.worst.severity for item in shown), key=_URGENCY.__getitem__)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """An event as a table shows it; ``case`` is what the first case file of its alerts answers.

    ``lead``: row of the leading alert, of which the extreme is. ``alerts``: rows of all, the leading one first. ``open_count``, ``taken_count``:
    open alerts, and the acknowledged ones of them.
    """

    lead: AlertRow
    alerts: tuple[AlertRow, ...]
    what: str
    where: str
    value_of: str
    case: str
    severity: str
    state: str
    since: datetime
    ended: datetime | None
    open_count: int
    taken_count: int


def alert_events(alerts: Sequence[AlertHistory], stations: Mapping[str, Station], now: datetime) -> list[AlertEvent]:
    """Group alerts into events.

    Parameters
    ----------
    alerts : sequence of AlertHistory
        In the order of the list.
    stations : mapping of station id to Station
        Of the network; an alert at another one is an event of its own.
    now : datetime
        End of the open ones, UTC.

    Returns
    -------
    list of AlertEvent
        Each where the first of its alerts was; every alert is in one event.
    """
    rises: dict[EventRise, list[int]] = {}
    for number, item in enumerate(alerts):
        if _is_grouped(item, stations):
            rises.setdefault(_rise(item, now), []).append(number)
    groups = [[number for rise in event.rises for number in rises[rise]] for event in group_events(rises, stations)]
    alone = {*range(len(alerts))} - {number for group in groups for number in group}
    every = sorted([*groups, *([number] for number in alone)], key=min)
    return [AlertEvent(alerts=_ranked((alerts[number] for number in sorted(group)), now)) for group in every]


def event_row(
    event: AlertEvent,
    words: Words,
    station_names: Mapping[str, str],
    now: datetime,
    cases: Mapping[int, CaseFile] | None = None,
) -> EventRow:
    """Row of an event; that of one alert alone is its alert's. ``cases``: case files by the id of their alert."""
    known = cases or {}
    rows = tuple(alert_row(item, words, station_names, now, case=known.get(item.id)) for item in event.alerts)
    lead, opened = rows[0], [item for item in event.alerts if item.is_open]
    several = len(rows) > 1
    parameters = dict.fromkeys(item.worst.parameter or "" for item in event.alerts)
    names = [short_name(code, words.language) for code in parameters]
    places = tuple(dict.fromkeys(row.station for row in rows))
    return EventRow(
        lead=lead,
        alerts=rows,
        what=words(f"alert_kind.{RuleKind.THRESHOLD}", parameter=listed(names, words.language))
        if len(names) > 1
        else lead.what,
        where=_where(places, words),
        case=next((row.case for row in rows if row.case), ""),
        value_of=f"{lead.station} · {names[0]}" if several else "",
        severity=str(event.severity),
        state=_state(event, lead),
        since=event.since,
        ended=event.ended,
        open_count=len(opened),
        taken_count=sum(item.acknowledged is not None for item in opened),
    )


def _where(places: Sequence[str], words: Words) -> str:
    """Stations; of more than three the first three and how many there are."""
    if len(places) <= _MOST_PLACES:
        return listed(places, words.language)
    names = words("list.comma").join(places[:_MOST_PLACES])
    return words("alerts.event_where", names=names, count=len(places))


def _state(event: AlertEvent, lead: AlertRow) -> str:
    """``firing`` while any alert fires."""
    return str(AlertState.FIRING) if any(item.state is AlertState.FIRING for item in event.alerts) else lead.state


def _is_grouped(alert: AlertHistory, stations: Mapping[str, Station]) -> bool:
    worst = alert.worst
    return worst.kind.is_of_values and worst.station_id in stations and worst.parameter in watched()


def _rise(alert: AlertHistory, now: datetime) -> EventRise:
    ratio = _above(alert, now)
    return EventRise(
        start=alert.since,
        end=max(alert.ended or now, alert.since + _SHORTEST),
        station_id=alert.worst.station_id,
        parameter=alert.worst.parameter or "",
        peak_at=alert.since,
        score=ratio,
        ratio=ratio,
    )


def _above(alert: AlertHistory, now: datetime) -> float:
    """Extreme by threshold [1]; 0 where either is not known."""
    extreme, limit = alert.extreme(now), alert.worst.threshold
    return extreme.value / limit if extreme is not None and limit else 0.0


def _ranked(alerts: Iterable[AlertHistory], now: datetime) -> tuple[AlertHistory, ...]:
    def rank(item: AlertHistory) -> tuple[bool, int, float]:
        return not item.is_open, _URGENCY[item.worst.severity], -_above(item, now)

    return tuple(sorted(alerts, key=rank))
