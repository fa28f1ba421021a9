"""Compares the case files of the demo's staged events with the simulator's truth log, as a duty officer would read them.

Nothing of the truth reaches the analysis: the command is asked for the event of a station at a moment.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from analysis.case.case_file import EventKind
from analysis.case.event.usual import MINIMUM_HOURS
from analysis.receptor.source_library import BACKGROUND, UNNAMED, load_library
from analysis.run.case.case_data import NETWORKS
from schemas.geodesy import bearing_deg, great_circle_km
from schemas.parameter import parameter as known

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from analysis.report.stored_case import StoredCase
    from schemas.network import Network, Station

    AskCase = Callable[[str, datetime, str | None], StoredCase]

DIRECTION_DEG = 22.5
"""A direction within this of the source's is right [deg]."""
KINDS = ("plume", "haze", "ozone", "fault")
SHOWN = frozenset({"spike", "stuck", "drift", "dead"})
"""Faults that the values of one parameter show. Of the others there are no values, or the instrument declares them itself."""
NEAREST_KM = 1.5
"""A station nearer to a release is not asked: there the plume is as wide as the sector that counts as right [km]."""
MEASURED_AS = {"coarse": "pm10"}
"""Parameter of a released species that has another name."""
_REGIONAL = {"haze": "pm25", "ozone": "o3"}
"""Parameter that a regional event is asked of."""
_LEAST = timedelta(hours=1)
"""An event that began later has no hour yet."""
_NO_LEVEL = timedelta(hours=MINIMUM_HOURS)
"""After the first data: until then a rise below every threshold cannot be found."""


COMPATIBLE = {"industry": frozenset({"heavy_oil"})}
"""Kinds of source that are no wrong name of a cause without a kind: the invented plant of ``industry`` emits the vanadium, nickel and SO2 of residual
oil (``plume`` of ``sensors/simulator/source_profiles.csv``), and hydrocarbons that no kind of the library emits together with these."""


class TruthMatch(StrEnum):
    """Comparison of an answer with the truth.

    Undecided: the case file claims nothing and states which data it lacks. Missed: it claims nothing although it has the data. Wrong: it claims
    something that is not so.
    """

    RIGHT = "right"
    UNDECIDED = "undecided"
    MISSED = "missed"
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
        What the case file states as the cause, where something is undecided.
    has_case : bool
        Whether there is a case file: the staged event is counted.
    """

    event: str
    cause: str
    station_id: str
    answer: str
    kind: TruthMatch
    source: TruthMatch | None = None
    direction: TruthMatch | None = None
    why: str = ""
    has_case: bool = True

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
    records = list(truth)
    for record in records:
        start, station = _start(record), _station_of(record, network)
        if start is None or start + _LEAST > now or station is None:
            continue
        at = start + (min(datetime.fromisoformat(record["end"]), now) - start) / 2
        try:
            case = ask(station.id, at, record.get("parameter") or _REGIONAL.get(record["event"]))
        except (LookupError, ValueError) as error:
            found.append(_absent(record, station, str(error), is_early=start - since < _NO_LEVEL))
        else:
            checked = _compared(record, station, case, language)
            found.append(_inside_other(checked, case, at, records) if record["event"] == "fault" else checked)
    return found


def not_asked(truth: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Number of staged faults by cause of which no case file is asked, since no values show them."""
    return dict(
        Counter(
            item["cause"]
            for item in truth
            if item.get("type") == "staged" and item.get("event") == "fault" and not _is_asked(item)
        )
    )


def table_of(checks: Iterable[CaseCheck]) -> list[str]:
    """Lines for a person: what was staged, what is right, and the answer."""
    return [
        f"{item.event:6} {item.cause:14} {item.station_id:10} kind {item.kind:9} source {item.source or '-':9} "
        f"direction {item.direction or '-':8} {item.answer}{f' Cause: {item.why}' if item.why else ''}"
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
    return datetime.fromisoformat(record["start"]) if _is_asked(record) else None


def _is_asked(record: Mapping[str, Any]) -> bool:
    """Whether a case file is asked: of faults those that the values of a parameter of the air or its weather show."""
    if record["event"] != "fault":
        return True
    name = record.get("parameter")
    return bool(name and record["cause"] in SHOWN and not set(NETWORKS).isdisjoint(known(name).networks))


def _station_of(record: Mapping[str, Any], network: Network) -> Station | None:
    """The most affected station that shows the source; of a regional event the one with most instruments."""
    reached = {
        name: value
        for name, value in record.get("stations", {}).items()
        if name in network.stations and _shows_source(network.stations[name], record)
    }
    if reached:
        return network.stations[max(reached, key=lambda name: float(reached[name]))]
    measuring = [item for item in network.stations_of("gas") if item.late_window_h and item.synthetic]
    return max(measuring, key=lambda item: (len(item.instruments), item.id), default=None)


def _shows_source(station: Station, record: Mapping[str, Any]) -> bool:
    """Whether a station measures the leading species of a release, from farther away than `NEAREST_KM`."""
    species = record.get("species")
    if species is None:
        return True
    name = MEASURED_AS.get(species, species)
    if not any(name in item.parameters for item in station.instruments):
        return False
    if record.get("lon") is None or station.lon is None or station.lat is None:
        return True
    return float(great_circle_km(station.lon, station.lat, record["lon"], record["lat"])) >= NEAREST_KM


def _absent(record: Mapping[str, Any], station: Station, why: str, *, is_early: bool) -> CaseCheck:
    """No case file: a fault need not raise a value or be flagged, another event must, unless the usual level is not known yet."""
    is_fault = record["event"] == "fault"
    lack = (
        "neither a rise nor flagged readings that the verdict calls a fault: no event of the air"
        if is_fault
        else f"fewer than {MINIMUM_HOURS} h of data before it"
        if is_early
        else ""
    )
    return CaseCheck(
        event=record["event"],
        cause=record["cause"],
        station_id=station.id,
        answer=f"no case file: {why}",
        kind=TruthMatch.UNDECIDED if lack else TruthMatch.WRONG,
        why=lack,
        has_case=False,
    )


def _compared(record: Mapping[str, Any], station: Station, stored: StoredCase, language: str) -> CaseCheck:
    case = stored.case
    is_short = "history" in case.missing
    is_known = case.kind is not EventKind.UNKNOWN
    kind = _match(is_right=case.kind.value == record["event"], is_claimed=is_known, is_lacking=is_short)
    is_asked = record["event"] == "plume" and is_known
    found = CaseCheck(
        event=record["event"],
        cause=record["cause"],
        station_id=station.id,
        answer=case.answer.text(language),
        kind=kind,
        source=_source(record["cause"], stored) if is_asked else None,
        direction=_direction(record, station, stored) if is_asked else None,
    )
    return replace(found, why=" ".join(_causes(found, stored, language)))


_UNTOLD = frozenset({TruthMatch.UNDECIDED, TruthMatch.MISSED})


def _causes(found: CaseCheck, stored: StoredCase, language: str) -> Iterator[str]:
    """Statements of the case file about what it leaves undecided."""
    case = stored.case
    topics = [name for name in ("kind", "source", "direction") if getattr(found, name) in _UNTOLD]
    for topic in topics:
        named = {"kind": "change", "source": "sources"}.get(topic, topic)
        yield from (item.text(language) for item in case.statements if item.topic == named)


def _inside_other(
    checked: CaseCheck, stored: StoredCase, at: datetime, records: Iterable[Mapping[str, Any]]
) -> CaseCheck:
    """A fault inside a staged event of the air that its station sees: the case file may be about that event, and is then right about it."""
    if checked.kind is not TruthMatch.WRONG:
        return checked
    for record in records:
        if record.get("type") != "staged" or record["event"] not in set(KINDS) - {"fault"}:
            continue
        is_there = not record["stations"] or checked.station_id in record["stations"]
        is_then = datetime.fromisoformat(record["start"]) <= at < datetime.fromisoformat(record["end"])
        if is_there and is_then and record["event"] == stored.case.kind.value:
            why = f"flagged or not, a {checked.cause} within the staged {record['event']}, which the case file is about"
            return replace(checked, kind=TruthMatch.UNDECIDED, why=why, has_case=False)
    return checked


def _match(*, is_right: bool, is_claimed: bool, is_lacking: bool) -> TruthMatch:
    """Comparison of one part of an answer."""
    if is_right:
        return TruthMatch.RIGHT
    if is_claimed:
        return TruthMatch.WRONG
    return TruthMatch.UNDECIDED if is_lacking else TruthMatch.MISSED


def _source(cause: str, stored: StoredCase) -> TruthMatch:
    """Whether the largest named source is the cause; of a kind that the library does not hold, whether none is named that is another."""
    shares = [item for item in stored.case.sources if item.kind != BACKGROUND]
    first = max(shares, key=lambda item: item.percent.value, default=None)
    name = UNNAMED if first is None else first.kind
    expected = {cause} if cause in load_library().kinds else {UNNAMED, *COMPATIBLE.get(cause, ())}
    return _match(is_right=name in expected, is_claimed=name != UNNAMED, is_lacking="history" in stored.case.missing)


def _direction(record: Mapping[str, Any], station: Station, stored: StoredCase) -> TruthMatch | None:
    """Whether the direction is right; None where the truth or the station has no place.

    None named is undecided: the case file states what the excess and the wind lacked, which it tests against other days.
    """
    if record.get("lon") is None or station.lon is None or station.lat is None:
        return None
    bearing = stored.case.bearing
    if bearing is None:
        return TruthMatch.UNDECIDED
    truth = float(bearing_deg(station.lon, station.lat, record["lon"], record["lat"]))
    is_near = abs((bearing.from_deg.value - truth + 180) % 360 - 180) <= DIRECTION_DEG
    return _match(is_right=is_near, is_claimed=True, is_lacking=False)
