"""AQI: every vector of the tables, the rules of both editions, and the properties of the index."""

from __future__ import annotations

import csv
from datetime import date
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.statistics.aqi import Report, aqi
from analysis.statistics.aqi_level import level_of
from analysis.statistics.concentration import ConcentrationError
from analysis.statistics.iaqi import NoBreakpointsError, iaqi, iaqi_series
from analysis.statistics.limit import Edition, UnknownPollutantError

ZONE = ZoneInfo("Asia/Shanghai")
LAST_OF_2012, FIRST_OF_2026 = date(2026, 2, 28), date(2026, 3, 1)
ITEMS = [("PM2.5", "24h"), ("PM10", "24h"), ("O3", "8h"), ("O3", "1h"), ("NO2", "24h"), ("SO2", "1h"), ("CO", "24h")]
FULL = {
    ("PM2.5", "24h"): 20,
    ("PM10", "24h"): 40,
    ("SO2", "24h"): 8,
    ("NO2", "24h"): 30,
    ("CO", "24h"): "0.6",
    ("O3", "8h"): 120,
    ("O3", "1h"): 150,
}


def vectors() -> list[tuple[str, str, str, date, int | None]]:
    path = Path(__file__).with_name("data") / "iaqi_vectors.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    days = (("iaqi_hj633_2012", LAST_OF_2012), ("iaqi_hj633_2026", FIRST_OF_2026))
    return [
        (row["pollutant"], row["averaging"], row["concentration"], day, int(row[name]) if row[name] else None)
        for row in rows
        for name, day in days
    ]


@pytest.mark.parametrize("kind", [str, float, Decimal])
def test_every_vector_is_exact_as_text_float_and_decimal(kind: type) -> None:
    wrong = [row for row in vectors() if iaqi(row[0], row[1], kind(row[2]), row[3]) != row[4]]
    assert len(vectors()) == 2 * 67
    assert wrong == []


@pytest.mark.parametrize(("pollutant", "averaging"), ITEMS)
@given(data=st.data())
def test_series_and_single_value_give_the_same_integer(pollutant: str, averaging: str, data: st.DataObject) -> None:
    values = data.draw(
        st.lists(
            st.one_of(st.floats(0, 1500), st.integers(0, 3000).map(lambda tenth: tenth / 10)), min_size=4, max_size=4
        )
    )
    index = pd.date_range("2026-02-28 14:00", periods=4, freq="h", tz="UTC")
    series = iaqi_series(pd.Series(values, index=index), pollutant, averaging, zone=ZONE)
    single = [
        iaqi(pollutant, averaging, value, moment.tz_convert(ZONE)) for value, moment in zip(values, index, strict=True)
    ]
    assert [None if pd.isna(item) else int(item) for item in series] == single


@pytest.mark.parametrize("edition", list(Edition))
@given(pair=st.tuples(st.floats(0, 900), st.floats(0, 900)))
def test_the_index_never_falls_when_the_concentration_rises(edition: Edition, pair: tuple[float, float]) -> None:
    low, high = sorted(pair)
    first, second = (iaqi("pm25", "24h", value, FIRST_OF_2026, edition=edition) for value in (low, high))
    assert first is not None
    assert second is not None
    assert 0 <= first <= second <= 500


def test_a_mean_with_a_binary_residue_does_not_round_up_to_the_next_index() -> None:
    assert iaqi("PM2.5", "24h", sum([0.1] * 350), LAST_OF_2012) == 50


def test_a_missing_concentration_is_none_and_an_invalid_one_an_error() -> None:
    assert iaqi("PM2.5", "24h", float("nan"), FIRST_OF_2026) is None
    assert iaqi("PM2.5", "24h", None, FIRST_OF_2026) is None
    for value in (-51, float("inf"), "much"):
        with pytest.raises(ConcentrationError):
            iaqi("SO2", "24h", value, FIRST_OF_2026)
    with pytest.raises(NoBreakpointsError):
        iaqi("PM2.5", "8h", 10, FIRST_OF_2026)
    with pytest.raises(UnknownPollutantError):
        iaqi("NO", "24h", 10, FIRST_OF_2026)


def test_noise_below_zero_counts_as_zero_and_a_value_below_the_physical_range_is_missing() -> None:
    assert iaqi("SO2", "1h", -0.8, FIRST_OF_2026) == 0
    series = pd.Series([-0.8, -3.0, -51.0, np.nan], index=pd.date_range("2026-04-01", periods=4, freq="h", tz="UTC"))
    found = iaqi_series(series, "so2", "1h", zone=ZONE)
    assert found.isna().tolist() == [False, False, True, True]
    assert found.iloc[:2].tolist() == [0, 0]


def test_item_without_an_index_is_missing_and_withholds_the_aqi() -> None:
    values = {("PM2.5", "1h"): 20.0, ("PM10", "1h"): 30.0, ("SO2", "1h"): -0.8, ("NO2", "1h"): 10.0, ("CO", "1h"): 0.4}
    whole = aqi(values | {("O3", "1h"): 60.0}, FIRST_OF_2026, report=Report.REAL_TIME)
    assert (whole.complete, whole.aqi) == (True, 30)
    beyond = aqi(
        {("SO2", "1h"): 900.0},
        LAST_OF_2012,
        report=Report.REAL_TIME,
        not_monitored=("PM2.5", "PM10", "NO2", "CO", "O3"),
    )
    assert (beyond.complete, [item.pollutant for item in beyond.missing], beyond.aqi) == (False, ["SO2"], None)


def test_particles_of_the_hour_have_an_index_only_from_2026() -> None:
    assert iaqi("PM2.5", "1h", 60, LAST_OF_2012) is None
    assert iaqi("PM2.5", "1h", 60, FIRST_OF_2026) == 100


def test_daily_report_of_2012_has_seven_items_and_2026_six() -> None:
    assert len(aqi(FULL, LAST_OF_2012).iaqis) == 7
    assert len(aqi(FULL, FIRST_OF_2026).iaqis) == 6
    assert len(aqi(FULL, LAST_OF_2012, report=Report.REAL_TIME).iaqis) == 7
    assert len(aqi(FULL, FIRST_OF_2026, report=Report.REAL_TIME).iaqis) == 6


def test_result_names_primary_level_and_colour() -> None:
    result = aqi(FULL, FIRST_OF_2026)
    assert (result.aqi, result.primary, result.name_zh, result.name_en) == (67, ("O3",), "良", "Good")
    assert (result.colour, result.complete, result.missing) == ("#ffff00", True, ())


def test_ties_are_all_primary_and_an_excellent_day_has_none() -> None:
    tied = FULL | {("PM2.5", "24h"): 60, ("O3", "8h"): 160}
    assert aqi(tied, FIRST_OF_2026).primary == ("PM2.5", "O3")
    assert aqi(FULL | {("O3", "8h"): 50}, FIRST_OF_2026).primary == ()


def test_with_an_item_missing_2026_publishes_only_above_100() -> None:
    lacking = {key: value for key, value in FULL.items() if key != ("NO2", "24h")}
    result = aqi(lacking, FIRST_OF_2026)
    assert (result.aqi, result.computed, result.complete) == (None, 67, False)
    assert aqi(lacking | {("O3", "8h"): 161}, FIRST_OF_2026).aqi == 101
    assert aqi(lacking, FIRST_OF_2026, not_monitored=["no2"]).aqi == 67
    assert aqi(lacking, LAST_OF_2012).aqi == 67


def test_without_any_value_there_is_no_index() -> None:
    result = aqi({}, FIRST_OF_2026)
    assert (result.aqi, result.computed, result.level, result.primary) == (None, None, None, ())


def test_the_index_of_2026_begins_at_1() -> None:
    nothing = dict.fromkeys(FULL, 0)
    assert aqi(nothing, FIRST_OF_2026).aqi == 1
    assert aqi(nothing, LAST_OF_2012).aqi == 0


@pytest.mark.parametrize(("index", "level"), [(0, 1), (50, 1), (51, 2), (200, 4), (201, 5), (301, 6), (500, 6)])
def test_levels_end_where_the_table_says(index: int, level: int) -> None:
    assert level_of(index).level == level
