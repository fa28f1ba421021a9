"""Compares the cases of the alerts, and the mails about them, with what was staged.

Each staged event must be one case, known to those whom it concerns and to no one else: a release under way, one that reaches its station while
the demo runs, one that has ended, an episode of the region, and the line of a city.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from schemas.alert_case import CaseKind, CaseState
from schemas.interval import Interval

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from console.demo.report import DemoMail
    from schemas.alert_case import AlertCase

UNDER_WAY, ACCIDENT, ENDED, REGIONAL, LINE = "under_way", "accident", "ended", "regional", "line"
SECONDS = 15.0
"""From the reading that raises an alert to its mail, on a machine that does everything else at the same time [s]; usual are two."""
CADENCE = timedelta(minutes=1)
"""Of the instrument under the accident: a minute is published when it is over."""
MAILS = 3
"""Of one case to one person."""
REGION_CITIES = 3
_SOONEST = timedelta(hours=24)
"""Alerts that ended earlier join nothing (`alerts.case.decide.LOOK_BACK`)."""
_MARGIN = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyPeople:
    """Addresses by what their persons are notified of."""

    duty: frozenset[str]
    operator: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedCheck:
    """One staged event against its case.

    Attributes
    ----------
    name : str
        ``under_way``, ``accident``, ``ended``, ``regional`` or ``line``.
    case_id : str or None
    mails : int
        About the case.
    subject : str
        Of the newest.
    seconds : float or None
        From the reading to the first mail, of the accident [s]; None: the watch had not caught up by then.
    fault : str
        Empty where all is as it should be.
    """

    name: str
    case_id: str | None = None
    mails: int = 0
    subject: str = ""
    seconds: float | None = None
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertEvidence:
    """What the checks compare.

    Attributes
    ----------
    truth : list of dict
        Records of the simulator's truth log.
    cases : list of AlertCase
        Without those that are part of another one.
    mails : list of DemoMail
    watched_since : datetime or None
        When the watch had caught up with the log.
    """

    truth: Sequence[Mapping[str, Any]]
    cases: Sequence[AlertCase]
    mails: Sequence[DemoMail]
    people: DutyPeople
    now: datetime
    watched_since: datetime | None = None

    def staged(self, event: str, cause: str | None = None) -> list[Mapping[str, Any]]:
        """Staged events of a kind that have begun."""
        return [
            item
            for item in self.truth
            if item.get("type") == "staged"
            and item["event"] == event
            and cause in {None, item["cause"]}
            and _span(item).start <= self.now
        ]

    def of_case(self, case: AlertCase) -> list[DemoMail]:
        """Mails about a case, in the order of their arrival."""
        return sorted((item for item in self.mails if case.id in item.text), key=lambda item: item.received_at)


@dataclass(slots=True)
class _Found:
    cases: list[AlertCase]
    faults: list[str] = field(default_factory=list)


def check_alerts(evidence: AlertEvidence) -> list[StagedCheck]:
    """Every kind of staged event against its case and mails."""
    return [
        _checked(evidence, UNDER_WAY, _plume(evidence, is_open=True)),
        _checked(evidence, ACCIDENT, _accident(evidence)),
        _checked(evidence, ENDED, _plume(evidence, is_open=False)),
        _checked(evidence, REGIONAL, _regional(evidence)),
        _checked(evidence, LINE, _line(evidence)),
    ]


def kinds_of(cases: Iterable[AlertCase]) -> dict[str, int]:
    """Number of cases by kind and state, ``pollution ended`` and so on."""
    return dict(sorted(Counter(f"{item.kind} {item.state}" for item in cases).items()))


def alert_faults(checks: Iterable[StagedCheck]) -> list[str]:
    """What is not as it should be, one text each."""
    return [f"alert case {item.name}: {item.fault}" for item in checks if item.fault]


def table_of_alerts(checks: Iterable[StagedCheck]) -> list[str]:
    """Lines for a person."""
    return [
        f"{item.name:10} case {item.case_id or '-':20} mails {item.mails:2} {item.subject}"
        + (f" ({item.seconds:.1f} s after the reading)" if item.seconds is not None else "")
        for item in checks
    ]


def _plume(evidence: AlertEvidence, *, is_open: bool) -> _Found:
    """The case of the plume that goes on, or of the one that is over."""
    plumes = [item for item in evidence.staged("plume", "industry") if (_span(item).end > evidence.now) is is_open]
    if len(plumes) != 1:
        return _Found([], [f"{len(plumes)} plumes are staged, expected one"])
    station_id = max(plumes[0]["stations"], key=lambda name: float(plumes[0]["stations"][name]))
    found = _Found(_cases_of(evidence, station_id, "pm25", _span(plumes[0])))
    wanted = CaseState.OPEN if is_open else CaseState.ENDED
    found.faults += [
        f"{item.id} is {item.state}, expected {wanted}" for item in found.cases if item.state is not wanted
    ]
    return found


def _accident(evidence: AlertEvidence) -> _Found:
    accident = next((item for item in evidence.truth if str(item.get("id", "")).startswith("accident-")), None)
    if accident is None:
        return _Found([], ["no accident is staged"])
    station_id = max(accident["reached"], key=lambda name: float(accident["reached"][name]))
    return _Found(_cases_of(evidence, station_id, "so2", _span(accident)))


def _regional(evidence: AlertEvidence) -> _Found:
    """The case of the newest episode of the region, of all its cities."""
    episodes = [
        item
        for item in (*evidence.staged("haze"), *evidence.staged("ozone"))
        if _span(item).end > evidence.now - _SOONEST + _MARGIN
    ]
    if not episodes:
        return _Found([], ["no episode of the region is staged within the last day"])
    newest = max(episodes, key=lambda item: _span(item).start)
    parameter = {"haze": "pm25", "ozone": "o3"}[newest["event"]]
    own = [
        item
        for item in evidence.cases
        # health notices of single cities are cases of their own
        if item.kind is not CaseKind.WARNING and _has(item, None, parameter, _span(newest))
    ]
    found = _Found([item for item in own if len(item.cities) >= REGION_CITIES])
    stations = {alert.station_id for item in own for alert in item.alerts}
    for case in found.cases:
        if len(case.stations) < len(stations) / 2:
            found.faults.append(f"{case.id} has {len(case.stations)} of {len(stations)} stations")
    return found


def _line(evidence: AlertEvidence) -> _Found:
    stations = {name for item in evidence.staged("fault", "cut_line") for name in item["stations"]}
    found = _Found([item for item in evidence.cases if stations & {*item.stations} and item.kind is CaseKind.LINE])
    silent = [item.id for item in evidence.cases if stations & {*item.stations} and item.kind is CaseKind.FAULT]
    if silent:
        found.faults.append(f"single stations of the line are cases of their own: {', '.join(silent)}")
    found.faults += [
        f"{item.id} names {', '.join(item.stations)}, expected {', '.join(sorted(stations))}"
        for item in found.cases
        if {*item.stations} != stations
    ]
    return found


def _checked(evidence: AlertEvidence, name: str, found: _Found) -> StagedCheck:
    if len(found.cases) != 1:
        ids = ", ".join(item.id for item in found.cases) or "none"
        return StagedCheck(name=name, fault="; ".join([f"expected one case, found {ids}", *found.faults]))
    case = found.cases[0]
    mails = evidence.of_case(case)
    seconds = _seconds(evidence, case, mails) if name == ACCIDENT else None
    faults = [*found.faults, *_recipient_faults(evidence, name, mails)]
    if seconds is not None and seconds > SECONDS:
        faults.append(f"its mail came {seconds:.1f} s after the reading, expected {SECONDS:g} s at most")
    return StagedCheck(
        name=name,
        case_id=case.id,
        mails=len(mails),
        subject=mails[-1].subject if mails else "",
        seconds=seconds,
        fault="; ".join(faults),
    )


def _recipient_faults(evidence: AlertEvidence, name: str, mails: Sequence[DemoMail]) -> list[str]:
    """Who has no mail, has one that is not for them, or has too many."""
    wanted, other = evidence.people.duty, evidence.people.operator
    if name == LINE:
        wanted, other = other, wanted
    counts = Counter(item.recipient for item in mails)
    faults = [] if any(counts[item] for item in wanted) else [f"no mail to {' or '.join(sorted(wanted))}"]
    faults += [f"a mail to {item}, whom it does not concern" for item in sorted(other) if counts[item]]
    faults += [f"{count} mails to {item}, expected {MAILS} at most" for item, count in counts.items() if count > MAILS]
    return faults


def _seconds(evidence: AlertEvidence, case: AlertCase, mails: Sequence[DemoMail]) -> float | None:
    """From the end of the reading that raised the first alert to the first mail; None where the watch had not caught up before it [s]."""
    read_at = min(item.since for item in case.alerts) + CADENCE
    if not mails or evidence.watched_since is None or read_at < evidence.watched_since:
        return None
    return (mails[0].received_at - read_at).total_seconds()


def _cases_of(evidence: AlertEvidence, station_id: str, parameter: str, span: Interval) -> list[AlertCase]:
    return [item for item in evidence.cases if _has(item, station_id, parameter, span)]


def _has(case: AlertCase, station_id: str | None, parameter: str, span: Interval) -> bool:
    """Whether an alert of a case is of the parameter, at the station if one is given, and began within the span."""
    return any(
        alert.parameter == parameter and station_id in {None, alert.station_id} and span.start <= alert.since < span.end
        for alert in case.alerts
    )


def _span(record: Mapping[str, Any]) -> Interval:
    return Interval(datetime.fromisoformat(record["start"]), datetime.fromisoformat(record["end"]))
