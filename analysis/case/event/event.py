"""An event, and what follows from its rises."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from analysis.case.case_file import EventSpan
from analysis.case.event.advance import Advance, advance_of
from analysis.case.event.rise import EventRise

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from schemas.network import Station

_HOUR = timedelta(hours=1)


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Rises that belong together in space, time and chemistry.

    Attributes
    ----------
    start, end : datetime
        UTC, half-open; ``end`` is that of the last hour so far.
    is_open : bool
        Whether it reaches the end of the data.
    peak_at : datetime
        Of the rise that deviates most.
    stations, parameters : tuple of str
        The most deviating first; a parameter that only fell comes after those that rose.
    rises : tuple of EventRise
        Ascending.
    advance : Advance or None
        Of the parameter that rose at most stations; None where it cannot be told.
    """

    start: datetime
    end: datetime
    is_open: bool
    peak_at: datetime
    stations: tuple[str, ...]
    parameters: tuple[str, ...]
    rises: tuple[EventRise, ...]
    advance: Advance | None

    @property
    def span(self) -> EventSpan:
        """The event as its case file has it."""
        return EventSpan(
            start=self.start,
            peak_at=self.peak_at,
            end=None if self.is_open else self.end,
            parameters=self.parameters,
            stations=self.stations,
            advance_deg=None if self.advance is None else self.advance.towards_deg.value,
            advance_m_s=None if self.advance is None else self.advance.speed_m_s.value,
        )

    def holds(self, station_id: str, parameter: str) -> bool:
        """Whether the parameter rose at the station in this event."""
        return any(item.station_id == station_id and item.parameter == parameter for item in self.rises)


def event_of(
    rises: Sequence[EventRise], stations: Mapping[str, Station], until: datetime | None, seed: int
) -> Event | None:
    """Event of rises that belong together; None if all of them are falls.

    Parameters
    ----------
    rises : sequence of EventRise
        Ascending, at least one.
    stations, until, seed
        As in `analysis.case.event.group.group_events`.
    """
    risen = [item for item in rises if not item.is_fall]
    if not risen:
        return None
    end = max(item.end for item in rises)
    return Event(
        start=min(item.start for item in risen),
        end=end,
        is_open=until is not None and end >= until,
        peak_at=max(risen, key=lambda item: (item.score, item.peak_at)).peak_at,
        stations=_ranked(risen, "station_id"),
        parameters=tuple(dict.fromkeys((*_ranked(risen, "parameter"), *_ranked(rises, "parameter")))),
        rises=tuple(rises),
        advance=_advance(risen, stations, seed),
    )


def _ranked(rises: Sequence[EventRise], name: str) -> tuple[str, ...]:
    """Stations or parameters by their largest deviation."""
    best: dict[str, float] = {}
    for item in rises:
        key = getattr(item, name)
        best[key] = max(best.get(key, 0.0), item.score)
    return tuple(sorted(best, key=lambda key: (-best[key], key)))


def _advance(rises: Sequence[EventRise], stations: Mapping[str, Station], seed: int) -> Advance | None:
    """Of the parameter that rose at most stations, the most deviating of equals."""
    onsets: dict[str, dict[str, float]] = {}
    for item in rises:
        hour = (item.start - rises[0].start) / _HOUR
        of_parameter = onsets.setdefault(item.parameter, {})
        of_parameter[item.station_id] = min(of_parameter.get(item.station_id, hour), hour)
    rank = {name: position for position, name in enumerate(_ranked(rises, "parameter"))}
    parameter = min(onsets, key=lambda name: (-len(onsets[name]), rank[name]))
    chosen = onsets[parameter]
    step = min((item.end - item.start) / _HOUR for item in rises if item.parameter == parameter)
    return advance_of(chosen, stations, step_h=min(step, 1.0), seed=seed)
