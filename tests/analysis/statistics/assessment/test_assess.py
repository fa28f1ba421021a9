"""Assessment of a place over a span."""

from __future__ import annotations

from datetime import date
from importlib import import_module
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pandas as pd
import pytest

from analysis.statistics.assessment import POLLUTANTS, Assessment, assess, changes, mean_of, ranking, rule

ZONE = ZoneInfo("Asia/Shanghai")
LEVEL = {"so2": 12.0, "no2": 30.0, "co": 1.0, "o3_mda8": 120.0, "pm10": 60.0, "pm25": 33.0}


def days(first: str, last: str, **values: float) -> pd.DataFrame:
    index = pd.date_range(first, last, freq="D", tz=ZONE, name="start").tz_convert("UTC")
    return pd.DataFrame(LEVEL | values, index=index)


def year(number: int, **values: float) -> Assessment:
    return assess(
        "a", days(f"{number}-01-01", f"{number}-12-31", **values), ZONE, date(number, 1, 1), date(number, 12, 31)
    )


def test_the_fewest_stations_of_a_day_are_stated_and_days_with_few_are_marked_by_the_rule(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parts = {name: days("2026-04-01", "2026-04-30") for name in "abc"}
    parts["a"].iloc[:2, parts["a"].columns.get_loc("pm25")] = np.nan
    parts["b"].iloc[:1, parts["b"].columns.get_loc("pm25")] = np.nan
    span = (date(2026, 4, 1), date(2026, 4, 30))
    found = assess("city", mean_of(parts), ZONE, *span)
    assert (found.stations, found.of("pm25").fewest_stations, found.of("so2").fewest_stations) == (3, 1, 3)
    assert found.of("pm25").few_station_days == 0  # no share is asked for unless it is set
    strict = msgspec.structs.replace(rule.rules(), place=rule.PlaceMean(least_station_share=0.75, status="test"))
    # the package has a function of the module's name
    monkeypatch.setattr(import_module("analysis.statistics.assessment.assess"), "rules", lambda: strict)
    found = assess("city", mean_of(parts), ZONE, *span)
    assert [found.of(name).few_station_days for name in ("pm25", "so2")] == [2, 0]
    assert assess("a", parts["a"], ZONE, *span).of("pm25").fewest_stations is None


def test_a_year_is_valid_only_with_its_days_and_every_month() -> None:
    table = days("2025-01-01", "2025-12-31")
    assert year(2025).of("pm25").is_valid is True
    without_days = table.copy()
    without_days.loc[without_days.index[40:45], "pm25"] = (
        np.nan
    )  # February keeps 24 of 28: 360 days, but not every month
    found = assess("a", without_days, ZONE, date(2025, 1, 1), date(2025, 12, 31)).of("pm25")
    assert (found.is_valid, found.valid_days, found.days) == (False, 360, 365)
    assert assess("a", without_days, ZONE, date(2025, 1, 1), date(2025, 12, 31)).of("so2").is_valid is True


@pytest.mark.parametrize(("valid", "is_valid"), [(27, True), (26, False)])
def test_a_month_needs_27_days(valid: int, is_valid: bool) -> None:  # noqa: FBT001
    found = assess("a", days("2025-05-01", "2025-05-31").iloc[:valid], ZONE, date(2025, 5, 1), date(2025, 5, 31))
    assert (found.period, found.of("pm25").is_valid, found.of("pm25").valid_days) == ("month", is_valid, valid)


def test_february_needs_25_days() -> None:
    found = assess("a", days("2025-02-01", "2025-02-25"), ZONE, date(2025, 2, 1), date(2025, 2, 28))
    assert found.of("pm25").is_valid is True


def test_the_composite_index_is_the_weighted_sum_over_limits_of_the_edition() -> None:
    expected = 12 / 60 + 30 / 40 + 1 / 4 + 120 / 160 + 60 / 70 + 33 / 35
    assert year(2025).composite_index == pytest.approx(expected)
    later = 12 / 60 + 2 * 30 / 40 + 1 / 4 + 2 * 120 / 160 + 60 / 60 + 3 * 33 / 30
    assert year(2027).composite_index == pytest.approx(later)
    assert "not verified" in year(2027).composite_source


def test_without_one_pollutant_there_is_no_composite_index_and_no_rank() -> None:
    table = days("2025-01-01", "2025-12-31").drop(columns="co")
    found = assess("b", table, ZONE, date(2025, 1, 1), date(2025, 12, 31))
    assert found.composite_index is None
    assert found.of("co").mean is None
    assert [(rank, item.place) for rank, item in ranking([found, year(2025)])] == [(1, "a")]


def test_equal_indices_share_a_rank() -> None:
    first, last = date(2025, 1, 1), date(2025, 12, 31)
    table = days("2025-01-01", "2025-12-31")
    worse = days("2025-01-01", "2025-12-31", pm25=60.0)
    found = ranking([assess("c", worse, ZONE, first, last), *(assess(name, table, ZONE, first, last) for name in "ba")])
    assert [(rank, item.place) for rank, item in found] == [(1, "a"), (1, "b"), (3, "c")]


def test_a_span_across_editions_has_parts() -> None:
    found = assess("a", days("2026-01-01", "2026-12-31", pm25=65.0), ZONE, date(2026, 1, 1), date(2026, 12, 31))
    assert found.editions == ("HJ633-2012", "HJ633-2026")
    assert found.composite_index is None
    assert found.of("pm25").annual_limit is None
    # 65 µg/m³ exceeds the daily limit only from 2026-03-01 on, when it is 60
    assert [(part.last, part.of("pm25").exceeded_days) for part in found.parts] == [
        (date(2026, 2, 28), 0),
        (date(2026, 12, 31), 306),
    ]
    assert found.of("pm25").exceeded_days == 306


def test_days_are_rounded_for_the_limit_by_the_edition_of_the_day() -> None:
    both = days("2026-02-27", "2026-03-02", pm25=75.4, o3_mda8=160.4)
    found = assess("a", both, ZONE, date(2026, 2, 27), date(2026, 3, 2))
    assert [part.of("o3_mda8").exceeded_days for part in found.parts] == [2, 0]


def test_percentiles_are_linear_between_neighbours() -> None:
    table = days("2025-05-01", "2025-05-31")
    table["so2"] = np.arange(1.0, 32.0)
    assert assess("a", table, ZONE, date(2025, 5, 1), date(2025, 5, 31)).of("so2").percentile == pytest.approx(30.4)


def test_a_year_that_is_not_valid_is_not_compared() -> None:
    short = assess("a", days("2024-01-01", "2024-10-31"), ZONE, date(2024, 1, 1), date(2024, 12, 31))
    found = {item.pollutant: item for item in changes(year(2025, pm25=30.0), short)}
    assert (found["pm25"].percent, found["pm25"].reason) == (None, "not_valid")
    whole = {item.pollutant: item for item in changes(year(2025, pm25=30.0), year(2024))}
    assert whole["pm25"].percent == pytest.approx(-9.0909, abs=1e-3)


def test_an_empty_table_gives_counts_of_nothing() -> None:
    found = assess("a", mean_of({}), ZONE, date(2025, 5, 1), date(2025, 5, 31))
    assert [item.mean for item in found.pollutants] == [None] * len(POLLUTANTS)
    assert (found.aqi_days, found.good_share, found.of("pm25").days) == (0, None, 31)


def test_a_span_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="a: the span ends on 2025-05-01"):
        assess("a", mean_of({}), ZONE, date(2025, 5, 2), date(2025, 5, 1))


def test_next_to_a_valid_month_one_without_its_days_has_no_rank_but_months_under_way_have_ranks() -> None:
    def may(place: str, last: str, so2: float) -> Assessment:
        return assess(place, days("2026-05-01", last, so2=so2), ZONE, date(2026, 5, 1), date(2026, 5, 31))

    whole, few, fewer = may("a", "2026-05-31", 12.0), may("b", "2026-05-03", 3.0), may("c", "2026-05-02", 2.0)
    assert [(rank, item.place) for rank, item in ranking([whole, few, fewer])] == [(1, "a")]
    assert [(rank, item.place) for rank, item in ranking([few, fewer])] == [(1, "c"), (2, "b")]
