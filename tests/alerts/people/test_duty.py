from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.people.clock import moment_of
from alerts.people.duty import chain, first_notified, holes, leader_of, on_duty, shift_runs
from alerts.people.people import people_of_addresses
from tests.alerts.people.build import DAY_NIGHT, local, people_with

MINUTE = timedelta(minutes=1)


def persons(tables: str, at: str, zone: str = "Asia/Shanghai") -> list[str]:
    people = people_with(tables, zone=zone)
    return [item.person for item in on_duty(people, "duty", local(at, zone))]


def test_a_shift_is_handed_over_at_its_minute() -> None:
    assert persons(DAY_NIGHT, "2026-12-01T19:59") == ["li", "wang"]
    assert persons(DAY_NIGHT, "2026-12-01T20:00") == ["zhao", "wang"]


def test_a_night_shift_belongs_to_the_day_on_which_it_begins() -> None:
    tables = DAY_NIGHT + '[[override]]\ndate = 2026-12-01\nshift = "night"\norder = ["chief"]\n'
    assert persons(tables, "2026-12-01T03:00") == ["zhao", "wang"]
    assert persons(tables, "2026-12-02T03:00") == ["chief"]
    friday = DAY_NIGHT.replace('id = "night"', 'id = "night"\ndays = ["fri"]')
    assert persons(friday, "2026-12-05T07:59") == ["zhao", "wang"]  # a Saturday
    assert persons(friday, "2026-12-06T07:59") == []


def test_an_absent_person_is_replaced_by_the_deputy_or_the_next_moves_up() -> None:
    away = '[[absence]]\nperson = "{}"\nfrom = 2026-12-01\nuntil = 2026-12-02\n'
    assert persons(DAY_NIGHT + away.format("li"), "2026-12-01T09:00") == ["wang"]
    with_deputy = away.format("li") + 'deputy = "chief"\n'
    assert persons(DAY_NIGHT + with_deputy, "2026-12-02T09:00") == ["chief", "wang"]
    assert persons(DAY_NIGHT + with_deputy, "2026-12-03T09:00") == ["li", "wang"]
    both = with_deputy + away.format("chief") + 'deputy = "zhao"\n'
    assert persons(DAY_NIGHT + both, "2026-12-02T09:00") == ["zhao", "wang"]


def test_an_absence_leaves_a_night_shift_that_began_before_it() -> None:
    tables = DAY_NIGHT + '[[absence]]\nperson = "zhao"\nfrom = 2026-12-02\nuntil = 2026-12-02\n'
    assert persons(tables, "2026-12-02T03:00") == ["zhao", "wang"]
    assert persons(tables, "2026-12-03T03:00") == ["wang"]


def test_a_holiday_has_its_own_shifts_and_a_working_day_in_exchange_those_of_its_weekday() -> None:
    tables = (
        DAY_NIGHT.replace('id = "day"', 'id = "day"\ndays = ["mon", "tue", "wed", "thu", "fri"]')
        + '[[shift]]\nid = "rest"\nteam = "duty"\nfrom = "08:00"\nuntil = "20:00"\ndays = ["sat", "sun", "holiday"]\norder = ["wang"]\n'
        + '[[holiday]]\nname_zh = "元旦"\nname_en = "New Year"\ndays = [2027-01-01]\n'
        + '[[holiday]]\nname_zh = "调休"\nname_en = "Exchange"\ndays = [2027-01-03]\ncounts_as = "fri"\n'
    )
    assert persons(tables, "2026-12-31T09:00") == ["li", "wang"]
    assert persons(tables, "2027-01-01T09:00") == ["wang"]
    assert persons(tables, "2027-01-02T09:00") == ["wang"]
    assert persons(tables, "2027-01-03T09:00") == ["li", "wang"]


def test_a_rotation_goes_by_week_from_its_start_and_has_no_shift_before() -> None:
    tables = (
        '[[shift]]\nid = "all"\nteam = "duty"\nfrom = "08:00"\nuntil = "08:00"\n'
        'rotation = { every = "week", start = 2026-11-30, members = ["li", "wang", "zhao"] }\n'
    )
    assert persons(tables, "2026-11-30T07:59") == []
    assert persons(tables, "2026-12-07T07:59") == ["li", "wang", "zhao"]
    assert persons(tables, "2026-12-07T08:00") == ["wang", "zhao", "li"]
    assert persons(tables.replace('"week"', '"day"'), "2026-12-07T08:00") == ["wang", "zhao", "li"]


def test_shifts_of_two_roles_at_once_put_both_on_duty_before_the_deputies() -> None:
    tables = DAY_NIGHT.replace('until = "20:00"\n', 'until = "20:00"\nrole = "air"\n', 1) + (
        '[[shift]]\nid = "rad"\nteam = "duty"\nrole = "radiation"\nfrom = "10:00"\nuntil = "12:00"\norder = ["zhao", "li"]\n'
    )
    found = on_duty(people_with(tables), "duty", local("2026-12-01T11:00"))
    assert [(item.person, item.role, item.place) for item in found] == [
        ("li", "air", 0),
        ("zhao", "radiation", 0),
        ("wang", "air", 1),
    ]


def test_the_chain_goes_through_the_deputies_to_the_leader() -> None:
    people = people_with()
    steps = chain(people, "210100", local("2026-12-01T09:00"))
    assert [(item.person, item.after_min) for item in steps] == [("li", 0), ("wang", 15), ("chief", 30)]


def test_in_a_hole_the_leader_is_notified_first_and_the_members_next() -> None:
    people = people_with(DAY_NIGHT.replace('until = "08:00"', 'until = "07:00"'))
    at = local("2026-12-01T07:30")
    assert [item.person for item in first_notified(people, "duty", at)] == ["chief"]
    assert [item.person for item in chain(people, None, at)] == ["chief", "li", "wang", "zhao"]


def test_an_absent_leader_is_replaced_by_the_deputy_and_notified_where_there_is_none() -> None:
    away = '[[absence]]\nperson = "chief"\nfrom = 2026-12-01\nuntil = 2026-12-01\n'
    at = local("2026-12-01T09:00")
    assert leader_of(people_with(DAY_NIGHT + away), "duty", at).person == "chief"
    assert leader_of(people_with(DAY_NIGHT + away + 'deputy = "li"\n'), "duty", at).person == "li"


def test_without_shifts_all_members_are_on_duty_and_there_is_no_hole() -> None:
    people = people_of_addresses(["A <a@example.org>", "b@example.org"], language="en", zone="Asia/Shanghai")
    at = datetime(2026, 12, 1, tzinfo=UTC)
    assert [item.person for item in first_notified(people, "duty", at)] == ["a@example.org", "b@example.org"]
    assert {item.language for item in people.persons} == {"en"}
    assert holes(people, at, at + timedelta(days=7)) == ()


def test_a_hole_has_its_first_and_last_minute() -> None:
    people = people_with(DAY_NIGHT + '[[override]]\ndate = 2026-12-02\nshift = "day"\norder = []\n')
    (hole,) = holes(people, local("2026-12-01T00:00"), local("2026-12-08T00:00"))
    assert (hole.interval.start, hole.interval.end) == (local("2026-12-02T08:00"), local("2026-12-02T20:00"))


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)])
def test_days_of_23_and_25_hours_are_covered_and_every_shift_keeps_its_clock_time(day: date) -> None:
    tables = "".join(
        f'[[shift]]\nid = "s{number}"\nteam = "duty"\nfrom = "{start}"\nuntil = "{until}"\norder = ["{person}"]\n'
        for number, (start, until, person) in enumerate(
            [("20:00", "02:15", "li"), ("02:15", "02:45", "wang"), ("02:45", "20:00", "zhao")]
        )
    )
    people = people_with(tables, zone="Europe/Berlin")
    start = local(f"{day - timedelta(days=1)}T00:00", "Europe/Berlin")
    end = local(f"{day + timedelta(days=2)}T00:00", "Europe/Berlin")
    assert holes(people, start, end) == ()
    runs = shift_runs(people, "duty", day - timedelta(days=1), day)
    assert all(one.interval.end == two.interval.start for one, two in pairwise(runs))
    assert sum((run.interval.duration for run in runs), timedelta(0)) == timedelta(hours=47 if day.month == 3 else 49)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia", "Australia/Lord_Howe"])
def test_times_of_day_never_go_back(zone: str) -> None:
    """Clocks changed at midnight, by half an hour, and over a whole day."""
    quarters = [f"{quarter // 4:02d}:{quarter % 4 * 15:02d}" for quarter in range(96)]
    for first in (date(2011, 12, 29), date(2018, 11, 3), date(2026, 3, 28), date(2026, 10, 3), date(2026, 10, 24)):
        days = [first + timedelta(days=number) for number in range(4)]
        moments = [moment_of(day, clock, ZoneInfo(zone)) for day in days for clock in quarters]
        assert moments == sorted(moments)


clocks = st.integers(0, 95).map(lambda quarter: f"{quarter // 4:02d}:{quarter % 4 * 15:02d}")
shifts = st.lists(
    st.tuples(
        clocks,
        clocks,
        st.sets(st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]), min_size=1),
        st.permutations(["li", "wang", "zhao"]).flatmap(lambda names: st.integers(1, 3).map(lambda n: names[:n])),
    ),
    min_size=1,
    max_size=4,
)
absences = st.lists(
    st.tuples(
        st.sampled_from(["li", "wang", "zhao"]), st.integers(0, 8), st.integers(0, 3), st.sampled_from(["", "chief"])
    ),
    max_size=3,
    unique_by=lambda item: item[0],
)


def roster_text(drawn: list[tuple[str, str, set[str], list[str]]], away: list[tuple[str, int, int, str]]) -> str:
    quoted = lambda names: "[" + ", ".join(f'"{name}"' for name in names) + "]"  # noqa: E731 - one line of TOML
    text = "".join(
        f'[[shift]]\nid = "s{number}"\nteam = "duty"\nfrom = "{start}"\nuntil = "{until}"\n'
        f"days = {quoted(sorted(days))}\norder = {quoted(order)}\n"
        for number, (start, until, days, order) in enumerate(drawn)
    )
    first = date(2026, 3, 23)
    for person, begin, length, deputy in away:
        start = first + timedelta(days=begin)
        text += f'[[absence]]\nperson = "{person}"\nfrom = {start}\nuntil = {start + timedelta(days=length)}\n'
        text += f'deputy = "{deputy}"\n' if deputy else ""
    return text


@settings(max_examples=30, deadline=None)
@given(shifts, absences, st.sampled_from(["Asia/Shanghai", "Europe/Berlin"]))
def test_every_minute_has_a_person_or_is_reported_as_a_hole(
    drawn: list[tuple[str, str, set[str], list[str]]], away: list[tuple[str, int, int, str]], zone: str
) -> None:
    people = people_with(roster_text(drawn, away), zone=zone)
    start = local("2026-03-24T00:00", zone)
    end = start + timedelta(days=7)
    found = holes(people, start, end)
    runs = shift_runs(people, "duty", date(2026, 3, 23), date(2026, 4, 1))
    edges = {start, *(edge for run in runs for edge in (run.interval.start, run.interval.end))}
    moments = {moment for edge in edges for moment in (edge - MINUTE, edge, edge + MINUTE) if start <= moment < end}
    moments |= {start + number * timedelta(minutes=331) for number in range(30)}
    for moment in moments:
        is_in_hole = any(hole.interval.start <= moment < hole.interval.end for hole in found)
        assert bool(on_duty(people, "duty", moment)) is not is_in_hole
        assert first_notified(people, "duty", moment)
        steps = chain(people, "210100", moment)
        assert "chief" in {item.person for item in steps}
        assert len({item.person for item in steps}) == len(steps)
