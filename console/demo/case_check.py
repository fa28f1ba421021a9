"""Compares the case files of the demo's staged events with the simulator's truth log, as a duty officer would read them.

Nothing of the truth reaches the analysis: the command is asked for the event of a station at a moment.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from analysis.case.case_file import EventKind
from analysis.case.event.usual import MINIMUM_HOURS
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
RAISING = frozenset({"spike", "stuck", "drift"})
"""Faults that may raise a value: the others are no event of the air, and the quality control names them."""
_REGIONAL = {"haze": "pm25", "ozone": "o3"}
"""Parameter that a regional event is asked of."""
_LEAST = timedelta(hours=1)
"""An event that began later has no hour yet."""
_NO_LEVEL = timedelta(hours=MINIMUM_HOURS)
"""After the first data: until then a rise below every threshold cannot be found."""


_LACK = "the data before the event are fewer than the method needs"


class TruthMatch(StrEnum):
    """Comparison of an answer with the truth; undecided: the case file claims nothing and gives the cause."""

    RIGHT = "right"
    UNDECIDED = "undecided"
    WRONG = "WRONG"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseCheck:
    """One staged event against its case file; None: not asked of such an event.

    Attributes
    ----------
    event, cause, station_id : str
        Truth, and where the case file is of.
    answer : str
        First line of the case file, or why there is none.
    kind, source, direction : TruthMatch or None
    why : str
        What the data lack, where something is undecided.
    """

    event: str
    cause: str
    station_id: str
    answer: str
    kind: TruthMatch
    source: TruthMatch | None = None
    direction: TruthMatch | None = None
    why: str = ""

    @property
    def is_right(self) -> bool:
        """Whether the kind is right and nothing that was asked is wrong."""
        return self.kind is TruthMatch.RIGHT and not self.is_wrong

    @property
    def is_wrong(self) -> bool:
        """Whether anything that was asked is wrong."""
        return TruthMatch.WRONG in {self.kind, self.source, self.direction}

    def as_dict(self) -> dict[str, object]:
        """Plain figures."""
        return asdict(self) | {"right": self.is_right}


def check_cases(
    truth: Iterable[Mapping[str, Any]], network: Network, ask: AskCase, *, since: datetime, now: datetime, language: str
) -> list[CaseCheck]:
    """Check every staged event that has begun.

    Parameters
    ----------
    truth : iterable of mapping
        Records of the truth log; those of type ``staged`` are used.
    network : Network
    ask : callable
        Gives the case file of a station, a moment and a parameter; raises `LookupError` or `ValueError` where there is none.
    since : datetime
        First moment of the data.
    now : datetime
    language : str
        Of the answers.
    """
    found = []
    for record in truth:
        start, station = _start(record), _station_of(record, network)
        if start is None or start + _LEAST > now or station is None:
            continue
        at = start + (min(datetime.fromisoformat(record["end"]), now) - start) / 2
        try:
            case = ask(station.id, at, record.get("parameter") or _REGIONAL.get(record["event"]))
        except (LookupError, ValueError) as error:
            found.append(_absent(record, station, str(error), is_early=start - since < _NO_LEVEL))
        else:
            found.append(_compared(record, station, case, language))
    return found


def table_of(checks: Iterable[CaseCheck]) -> list[str]:
    """Lines for a person: what was staged, what is right, and the answer."""
    return [
        f"{item.event:6} {item.cause:14} {item.station_id:10} kind {item.kind:9} source {item.source or '-':9} "
        f"direction {item.direction or '-':8} {item.answer}{f' Undecided: {item.why}.' if item.why else ''}"
        for item in checks
    ]


def faults_of(checks: Iterable[CaseCheck]) -> list[str]:
    """Wrong answers, one text each."""
    return [
        f"case file of {item.station_id}, staged {item.event} ({item.cause}): {item.answer}"
        for item in checks
        if item.is_wrong
    ]


def _start(record: Mapping[str, Any]) -> datetime | None:
    """Begin of a staged event that a case file is asked of; None of any other record."""
    if record.get("type") != "staged" or record.get("event") not in KINDS:
        return None
    is_asked = record["event"] != "fault" or (record["cause"] in RAISING and record.get("parameter"))
    return datetime.fromisoformat(record["start"]) if is_asked else None


def _station_of(record: Mapping[str, Any], network: Network) -> Station | None:
    """The most affected station; of a regional event the one with most instruments."""
    reached = {name: value for name, value in record.get("stations", {}).items() if name in network.stations}
    if reached:
        return network.stations[max(reached, key=lambda name: float(reached[name]))]
    measuring = [item for item in network.stations_of("gas") if item.late_window_h and item.synthetic]
    return max(measuring, key=lambda item: (len(item.instruments), item.id), default=None)


def _absent(record: Mapping[str, Any], station: Station, why: str, *, is_early: bool) -> CaseCheck:
    """No case file: a fault need not raise a value, another event must, unless the usual level is not known yet."""
    is_fault = record["event"] == "fault"
    lack = "no rise" if is_fault else f"fewer than {MINIMUM_HOURS} h of data before it" if is_early else ""
    return CaseCheck(
        event=record["event"],
        cause=record["cause"],
        station_id=station.id,
        answer=f"no case file: {why}",
        kind=TruthMatch.UNDECIDED if lack else TruthMatch.WRONG,
        why=lack,
    )


def _compared(record: Mapping[str, Any], station: Station, stored: StoredCase, language: str) -> CaseCheck:
    case = stored.case
    kind = _match(
        is_right=case.kind.value == record["event"], is_claimed=case.kind is not EventKind.UNKNOWN, stored=stored
    )
    is_asked = record["event"] == "plume" and kind is not TruthMatch.UNDECIDED
    found = CaseCheck(
        event=record["event"],
        cause=record["cause"],
        station_id=station.id,
        answer=case.answer.text(language),
        kind=kind,
        source=_source(record["cause"], stored) if is_asked else None,
        direction=_direction(record, station, stored) if is_asked else None,
    )
    is_decided = TruthMatch.UNDECIDED not in {found.kind, found.source, found.direction}
    return found if is_decided else replace(found, why=_LACK)


def _match(*, is_right: bool, is_claimed: bool, stored: StoredCase) -> TruthMatch:
    """TruthMatch of one part of an answer; claiming nothing is allowed where the history is too short, and stated so."""
    if is_right:
        return TruthMatch.RIGHT
    return TruthMatch.WRONG if is_claimed or "history" not in stored.case.missing else TruthMatch.UNDECIDED


def _source(cause: str, stored: StoredCase) -> TruthMatch:
    """Whether the largest named source is the cause; of a kind that the library does not hold, whether none is named."""
    shares = [item for item in stored.case.sources if item.kind != BACKGROUND]
    first = max(shares, key=lambda item: item.percent.value, default=None)
    name = UNNAMED if first is None else first.kind
    expected = cause if cause in load_library().kinds else UNNAMED
    return _match(is_right=name == expected, is_claimed=name != UNNAMED, stored=stored)


def _direction(record: Mapping[str, Any], station: Station, stored: StoredCase) -> TruthMatch | None:
    """Whether the direction is right; None where the truth or the station has no place."""
    if record.get("lon") is None or station.lon is None or station.lat is None:
        return None
    bearing = stored.case.bearing
    if bearing is None:
        return _match(is_right=False, is_claimed=False, stored=stored)
    truth = float(bearing_deg(station.lon, station.lat, record["lon"], record["lat"]))
    is_near = abs((bearing.from_deg.value - truth + 180) % 360 - 180) <= DIRECTION_DEG
    return _match(is_right=is_near, is_claimed=True, stored=stored)
