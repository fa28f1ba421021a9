"""What is staged for a demonstration, around one moment: something of each kind that an operator has to deal with.

A silent station, a city whose line is cut, a wrong clock, a misspelt code, a dead channel whose span check fails, a network whose instruments
declare a fault for so long that the gate holds its day, and a release that goes on beyond the history. The release that the
province has anyway has ended before. A park of stations 3 to 5 km apart (`sensors.simulator.park`) meets further releases.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from schemas.interval import Interval, floor_hour
from sensors.simulator.events import CIVIL
from sensors.simulator.faults import FaultKind, InstrumentFault

if TYPE_CHECKING:
    from collections.abc import Iterator

_HOUR = timedelta(hours=1)
SILENT_STATION = "ln-fx-01"
CUT_LINE = {
    "ln-hl-01": ("gas1", "met1"),
    "ln-hl-02": ("gc1", "met1"),
    "ln-hl-03": ("mass1", "ions1", "ocec1", "xrf1", "bc1"),
    "ln-hl-04": ("gamma1",),
}
"""Stations on one line, with their instruments; the fifth station of the city has a line of its own."""
WRONG_CLOCK = "ln-cy-01"
MISSPELT = ("ln-dd-01", "gas1", "so2")
DEAD = ("ln-tl-01", "gas1", "o3")
DECLARED = tuple((f"ln-{city}-06", "ghg1") for city in ("sy", "dl", "fs", "dd", "fx", "pj", "cy"))
PLUME_TARGET_NOW = "ln-as-01"
_STATION_01 = ("gas1", "met1")
ZONE_ERROR_S = -8 * 3600.0
"""UTC sent as local time [s]."""
DEAD_SHOWS = 0.03
"""Part of the concentration that the dead channel shows [1]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A staged province, times in UTC.

    The wrong clock begins ``at`` the moment of the demonstration, so that its station was right before; ``history_end`` is the end of
    what is published as history, ``end`` that of the province. From ``archive_start`` on, if there is one, stations bring hourly values
    along (`sensors.simulator.archive`). An accident, if there is one, reaches its station at ``accident_at`` (`sensors.simulator.accident`).
    """

    at: datetime
    history_end: datetime
    end: datetime
    archive_start: datetime | None = None
    accident_at: datetime | None = None

    @property
    def haze(self) -> Interval:
        """The regional episode: over for less than a day, so that alerts treat it as one event, and before the other releases of that day."""
        first = floor_hour(self.at) - 38 * _HOUR
        return Interval(first, first + 16 * _HOUR)

    @property
    def rain(self) -> Interval:
        """Before the haze."""
        first = floor_hour(self.at) - 44 * _HOUR
        return Interval(first, first + 4 * _HOUR)

    @property
    def plumes(self) -> tuple[tuple[Interval, str], ...]:
        """Releases with their targets: one that began two hours ago and goes on for six."""
        first = floor_hour(self.at) - 2 * _HOUR
        return ((Interval(first, first + 8 * _HOUR), PLUME_TARGET_NOW),)

    def with_faults(self, planned: tuple[InstrumentFault, ...]) -> tuple[InstrumentFault, ...]:
        """Planned faults and the staged ones; whatever else was planned for staged instruments is left out."""
        staged = tuple(self._faults())
        own = {(item.station_id, item.instrument_id) for item in staged} | {
            (PLUME_TARGET_NOW, name) for name in ("gas1", "mass1", "gc1", "xrf1")
        }
        kept = [
            item
            for item in planned
            if item.kind is FaultKind.CALIBRATION or (item.station_id, item.instrument_id) not in own
        ]
        kept = [
            item for item in kept if not (item.station_id == PLUME_TARGET_NOW and item.interval.end > self._plume_start)
        ]
        return tuple(
            sorted([*kept, *staged], key=lambda item: (item.interval.start, item.station_id, item.instrument_id))
        )

    @property
    def _plume_start(self) -> datetime:
        return self.plumes[0][0].start

    def _faults(self) -> Iterator[InstrumentFault]:
        for name in _STATION_01:
            yield self._fault(FaultKind.OUTAGE, (SILENT_STATION, name, None), self.at - 3 * _HOUR)
            yield self._fault(FaultKind.CLOCK_JUMP, (WRONG_CLOCK, name, None), self.at, magnitude=ZONE_ERROR_S)
        for station_id, names in CUT_LINE.items():
            for name in names:
                yield self._fault(FaultKind.CUT_LINE, (station_id, name, None), self.at - 4 * _HOUR)
        yield self._fault(FaultKind.MISSPELT, MISSPELT, self.at - 4 * _HOUR)
        yield self._fault(FaultKind.DEAD, DEAD, self._last_night() - 5 * _HOUR, magnitude=DEAD_SHOWS)
        for station_id, instrument_id in DECLARED:
            place = (station_id, instrument_id, None)
            yield self._fault(FaultKind.DECLARED, place, self.at - 23 * _HOUR, self.at - 2 * _HOUR)

    def _fault(
        self,
        kind: FaultKind,
        place: tuple[str, str, str | None],
        start: datetime,
        end: datetime | None = None,
        *,
        magnitude: float = 0.0,
    ) -> InstrumentFault:
        begin = start.replace(second=0, microsecond=0)
        return InstrumentFault(
            kind=kind,
            station_id=place[0],
            instrument_id=place[1],
            parameter=place[2],
            interval=Interval(begin, end or self.end),
            magnitude=magnitude,
        )

    def _last_night(self) -> datetime:
        """The last 01:00 civil time that lies at least an hour back: the analysers have shown span gas since."""
        local = (self.at - _HOUR).astimezone(CIVIL)
        night = local.replace(hour=1, minute=0, second=0, microsecond=0)
        return (night if night <= local else night - timedelta(days=1)).astimezone(self.at.tzinfo)
