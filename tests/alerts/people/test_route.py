from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.people.file import parse_people
from alerts.people.people import people_of_addresses
from alerts.people.route import escalation, route
from schemas.alert import Severity
from schemas.alert_case import Audience, CaseKind
from tests.alerts.people.build import DAY_NIGHT, HEAD, PERSONS, TEAM, case_of, local, people_with, text_of

if TYPE_CHECKING:
    from alerts.people.people import People
    from schemas.alert_case import AlertCase

DALIAN = '[[team]]\nid = "dalian"\nname_zh = "大连"\nname_en = "Dalian"\nmembers = ["wang"]\nleader = "wang"\nareas = ["2102*"]\n'
OPERATOR = '[[team]]\nid = "op"\nname_zh = "运维"\nname_en = "Operator"\nmembers = ["zhao"]\nleader = "chief"\noperator_of = ["ln-as-*"]\n'
DAY = "2026-12-01T09:00"


def recipients(people: People, at: str = DAY, **changes: Any) -> list[tuple[str, str]]:
    return [(item.person_id, item.channel) for item in route(people, case_of(**changes), local(at))]


def with_teams(*tables: str, head: str = "", shifts: str = DAY_NIGHT) -> People:
    return parse_people(HEAD.format(zone="Asia/Shanghai") + head + PERSONS + "".join(tables) + TEAM + shifts, "f")


def test_the_person_on_duty_gets_the_mail() -> None:
    (found,) = route(people_with(), case_of(), local(DAY))
    assert (found.person_id, found.address, found.language, found.role) == ("li", "li@example.org", "zh", "officer")
    assert found.not_before is None


def test_each_city_of_a_case_goes_to_its_first_team() -> None:
    people = with_teams(DALIAN)
    assert recipients(people, cities=("210200",)) == [("wang", "mail")]
    assert recipients(people, cities=("210100", "210200")) == [("li", "mail"), ("wang", "mail")]
    assert recipients(people, cities=(), kind=CaseKind.SYSTEM) == [("li", "mail")]


def test_a_city_of_no_team_goes_to_the_fall_back_team() -> None:
    only = TEAM.replace('leader = "chief"', 'leader = "chief"\nareas = ["2101*"]')
    found = parse_people(HEAD.format(zone="Asia/Shanghai") + PERSONS + only + DAY_NIGHT, "f")
    assert recipients(found, cities=("999999",)) == [("li", "mail")]


def test_a_fault_goes_to_the_operators_of_its_stations_and_to_the_fall_back_team_without_one() -> None:
    people = with_teams(OPERATOR)
    fault: dict[str, Any] = {"kind": CaseKind.FAULT, "audience": Audience.OPERATOR}
    (found,) = route(people, case_of(**fault, stations=("ln-as-01",)), local(DAY))
    assert (found.person_id, found.role, found.team) == ("zhao", "operator", "op")
    assert recipients(people, **fault, stations=("ln-as-01", "ln-sy-01")) == [("zhao", "mail"), ("li", "mail")]
    assert recipients(people, **fault, stations=()) == [("li", "mail")]


def test_an_operators_team_is_notified_of_no_pollution() -> None:
    assert recipients(with_teams(OPERATOR), stations=("ln-as-01",)) == [("li", "mail")]


def test_the_first_row_that_fits_decides_unless_it_says_go_on() -> None:
    rows = (
        '[[route]]\nname = "rad"\nteam = "dalian"\nkinds = ["radiation"]\nnetworks = ["rad"]\nseverities = ["critical"]\n{}'
        '[[route]]\nname = "rest"\nteam = "duty"\n'
    )
    case: dict[str, Any] = {"kind": CaseKind.RADIATION, "networks": ("rad",), "severity": Severity.CRITICAL}
    assert recipients(with_teams(DALIAN, shifts=DAY_NIGHT + rows.format("")), **case) == [("wang", "mail")]
    goes_on = with_teams(DALIAN, shifts=DAY_NIGHT + rows.format("go_on = true\n"))
    assert recipients(goes_on, **case) == [("wang", "mail"), ("li", "mail")]
    assert recipients(goes_on, **case | {"networks": ("gas",)}) == [("li", "mail")]


@pytest.mark.parametrize(
    ("at", "person"), [("2026-12-04T19:59", "li"), ("2026-12-05T03:00", "wang"), ("2026-12-06T03:00", "zhao")]
)
def test_hours_over_midnight_are_of_the_day_on_which_they_begin(at: str, person: str) -> None:
    row = '[[route]]\nname = "n"\nteam = "dalian"\nhours = { from = "20:00", until = "08:00" }\ndays = ["fri"]\n'
    assert recipients(with_teams(DALIAN, shifts=DAY_NIGHT + row), at) == [(person, "mail")]


def test_channels_of_persons_and_of_the_team_are_notified_and_a_person_without_them_gets_mail() -> None:
    people = with_teams(
        DALIAN.replace('members = ["wang"]', 'members = ["wang", "zhao"]').replace(
            'leader = "wang"',
            'leader = "wang"\nchannels = [{ name = "group", url_file = "/run/secrets/g" }]\nlanguage = "en"',
        ),
        shifts='[[route]]\nname = "n"\nteam = "dalian"\nchannels = ["group"]\n',
    )
    found = route(people, case_of(), local(DAY))
    assert [(item.person_id, item.channel, item.address) for item in found] == [
        ("wang", "mail", "wang@example.org"),
        ("zhao", "mail", "zhao@example.org"),
        ("team/dalian", "group", "file:/run/secrets/g"),
    ]
    assert found[2].language == "en"


def quiet(head: str = "", tables: str = "") -> People:
    text = text_of(tables, head=head).replace('members = ["li", "wang", "zhao"]', 'members = ["zhao"]')
    address = 'mail = "zhao@example.org"\n'
    return parse_people(text.replace(address, address + 'quiet = { from = "22:00", until = "07:00" }\n'), "f")


@pytest.mark.parametrize(
    ("severity", "at", "expected"),
    [
        (Severity.WARNING, "2026-12-01T23:00", "2026-12-02T07:00"),
        (Severity.WARNING, "2026-12-02T06:59", "2026-12-02T07:00"),
        (Severity.WARNING, "2026-12-02T07:00", None),
        (Severity.CRITICAL, "2026-12-01T23:00", None),
        (Severity.INFO, "2026-12-01T21:00", "2026-12-02T07:00"),
    ],
)
def test_quiet_hours_and_the_digest_delay_what_is_not_critical(
    severity: Severity, at: str, expected: str | None
) -> None:
    head = 'digest_at = "06:30"\n' if severity is Severity.INFO else ""
    (found,) = route(quiet(head), case_of(severity=severity), local(at))
    assert found.person_id == "zhao"
    assert found.not_before == (None if expected is None else local(expected))


def test_a_shift_takes_precedence_over_the_quiet_hours_of_its_person() -> None:
    night = '[[shift]]\nid = "night"\nteam = "duty"\nfrom = "20:00"\nuntil = "08:00"\norder = ["zhao"]\n'
    at = local("2026-12-01T23:00")
    (found,) = route(quiet(tables=night), case_of(severity=Severity.WARNING), at)
    assert (found.person_id, found.not_before) == ("zhao", None)


def test_who_is_next_has_the_channels_of_the_route_and_waits_for_the_end_of_quiet_hours() -> None:
    address = 'mail = "wang@example.org"\n'
    own = address + 'quiet = { from = "22:00", until = "07:00" }\nchannels = [{ name = "sms", url_env = "SMS" }]\n'
    route_by_both = '[[route]]\nname = "all"\nteam = "duty"\nchannels = ["mail", "sms"]\n'
    people = parse_people(text_of(DAY_NIGHT + route_by_both).replace(address, own), "f")
    found = escalation(people, case_of(), local("2026-12-01T21:50"))
    assert [(item.person_id, item.channel, item.after_min) for item in found] == [
        ("wang", "mail", 15),
        ("wang", "sms", 15),
        ("chief", "mail", 30),
    ]
    assert [item.not_before for item in found] == [local("2026-12-02T07:00")] * 2 + [None]


def test_a_digest_is_notified_at_its_next_time() -> None:
    (found,) = route(
        people_with(head='digest_at = "08:00"\n'), case_of(severity=Severity.INFO), local("2026-12-01T09:00")
    )
    assert found.not_before == local("2026-12-02T08:00")


def test_a_person_with_areas_is_notified_of_them_only_while_another_is_on_duty() -> None:
    address = 'mail = "li@example.org"\n'
    text = text_of(
        '[[shift]]\nid = "b"\nteam = "duty"\nrole = "b"\nfrom = "00:00"\nuntil = "24:00"\norder = ["wang"]\n'
        + DAY_NIGHT
    )
    people = parse_people(text.replace(address, address + 'areas = ["2102*"]\n'), "f")
    assert recipients(people) == [("wang", "mail")]
    assert recipients(people, cities=("210200",)) == [("wang", "mail"), ("li", "mail")]


def test_an_installation_without_a_people_file_tells_all_its_addresses_of_everything_at_once() -> None:
    people = people_of_addresses(["a@example.org", "b@example.org"], language="zh", zone="Asia/Shanghai")
    for audience in Audience:
        found = route(people, case_of(audience=audience, severity=Severity.INFO), datetime(2026, 12, 1, tzinfo=UTC))
        assert [(item.address, item.not_before) for item in found] == [("a@example.org", None), ("b@example.org", None)]


cases = st.builds(
    case_of,
    kind=st.sampled_from(CaseKind),
    audience=st.sampled_from(Audience),
    severity=st.sampled_from(Severity),
    cities=st.lists(st.sampled_from(["210100", "210200", "999999"]), max_size=2, unique=True).map(tuple),
    stations=st.lists(st.sampled_from(["ln-as-01", "ln-sy-01"]), max_size=2, unique=True).map(tuple),
)
HOLE_AND_ROUTES = (
    DAY_NIGHT.replace('until = "08:00"', 'until = "05:00"')
    + '[[route]]\nname = "rad"\nteam = "dalian"\nkinds = ["radiation"]\nhours = { from = "22:00", until = "06:00" }\n'
    + '[[route]]\nname = "op"\nteam = "op"\naudience = "operator"\nseverities = ["critical"]\ngo_on = true\n'
)


@settings(max_examples=40, deadline=None)
@given(cases, st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001 - bounds
def test_a_case_always_has_a_recipient_and_each_person_once_a_channel(case: AlertCase, at: datetime) -> None:
    people = with_teams(DALIAN, OPERATOR, head='digest_at = "08:00"\n', shifts=HOLE_AND_ROUTES)
    found = route(people, case, at)
    assert found
    keys = [(item.person_id, item.channel) for item in found]
    assert len(keys) == len(set(keys))
    assert all(item.not_before is None or item.not_before >= at for item in found)
    assert not {item.person_id for item in found} & {item.person_id for item in escalation(people, case, at)}
