from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from console.view.chart import series_chart
from console.view.chart_line import wall_ms
from console.view.completeness import calendar, completeness
from console.view.drawing import Drawing
from console.view.series import PlotSeries, hourly_series, native_series, points_of
from console.view.summary import summarise_series
from console.view.theme import LIGHT
from console.view.thin import thin
from schemas.completeness import Expected
from schemas.flagged import RecordedFlags
from schemas.interval import Interval
from schemas.words import words
from tests.console.build import NOW, flags, hours, instrument, verdicts

ZONE = ZoneInfo("Asia/Shanghai")
O3 = [Expected(parameter="o3", cadence_s=60)]
SPAN = Interval(NOW - timedelta(hours=6), NOW)


def _hourly(values: list[float], **columns: object) -> pd.DataFrame:
    return pd.DataFrame({"o3": values, **columns}, index=hours(len(values)))


def test_completeness_is_the_count_over_what_the_cadence_promises() -> None:
    found = hourly_series("a-1", "o3", _hourly([1.0], o3__n=[45.0]), flags(), expected=60)
    assert points_of(found.points)[0].completeness == pytest.approx(0.75)


def test_a_missing_value_is_none_and_flagged_missing() -> None:
    point = points_of(hourly_series("a-1", "o3", _hourly([np.nan]), flags(), expected=60).points)[0]
    assert (point.value, point.n, point.flag) == (None, None, 9)


def test_the_strongest_flag_wins_and_all_reasons_are_listed() -> None:
    start = hours(1)[0]
    records = flags((start, "a-1", None, "o3", "spike", 3, "jump"), (start, "a-1", None, "o3", "range", 4, "too high"))
    point = points_of(hourly_series("a-1", "o3", _hourly([1.0]), records, expected=60).points)[0]
    assert (point.flag, point.notes) == (4, "spike: jump\nrange: too high")


def test_verdicts_on_others_do_not_count() -> None:
    start = hours(1)[0]
    records = flags(
        (start, "a-1", None, "no2", "spike", 3, ""),
        (start, "a-1", "gas2", "o3", "spike", 3, ""),
    )
    point = points_of(native_series("a-1", "gas1", "o3", _hourly([1.0]), verdicts(records)).points)[0]
    assert (point.flag, point.notes) == (1, "")


def test_thinning_keeps_the_peak_and_every_flagged_point() -> None:
    values = np.zeros(50_000)
    values[31_415] = 99.0
    found = native_series(
        "a-1",
        "gas1",
        "o3",
        _hourly(list(values)),
        verdicts(flags((hours(50_000)[77], "a-1", None, "o3", "spike", 3, ""))),
    )
    kept = thin(found.points, 1_000, found.cadence)
    assert len(kept) < 1_200
    assert kept["value"].max() == 99.0
    assert (kept["flag"] == 3).sum() == 1


def test_a_plot_has_a_panel_for_each_unit_and_marks_suspect_points_by_shape() -> None:
    start = hours(3)[1]
    frame = _hourly([1.0, 2.0, 3.0], temperature=[5.0, 6.0, 7.0])
    found = [
        hourly_series("a-1", code, frame, flags((start, "a-1", None, "o3", "spike", 3, "")), expected=60)
        for code in ("o3", "temperature")
    ]
    options = series_chart(found, Drawing(words=words("en", "page"), theme=LIGHT, zone=ZONE, station_names={}))
    assert [axis["name"] for axis in options["yAxis"]] == ["µg/m³", "°C"]
    marked = [line for line in options["series"] if line.get("symbol")]
    assert [(line["symbol"], line["name"], len(line["data"])) for line in marked] == [("diamond", "Suspect", 1)]


def test_what_no_run_has_screened_is_drawn_in_grey_and_counted() -> None:
    frame, drawing = (
        _hourly([1.0, 2.0, 3.0]),
        Drawing(words=words("en", "page"), theme=LIGHT, zone=ZONE, station_names={}),
    )
    seen = RecordedFlags(flags(), flags(), (Interval(hours(3)[0].to_pydatetime(), hours(3)[1].to_pydatetime()),))
    found = [native_series("a-1", "gas1", "o3", frame, seen)]
    line, grey = series_chart(found, drawing)["series"]
    assert [point[1] for point in line["data"]] == [1.0, 2.0, 3.0]
    assert ([point[1] for point in grey["data"]], grey["name"]) == ([None, 2.0, 3.0], "Not evaluated")
    assert grey["lineStyle"]["color"] == LIGHT.muted
    assert summarise_series(found, drawing, SPAN, NOW)[0].unscreened == 2


def test_the_hour_that_clocks_repeat_is_marked_once() -> None:
    zone = ZoneInfo("America/New_York")
    index = pd.date_range("2026-11-01T05:00Z", periods=2, freq="1h", name="start", unit="us")  # 01:00 EDT, 01:00 EST
    frame = pd.DataFrame({"o3": [1.0, 2.0], "o3__n": 60, "o3__flag": np.int8([1, 1])}, index=index)
    found = [hourly_series("a-1", "o3", frame, flags((index[0], "a-1", None, "o3", "spike", 3, "")), expected=60)]
    options = series_chart(found, Drawing(words=words("en", "page"), theme=LIGHT, zone=zone, station_names={}))
    (marked,) = [line for line in options["series"] if line.get("symbol")]
    assert [point[1] for point in marked["data"]] == [1.0]


def test_a_hole_in_the_data_breaks_the_line() -> None:
    frame = _hourly([1.0, 2.0, 3.0, 4.0]).drop(index=hours(4)[2])
    found: list[PlotSeries] = [hourly_series("a-1", "o3", frame, flags(), expected=60)]
    options = series_chart(found, Drawing(words=words("en", "page"), theme=LIGHT, zone=ZONE, station_names={}))
    assert [point[1] for point in options["series"][0]["data"]] == [1.0, 2.0, None, 4.0]


def test_times_are_drawn_on_the_clock_of_the_network() -> None:
    assert pd.Timestamp(wall_ms(NOW, ZONE), unit="ms").hour == 16


def test_hours_without_a_row_count_as_empty() -> None:
    found = completeness(_hourly([1.0] * 6, o3__n=[60.0] * 6), O3, NOW - timedelta(hours=24), NOW)
    assert found == pytest.approx(0.25)


def test_today_is_measured_up_to_now_only() -> None:
    first = NOW.astimezone(ZONE).date() - timedelta(days=1)
    days = calendar(_hourly([1.0] * 16, o3__n=60), O3, zone=ZONE, first=first, days=2, until=NOW)
    assert [day.ratio for day in days] == [None, 1.0]


def test_the_completeness_of_an_hour_is_the_one_that_quality_control_stored() -> None:
    burst = _hourly([1.0, 1.0], o3__n=[60.0, 60.0], o3__completeness=[0.0333, np.nan])
    points = points_of(hourly_series("a-1", "o3", burst, flags(), expected=60).points)
    assert [point.completeness for point in points] == [0.0333, 1.0]


def minutes(values: list[float], code: str = "o3") -> pd.DataFrame:
    index = pd.date_range(end=NOW - timedelta(minutes=1), periods=len(values), freq="1min", name="start")
    return pd.DataFrame({code: values}, index=index)


def drawing() -> Drawing:
    return Drawing(words=words("en", "page"), theme=LIGHT, zone=ZONE, station_names={})


def drawn(
    frame: pd.DataFrame, code: str = "o3", cadence: timedelta | None = timedelta(minutes=1)
) -> list[dict[str, object]]:
    found = native_series("a-1", "gas1", code, frame, verdicts(flags()), cadence=cadence)
    return series_chart([found], drawing())["series"]


@pytest.mark.parametrize("count", [100, 1_600, 1_601, 10_080, 44_640])
@pytest.mark.parametrize("cadence", [None, timedelta(minutes=1)])
def test_a_complete_minute_series_is_one_line_however_many_points_are_left_out(
    count: int, cadence: timedelta | None
) -> None:
    rng = np.random.default_rng(1)
    line = drawn(minutes(list(rng.normal(size=count))), cadence=cadence)[0]
    assert [point for point in line["data"] if point[1] is None] == []
    assert len(line["data"]) <= 1_700


def test_a_complete_hourly_series_of_a_year_is_one_line() -> None:
    found = hourly_series("a-1", "o3", _hourly([float(step % 24) for step in range(8_760)]), flags(), expected=60)
    assert None not in [point[1] for point in series_chart([found], drawing())["series"][0]["data"]]


@pytest.mark.parametrize("count", [300, 10_080])
def test_each_hole_breaks_the_line_once_on_its_own_sides(count: int) -> None:
    frame = minutes([1.0] * count)
    holes = [(50, 51), (120, 160), (count - 20, count - 10)]
    kept = frame.drop(index=frame.index[[step for first, last in holes for step in range(first, last)]])
    data = drawn(kept)[0]["data"]
    breaks = [position for position, point in enumerate(data) if point[1] is None]
    sides = [(data[at - 1][5], data[at + 1][5]) for at in breaks]
    clock = [f"{start.tz_convert(ZONE):%Y-%m-%d %H:%M}" for start in frame.index]
    assert sides == [(clock[first - 1], clock[last]) for first, last in holes]


def test_a_value_between_two_holes_is_drawn_as_a_point() -> None:
    frame = minutes([1.0] * 9).iloc[[0, 1, 4, 7, 8]]
    line, lone = drawn(frame)[:2]
    assert (lone["type"], lone["name"], len(lone["data"])) == ("scatter", line["name"], 1)
    assert lone["data"][0][5].endswith("15:55")


def test_an_instrument_slower_than_hourly_has_no_holes_between_its_hours() -> None:
    index = pd.date_range(end=NOW - timedelta(hours=1), periods=10, freq="3h", name="start")
    made_by = instrument("gc1", cadence_s=10_800)
    found = hourly_series(
        "a-1", "o3", pd.DataFrame({"o3": 1.0}, index=index), flags(), expected=1 / 3, instruments=[made_by]
    )
    assert None not in [point[1] for point in series_chart([found], drawing())["series"][0]["data"]]


def test_hours_without_any_value_for_months_are_thinned_too() -> None:
    found = hourly_series("a-1", "o3", _hourly([np.nan] * 40_000 + [1.0, 2.0]), flags(), expected=60)
    assert [point[1] for point in series_chart([found], drawing())["series"][0]["data"]][-2:] == [1.0, 2.0]


def test_wind_directions_are_points_on_a_whole_turn_and_thinned_to_values_that_were_measured() -> None:
    values = [(358.0 if step % 2 else 2.0) for step in range(20_000)]
    found = native_series("a-1", "wx1", "wind_direction", minutes(values, "wind_direction"), verdicts(flags()))
    options = series_chart([found], drawing())
    points = options["series"][0]
    assert points["type"] == "scatter"
    assert {point[1] for point in points["data"]} <= {358.0, 2.0}
    assert len(points["data"]) <= 1_700
    assert (options["yAxis"][0]["min"], options["yAxis"][0]["max"]) == (0, 360)


def test_the_mean_of_wind_directions_is_that_of_their_vectors() -> None:
    found = native_series("a-1", "wx1", "wind_direction", minutes([350.0, 20.0], "wind_direction"), verdicts(flags()))
    figures = summarise_series([found], drawing(), SPAN, NOW)[0]
    assert (figures.lowest, figures.mean, figures.highest) == ("–", "5.0", "–")


def test_figures_say_how_many_values_the_cadence_promises() -> None:
    found = native_series("a-1", "gas1", "o3", minutes([1.0] * 90), verdicts(flags()), cadence=timedelta(minutes=1))
    figures = summarise_series([found], drawing(), SPAN, NOW)[0]
    assert (figures.count, figures.expected) == (90, 360)


def test_two_instruments_and_two_networks_have_lines_of_their_own_names() -> None:
    frame = minutes([1.0], "pm25")
    found = [
        native_series("a-1", name, "pm25", frame, verdicts(flags()), network=network)
        for name, network in (("gas1", "gas"), ("gas2", "gas"), ("pm1", "pm"))
    ]
    names = [drawing().line_name(item, found) for item in found]
    assert len(set(names)) == 3
    assert names[0].endswith("gas1")


def test_an_hour_names_every_instrument_it_may_be_made_of() -> None:
    pair = [instrument("gas1"), instrument("gas2")]
    assert hourly_series("a-1", "o3", _hourly([1.0]), flags(), expected=60, instruments=pair).instrument == "gas1+gas2"


def test_only_finished_hours_are_expected() -> None:
    found = hourly_series("a-1", "o3", _hourly([1.0]), flags(), expected=60)
    hour, half = timedelta(hours=1), timedelta(minutes=30)
    assert found.expected(NOW - 6 * hour, NOW, NOW) == 6
    assert found.expected(NOW - 6 * hour + half, NOW + half, NOW + half) == 5, "the last hour is not over"
    assert found.expected(NOW - 6 * hour, NOW - half, NOW) == 6, "an hour belongs to the interval in which it starts"
    assert found.expected(NOW - 6 * hour, NOW + 3 * hour, NOW + half) == 6


def test_no_value_is_expected_of_an_instrument_out_of_service_or_of_the_future() -> None:
    hour = timedelta(hours=1)
    at = {"since": NOW - 4 * hour, "until": NOW - 2 * hour}
    found = native_series("a-1", "gas1", "o3", _hourly([1.0]), verdicts(flags()), cadence=timedelta(minutes=1), **at)
    assert found.expected(NOW - 6 * hour, NOW, NOW) == 120
    moved = [instrument("old", until=NOW - 5 * hour), instrument("new", since=NOW - 5 * hour)]
    hourly = hourly_series("a-1", "o3", _hourly([1.0]), flags(), expected=60, instruments=moved)
    assert hourly.expected(NOW - 6 * hour, NOW, NOW) == 6
    assert hourly.expected(NOW + hour, NOW + 2 * hour, NOW) == 0
