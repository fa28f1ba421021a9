"""Each staged event is one case, known to those whom it concerns."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from console.demo.alert_check import CADENCE, AlertEvidence, DutyPeople, alert_faults, check_alerts, kinds_of
from console.demo.report import DemoMail
from schemas.alert import RuleKind, Severity
from schemas.alert_case import AlertCase, Audience, CaseAlert, CaseKind, CaseState

NOW = datetime(2026, 11, 29, 14, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
PEOPLE = DutyPeople(duty=frozenset({"li@x"}), operator=frozenset({"sun@x"}))


def staged(event: str, cause: str, hours: tuple[float, float], *stations: str) -> dict[str, Any]:
    start, end = ((NOW + item * HOUR).isoformat() for item in hours)
    reached = dict.fromkeys(stations, 1.0)
    return {"type": "staged", "event": event, "cause": cause, "start": start, "end": end, "stations": reached}


def alert(station_id: str, parameter: str | None, hours: float) -> CaseAlert:
    return CaseAlert(
        alert_key=f"rule/{station_id}/{parameter}",
        begin_id=1,
        rule="rule",
        severity=Severity.WARNING,
        station_id=station_id,
        parameter=parameter,
        kind=RuleKind.THRESHOLD if parameter else RuleKind.SILENCE,
        since=NOW + hours * HOUR,
        city=station_id[:2],
    )


def case(name: str, kind: CaseKind, state: CaseState, *alerts: CaseAlert) -> AlertCase:
    return AlertCase(
        id=name,
        kind=kind,
        audience=Audience.OPERATOR if kind is CaseKind.LINE else Audience.DUTY,
        state=state,
        severity=Severity.WARNING,
        since=alerts[0].since,
        opened_at=NOW,
        version=1,
        cities=tuple(dict.fromkeys(item.city or "" for item in alerts)),
        stations=tuple(item.station_id for item in alerts),
        alerts=alerts,
    )


def mail(name: str, recipient: str = "li@x", *, seconds: float = 2.0) -> DemoMail:
    return DemoMail(
        subject=name, recipient=recipient, text=f"/cases/{name}", received_at=NOW + CADENCE + timedelta(seconds=seconds)
    )


HAZE = [alert(f"{city}-1", "pm25", -30) for city in ("sy", "dl", "fs")]
TRUTH = [
    staged("plume", "industry", (-2, 6), "as-1"),
    staged("plume", "industry", (-10, -4), "sy-1"),
    staged("haze", "haze", (-36, -20)),
    staged("fault", "cut_line", (-4, 20), "hl-1"),
    staged("fault", "cut_line", (-4, 20), "hl-2"),
    {"type": "release", "id": "accident-dl-1", "reached": {"dl-1": 9.0}, **{
        name: (NOW + hours * HOUR).isoformat() for name, hours in (("start", -0.5), ("end", 2))
    }},
]  # fmt: skip
CASES = {
    "under_way": case("under_way", CaseKind.POLLUTION, CaseState.OPEN, alert("as-1", "pm25", -1)),
    "accident": case("accident", CaseKind.POLLUTION, CaseState.OPEN, alert("dl-1", "so2", 0)),
    "ended": case("ended", CaseKind.POLLUTION, CaseState.ENDED, alert("sy-1", "pm25", -9)),
    "regional": case("regional", CaseKind.POLLUTION, CaseState.ENDED, *HAZE),
    "line": case("line", CaseKind.LINE, CaseState.OPEN, alert("hl-1", None, -4), alert("hl-2", None, -4)),
}
GOOD = AlertEvidence(
    truth=TRUTH,
    cases=tuple(CASES.values()),
    mails=tuple(mail(name, "sun@x" if name == "line" else "li@x") for name in CASES),
    people=PEOPLE,
    now=NOW + timedelta(minutes=1),
    watched_since=NOW - timedelta(minutes=1),
)


def test_every_staged_event_is_one_case_with_its_mail() -> None:
    found = check_alerts(GOOD)
    assert alert_faults(found) == []
    assert [(item.name, item.case_id, item.mails) for item in found] == [(name, name, 1) for name in CASES]
    assert next(item.seconds for item in found if item.name == "accident") == 2.0
    assert kinds_of(GOOD.cases) == {"line open": 1, "pollution ended": 2, "pollution open": 2}


@pytest.mark.parametrize("name", CASES)
def test_a_missing_case_or_mail_is_a_fault(name: str) -> None:
    without_case = replace(GOOD, cases=[item for item in GOOD.cases if item.id != name])
    without_mail = replace(GOOD, mails=[item for item in GOOD.mails if item.subject != name])
    for evidence in (without_case, without_mail):
        (fault,) = alert_faults(check_alerts(evidence))
        assert fault.startswith(f"alert case {name}: ")


def test_an_episode_in_two_cases_is_a_fault() -> None:
    parts = [case(f"part{number}", CaseKind.POLLUTION, CaseState.ENDED, item) for number, item in enumerate(HAZE)]
    cases = [item for item in GOOD.cases if item.id != "regional"]
    assert len(alert_faults(check_alerts(replace(GOOD, cases=[*cases, *parts])))) == 1


def test_a_mail_to_whom_it_does_not_concern_and_a_storm_are_faults() -> None:
    wrong = [mail("line", "li@x"), *(mail("ended") for _ in range(3))]
    assert len(alert_faults(check_alerts(replace(GOOD, mails=[*GOOD.mails, *wrong])))) == 2


def test_a_late_mail_is_a_fault_where_the_watch_had_caught_up() -> None:
    mails = [*(item for item in GOOD.mails if item.subject != "accident"), mail("accident", seconds=30)]
    assert len(alert_faults(check_alerts(replace(GOOD, mails=mails)))) == 1
    late = replace(GOOD, mails=mails, watched_since=NOW + CADENCE + timedelta(seconds=20))
    assert alert_faults(check_alerts(late)) == []


def test_the_wrong_state_and_single_stations_of_the_line_are_faults() -> None:
    still_open = msgspec.structs.replace(CASES["ended"], state=CaseState.OPEN)
    single = case("single", CaseKind.FAULT, CaseState.OPEN, alert("hl-1", None, -3))
    cases = [*(item for item in GOOD.cases if item.id != "ended"), still_open, single]
    assert len(alert_faults(check_alerts(replace(GOOD, cases=cases)))) == 2
