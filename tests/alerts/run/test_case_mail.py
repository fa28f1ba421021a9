"""Figures of the mail of a case that its alerts give."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from alerts.case.alert import begun
from alerts.run.mail.collect import beyond
from tests.alerts.case.build import NETWORK, at, begin, one, round_of


def test_the_time_beyond_the_limit_is_that_of_this_limit_at_any_station() -> None:
    light, heavy, other = (
        begun(begin(number, station, hours=hours, rule=rule), NETWORK)
        for number, station, hours, rule in (
            (1, "sy-1", 0, "light"),
            (2, "sy-1", 20, "heavy"),
            (3, "sy-2", 22, "heavy"),
        )
    )
    ended = (replace(light, until=at(40)), replace(heavy, until=at(23)), other)
    case = replace(one(round_of([], begin(1))), alerts=ended)
    assert beyond(case, heavy, at(25)) == timedelta(hours=5)
    assert beyond(case, light, at(50)) == timedelta(hours=40)
