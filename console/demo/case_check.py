"""Compares the case files of the demo's staged events with the simulator's truth log, as a duty officer would read them.

Nothing of the truth reaches the analysis: the command is asked for the event of a station at a moment.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from analysis.receptor.source_library import BACKGROUND, UNNAMED, load_library
from schemas.geodesy import bearing_deg

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from analysis.report.stored_case import StoredCase
    from schemas.network import Network, Station

    AskCase = Callable[[str, datetime, str | None], StoredCase]

DIRECTION_DEG = 22.5
"""A direction within this of the source's is right [deg]."""
KINDS = ("plume", "haze", "ozone", "fault")
_LEAST = timedelta(hours=1)
"""An event that began later has no hour yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseCheck:
    """One staged event against its case file; None: not asked of such an event.

    Attributes
    ----------
    event, cause, station_id : str
        Truth, and where the case file is of.
    answer : str
        First line of the case file, or why there is none.
    kind, source, direction : bool or None
        Whether each is right.
    """

    event: str
    cause: str
    station_id: str
    answer: str
    kind: bool
    source: bool | None = None
    direction: bool | None = None

    @property
    def is_right(self) -> bool:
        """Whether everything that was asked is right."""
        return self.kind and self.source is not False and self.direction is not False

    def as_dict(self) -> dict[str, object]:
        """Plain figures."""
        return asdict(self) | {"right": self.is_right}


def check_cases(
    truth: Iterable[Mapping[str, Any]], network: Network, ask: AskCase, now: datetime, language: str
) -> list[CaseCheck]:
    """Check every staged event that has begun.

    Parameters
    ----------
    truth : iterable of mapping
        Records of the truth log; those of type ``staged`` are used.
    network : Network
    ask : callable
        Gives the case file of a station, a moment and a parameter; raises `LookupError` or `ValueError` where there is none.
    now : datetime
    language : str
        Of the answers.
    """
    found = []
    for record in truth:
        if record.get("type") != "staged" or record.get("event") not in KINDS:
            continue
        start, end = datetime.fromisoformat(record["start"]), datetime.fromisoformat(record["end"])
        station = _station_of(record, network)
        if start + _LEAST > now or station is None:
            continue
        at = start + (min(end, now) - start) / 2
        try:
            case = ask(station.id, at, record.get("parameter"))
        except (LookupError, ValueError) as error:
            found.append(_absent(record, station, str(error)))
        else:
            found.append(_compared(record, station, case, language))
    return found


def table_of(checks: Iterable[CaseCheck]) -> list[str]:
    """Lines for a person: what was staged, what is right, and the answer."""
    marks = {True: "right", False: "WRONG", None: "-"}
    return [
        f"{item.event:6} {item.cause:14} {item.station_id:10} kind {marks[item.kind]:5} source {marks[item.source]:5} "
        f"direction {marks[item.direction]:5} {item.answer}"
        for item in checks
    ]


def _station_of(record: Mapping[str, Any], network: Network) -> Station | None:
    """The most affected station; of a regional event the one with most instruments."""
    reached = {name: value for name, value in record.get("stations", {}).items() if name in network.stations}
    if reached:
        return network.stations[max(reached, key=lambda name: float(reached[name]))]
    measuring = [item for item in network.stations_of("gas") if item.late_window_h and item.synthetic]
    return max(measuring, key=lambda item: (len(item.instruments), item.id), default=None)


def _absent(record: Mapping[str, Any], station: Station, why: str) -> CaseCheck:
    is_plume = record["event"] == "plume"
    return CaseCheck(
        event=record["event"],
        cause=record["cause"],
        station_id=station.id,
        answer=f"no case file: {why}",
        kind=False,
        source=False if is_plume else None,
        direction=False if is_plume else None,
    )


def _compared(record: Mapping[str, Any], station: Station, stored: StoredCase, language: str) -> CaseCheck:
    case = stored.case
    is_plume = record["event"] == "plume"
    return CaseCheck(
        event=record["event"],
        cause=record["cause"],
        station_id=station.id,
        answer=case.answer.text(language),
        kind=case.kind.value == record["event"],
        source=_names_source(record["cause"], stored) if is_plume else None,
        direction=_points_to(record, station, stored) if is_plume else None,
    )


def _names_source(cause: str, stored: StoredCase) -> bool:
    """Whether the largest named source is the cause; of a kind that the library does not hold, whether none is named."""
    shares = [item for item in stored.case.sources if item.kind != BACKGROUND]
    first = max(shares, key=lambda item: item.percent.value, default=None)
    name = UNNAMED if first is None else first.kind
    return name == (cause if cause in load_library().kinds else UNNAMED)


def _points_to(record: Mapping[str, Any], station: Station, stored: StoredCase) -> bool | None:
    """Whether the direction is right; None where the truth or the station has no place."""
    if record.get("lon") is None or station.lon is None or station.lat is None:
        return None
    if stored.case.bearing is None:
        return False
    truth = float(bearing_deg(station.lon, station.lat, record["lon"], record["lat"]))
    return abs((stored.case.bearing.from_deg.value - truth + 180) % 360 - 180) <= DIRECTION_DEG
