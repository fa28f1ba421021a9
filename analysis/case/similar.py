"""Past events that looked alike.

Each feature that both case files know gives a likeness of 0 to 1; the likeness of the events is their weighted mean. Features that either lacks
are left out, and the number of those that remain is given.
"""

from __future__ import annotations

from math import cos, exp, log, pi, sqrt
from typing import TYPE_CHECKING

from analysis.case.case_file import CaseFile, SimilarEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime
    from zoneinfo import ZoneInfo

    Weights = Mapping[str, float]

SHOWN = 3
FEWEST = 4
"""Features that both must have; with fewer two events are not compared; project choice."""
_DAY_H = 24.0
_YEAR_D = 365.25
_HOUR_S = 3600.0
_APART_DEG = 90.0
"""Directions that differ by so much have nothing in common [deg]."""
_TWICE = log(2.0)
"""Rises, lengths and extents that differ by a factor of two have a likeness of 1/e."""
_BACKGROUND = "background"


def similar_events(
    case: CaseFile, past: Iterable[CaseFile], *, zone: ZoneInfo, count: int = SHOWN
) -> tuple[SimilarEvent, ...]:
    """The most similar of past events.

    Parameters
    ----------
    case : CaseFile
        Its own ``similar`` is not used.
    past : iterable of CaseFile
        Any; those that do not end before the case begins are left out, and of several case files of one event all but the
        most similar.
    zone : ZoneInfo
        Of the hour of day.
    count : int
        At most so many.

    Returns
    -------
    tuple of SimilarEvent
        The most similar first. Empty without past events that share at least `FEWEST` features.

    Raises
    ------
    ValueError
        If ``count`` is below 1.

    Examples
    --------
    >>> from datetime import datetime, timedelta, UTC
    >>> from zoneinfo import ZoneInfo
    >>> from analysis.case.case_file import Basis, CaseFile, EventKind, EventPeak, EventSpan
    >>> def case(day, parameters):
    ...     at = datetime(2026, 5, day, 6, tzinfo=UTC)
    ...     end = at + timedelta(hours=4)
    ...     return CaseFile(
    ...         key=f"a/{parameters[0]}/{day}", station_id="a", parameter=parameters[0], basis=Basis.HOURLY, computed_at=end,
    ...         event=EventSpan(start=at, peak_at=at, end=end, parameters=parameters, stations=("a",)),
    ...         peak=EventPeak(unit="ug/m3", value=90.0, mean=60.0, usual=20.0, usual_hours=600, hours=4),
    ...         kind=EventKind.UNKNOWN, kinds=(), sources=(), bearing=None, place=None, enterprises=(), similar=(),
    ...         statements=(), missing=(),
    ...     )
    >>> found = similar_events(case(20, ("so2", "co")), [case(3, ("o3",)), case(4, ("so2",))], zone=ZoneInfo("Asia/Shanghai"))
    >>> [(item.key, round(item.likeness, 2), item.compared) for item in found]
    [('a/so2/4', 0.96, 7), ('a/o3/3', 0.62, 7)]
    """
    if count < 1:
        msg = f"count: expected 1 or more, got {count}"
        raise ValueError(msg)
    compared = [(item, _likeness(case, item, zone)) for item in past if _is_past(item, case)]
    ranked = sorted(
        ((item, found) for item, found in compared if found[1] >= FEWEST),
        key=lambda pair: (-pair[1][0], -pair[1][1], pair[0].key),
    )
    best: dict[tuple[datetime, frozenset[str]], SimilarEvent] = {}
    for item, (likeness, number) in ranked:
        best.setdefault((item.event.start, frozenset(item.event.stations)), _similar(item, likeness, number))
    return tuple(best.values())[:count]


def _is_past(other: CaseFile, case: CaseFile) -> bool:
    return other.event.end is not None and other.event.end <= case.event.start


def _similar(case: CaseFile, likeness: float, compared: int) -> SimilarEvent:
    return SimilarEvent(
        key=case.key,
        kind=case.kind,
        station_id=case.station_id,
        parameter=case.parameter,
        start=case.event.start,
        likeness=round(likeness, 3),
        compared=compared,
    )


def _likeness(one: CaseFile, other: CaseFile, zone: ZoneInfo) -> tuple[float, int]:
    """Weighted mean of the features that both have, and how many these are."""
    found = [
        (weight, value) for weight, compare in _FEATURES.values() if (value := compare(one, other, zone)) is not None
    ]
    total = sum(weight for weight, _ in found)
    return (sum(weight * value for weight, value in found) / total if total else 0.0), len(found)


def _parameters(one: CaseFile, other: CaseFile, _: ZoneInfo) -> float | None:
    """Parameters, the most deviating counting most."""
    return _cosine(
        *({name: 1 / (1 + rank) for rank, name in enumerate(item.event.parameters)} for item in (one, other))
    )


def _kinds(one: CaseFile, other: CaseFile, _: ZoneInfo) -> float | None:
    first, second = ({str(item.kind): item.probability for item in case.kinds} for case in (one, other))
    return sum(min(first[name], second.get(name, 0.0)) for name in first) if first and second else None


def _sources(one: CaseFile, other: CaseFile, _: ZoneInfo) -> float | None:
    """Kinds of source of the excess."""
    return _cosine(
        *(
            {item.kind: max(item.percent.value, 0.0) for item in case.sources if item.kind != _BACKGROUND}
            for case in (one, other)
        )
    )


def _rise(one: CaseFile, other: CaseFile, _: ZoneInfo) -> float | None:
    ratios = [
        peak.value / peak.usual
        for peak in (one.peak, other.peak)
        if peak.usual and peak.usual > 0 and peak.value is not None
    ]
    return _scaled(*ratios) if len(ratios) == 2 and min(ratios) > 0 else None  # noqa: PLR2004 - of both


def _hour(one: CaseFile, other: CaseFile, zone: ZoneInfo) -> float | None:
    first, second = (case.event.start.astimezone(zone) for case in (one, other))
    return _circular((first.hour - second.hour + (first.minute - second.minute) / 60) / _DAY_H)


def _season(one: CaseFile, other: CaseFile, zone: ZoneInfo) -> float | None:
    first, second = (case.event.start.astimezone(zone).timetuple().tm_yday for case in (one, other))
    return _circular((first - second) / _YEAR_D)


def _length(one: CaseFile, other: CaseFile, _: ZoneInfo) -> float | None:
    ends = [(case.event.end - case.event.start).total_seconds() for case in (one, other) if case.event.end is not None]
    return _scaled(*(max(item, _HOUR_S) for item in ends)) if len(ends) == 2 else None  # noqa: PLR2004 - of both


def _extent(one: CaseFile, other: CaseFile, _: ZoneInfo) -> float | None:
    return _scaled(*(float(max(len(case.event.stations), 1)) for case in (one, other)))


def _stations(one: CaseFile, other: CaseFile, _: ZoneInfo) -> float | None:
    """Stations that both met, by those that either met."""
    first, second = ({*case.event.stations, case.station_id} for case in (one, other))
    return len(first & second) / len(first | second)


def _direction(one: CaseFile, other: CaseFile, _: ZoneInfo) -> float | None:
    if one.bearing is None or other.bearing is None:
        return None
    angle = abs((one.bearing.from_deg.value - other.bearing.from_deg.value + 180.0) % 360.0 - 180.0)
    return max(0.0, 1.0 - angle / _APART_DEG)


_FEATURES: dict[str, tuple[float, Callable[[CaseFile, CaseFile, ZoneInfo], float | None]]] = {
    "parameters": (3.0, _parameters),
    "sources": (3.0, _sources),
    "kinds": (2.0, _kinds),
    "direction": (1.0, _direction),
    "rise": (1.0, _rise),
    "length": (1.0, _length),
    "extent": (1.0, _extent),
    "stations": (1.0, _stations),
    "hour": (0.5, _hour),
    "season": (0.5, _season),
}
"""Weight and comparison by feature; project choice: what was in the air counts most."""


def _cosine(first: Weights, second: Weights) -> float | None:
    """Cosine of two sets of weights; None where one of them is empty."""
    lengths = [sqrt(sum(value**2 for value in item.values())) for item in (first, second)]
    if not all(lengths):
        return None
    return sum(value * second.get(name, 0.0) for name, value in first.items()) / (lengths[0] * lengths[1])


def _scaled(first: float, second: float) -> float:
    """Likeness of two amounts above zero by their ratio."""
    return exp(-abs(log(first / second)) / _TWICE)


def _circular(part: float) -> float:
    """Likeness of two places on a circle, from the part of it between them."""
    return (1.0 + cos(2 * pi * part)) / 2
