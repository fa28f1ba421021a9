"""Which rises are one event."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.case.event import EventRise, event_at, events_in, group_events, linked
from analysis.case.event.family import families
from schemas.interval import Interval
from schemas.network import Station
from schemas.parameter import load_parameters
from tests.analysis.case.event.scene import AT, history, line, rise, station, wind

CITY = line(0, 4, 8, 20, 24, 28)
"""Three stations at each end of a city."""


def places(*rises: EventRise, stations: dict[str, Station] | None = None, **given: object) -> list[str]:
    """Stations of each event, as one word each."""
    found = group_events(rises, stations or CITY, **given)  # type: ignore[arg-type]
    return sorted("".join(sorted(event.stations)) for event in found)


def test_parameters_of_a_family_at_one_station_are_one_event() -> None:
    (event,) = group_events([rise("a", "so2", 0), rise("a", "pm25", 1, score=9.0)], CITY)
    assert event.parameters == ("pm25", "so2")
    assert (event.start, event.end) == (AT, AT + timedelta(hours=5))
    assert event.peak_at == AT + timedelta(hours=1)


def test_coincidence_alone_is_not_one_event() -> None:
    assert len(group_events([rise("a", "ch4", 0), rise("a", "sulfate", 0)], CITY)) == 2


def test_neighbours_that_rise_together_are_one_event() -> None:
    assert places(rise("a", "so2", 0), rise("b", "so2", 1), rise("c", "so2", 2)) == ["abc"]


def test_two_plumes_at_two_ends_of_a_city_are_two_events() -> None:
    rises = [rise(name, parameter, 0) for name in "abef" for parameter in ("so2", "pm25")]
    measured = {name: {"so2", "pm25"} for name in CITY}
    assert places(*rises, measured=measured) == ["ab", "ef"]


def test_a_haze_over_all_stations_is_one_event() -> None:
    rises = [rise(name, "pm25", 0, 30) for name in CITY]
    assert places(*rises, measured={name: {"pm25"} for name in CITY}) == ["abcdef"]


def test_a_quiet_station_in_between_parts_what_is_far_apart() -> None:
    stations = line(0, 20, 40)
    rises = [rise(name, "pm25", 0, 30) for name in "ac"]
    assert places(*rises, stations=stations, measured={name: {"pm25"} for name in "ac"}) == ["ac"]
    assert places(*rises, stations=stations, measured={name: {"pm25"} for name in "abc"}) == ["a", "c"]


def test_a_neighbour_follows_within_the_travel_time_of_the_wind() -> None:
    stations = line(0, 9)
    late = (rise("a", "so2", 0, 1), rise("b", "so2", 3, 1))
    slow, fast = ({name: wind(speed, 270) for name in "ab"} for speed in (1.0, 8.0))
    assert places(*late, stations=stations, winds=slow) == ["ab"]
    assert places(*late, stations=stations, winds=fast) == ["a", "b"]


def test_the_wind_carries_a_rise_to_a_station_far_away_and_not_across() -> None:
    stations = line(0, 29)
    rises = (rise("a", "so2", 0, 2), rise("b", "so2", 2, 2))
    along, across = ({name: wind(4.0, angle) for name in "ab"} for angle in (270, 0))
    assert places(*rises, stations=stations, winds=along) == ["ab"]
    assert places(*rises, stations=stations, winds=across) == ["a", "b"]


def test_nitrogen_dioxide_that_falls_belongs_to_the_ozone_that_rises() -> None:
    (event,) = group_events([rise("a", "o3", 0), rise("a", "no2", 0, score=9.0, is_fall=True)], CITY)
    assert event.parameters == ("o3", "no2")
    assert event.peak_at == AT


def test_falls_alone_are_no_event() -> None:
    assert group_events([rise("a", "no2", 0, is_fall=True)], CITY) == ()
    assert group_events([], CITY) == ()


def test_an_event_that_reaches_the_end_of_the_data_goes_on() -> None:
    (event,) = group_events([rise("a", "so2", 0)], CITY, until=AT + timedelta(hours=4))
    assert event.is_open
    assert event.span.end is None
    (event,) = group_events([rise("a", "so2", 0)], CITY, until=AT + timedelta(hours=9))
    assert event.span.end == AT + timedelta(hours=4)


def test_a_station_without_coordinates_is_near_no_other() -> None:
    stations = CITY | {"x": Station(id="x", instruments=()), "y": Station(id="y", instruments=())}
    assert places(rise("x", "so2", 0), rise("y", "so2", 0), stations=stations) == ["x", "y"]


def test_a_rise_at_an_unknown_station_is_refused() -> None:
    with pytest.raises(ValueError, match="'nowhere', which is not among the stations"):
        group_events([rise("nowhere", "so2", 0)], CITY)


def test_every_parameter_of_a_family_is_known_and_links_are_mutual() -> None:
    known = load_parameters()
    assert all(name in known for item in families() for name in (*item.parameters, *item.falls))
    assert all(linked(b, a) for item in families() for a, b in pairwise(item.parameters))


RISES = st.lists(
    st.builds(
        rise,
        st.sampled_from("abcdef"),
        st.sampled_from(["so2", "pm25", "o3", "ch4", "sulfate", "ethane"]),
        st.integers(0, 20),
        st.integers(1, 12),
    ),
    max_size=12,
)


def members(events: tuple[object, ...]) -> set[frozenset[EventRise]]:
    return {frozenset(event.rises) for event in events}  # type: ignore[attr-defined]


@given(RISES, st.randoms(use_true_random=False))
def test_the_order_of_the_rises_is_of_no_importance(rises: list[EventRise], random: object) -> None:
    shuffled = list(rises)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert group_events(rises, CITY) == group_events(shuffled, CITY)


@given(RISES)
def test_every_rise_is_in_one_event(rises: list[EventRise]) -> None:
    found = [item for event in group_events(rises, CITY) for item in event.rises]
    assert sorted(found) == sorted(set(rises))


@given(RISES, st.integers(1, 25))
def test_a_late_hour_extends_events_and_parts_none(rises: list[EventRise], hour: int) -> None:
    """What was one event an hour ago is one event now."""
    winds = {name: wind(2.0, 270) for name in CITY}

    def until(last: int) -> tuple[frozenset[tuple[str, str, object]], ...]:
        end = AT + timedelta(hours=last)
        seen = [cut(item, end) for item in rises if item.start < end]
        found = group_events(seen, CITY, winds=winds, measured={name: {"pm25", "so2", "o3"} for name in CITY})
        return tuple(
            frozenset((item.station_id, item.parameter, item.start) for item in event.rises) for event in found
        )

    now = until(hour + 1)
    assert all(any(before <= after for after in now) for before in until(hour))


def cut(item: EventRise, end: object) -> EventRise:
    return EventRise(
        start=item.start,
        end=min(item.end, end),  # type: ignore[type-var]
        station_id=item.station_id,
        parameter=item.parameter,
        peak_at=item.start,
        score=item.score,
        ratio=item.ratio,
    )


def test_the_frames_of_two_stations_give_one_event_that_an_alert_finds() -> None:
    stations = {"a": station("a"), "b": station("b", 4)}
    hourly = {name: history(so2=10.0, pm25=20.0, wind_speed=3.0, wind_direction=90.0) for name in stations}
    for frame in hourly.values():
        frame.loc[AT : AT + timedelta(hours=3), ["so2", "pm25"]] *= 4.0
    window = Interval(AT, AT + timedelta(hours=4))
    (event,) = events_in(stations, hourly, since=AT - timedelta(hours=6))
    assert (sorted(event.stations), sorted(event.parameters)) == (["a", "b"], ["pm25", "so2"])
    assert event_at((event,), "a", "so2", window) == event
    assert event_at((event,), "a", "ch4", window) is None


def test_hours_without_any_value_and_frames_without_any_hour_have_no_event() -> None:
    stations = {"a": station("a"), "b": station("b", 4)}
    empty = history(so2=10.0) * float("nan")
    assert events_in(stations, {"a": empty, "b": empty.iloc[:0]}, since=AT) == ()
    assert events_in(stations, {"a": empty[[]]}, since=AT) == ()


def test_a_station_with_hours_that_the_network_does_not_have_is_refused() -> None:
    frame = history(so2=10.0)
    frame.loc[AT:, "so2"] *= 9.0
    with pytest.raises(ValueError, match="'a', which is not among the stations"):
        events_in({"b": station("b")}, {"a": frame}, since=AT)
