from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from console.i18n import words
from console.theme import LIGHT
from console.view.chart import Drawing, series_chart, wall_ms
from console.view.completeness import calendar, completeness
from console.view.series import Series, hourly_series, native_series, points_of, thin
from console.view.summary import summarise_series
from schemas.completeness import Expected
from schemas.flagged import Verdicts
from schemas.interval import Interval
from tests.console.build import NOW, flags, hours, verdicts

ZONE = ZoneInfo("Asia/Shanghai")
O3 = [Expected(parameter="o3", cadence_s=60)]


def _hourly(values: list[float], **columns: object) -> pd.DataFrame:
    return pd.DataFrame({"o3": values, **columns}, index=hours(len(values)))


def test_completeness_is_the_count_over_what_the_cadence_promises() -> None:
    found = hourly_series("a-1", "o3", _hourly([1.0], o3__n=[45.0]), flags(), expected=60)
    assert points_of(found.points)[0].completeness == pytest.approx(0.75)


def test_a_missing_value_is_none_and_flagged_missing() -> None:
    point = points_of(hourly_series("a-1", "o3", _hourly([np.nan]), flags(), expected=60).points)[0]
    assert (point.value, point.n, point.flag) == (None, None, 9)


def test_the_strongest_verdict_wins_and_all_reasons_are_told() -> None:
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
    kept = thin(found.points, 1_000)
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
    options = series_chart(found, Drawing(words=words("en"), theme=LIGHT, zone=ZONE, station_names={}))
    assert [axis["name"] for axis in options["yAxis"]] == ["µg/m³", "°C"]
    marked = [line for line in options["series"] if line["type"] == "scatter"]
    assert [(line["symbol"], line["name"], len(line["data"])) for line in marked] == [("diamond", "Suspect", 1)]


def test_what_no_run_has_screened_is_drawn_in_grey_and_counted() -> None:
    frame, drawing = _hourly([1.0, 2.0, 3.0]), Drawing(words=words("en"), theme=LIGHT, zone=ZONE, station_names={})
    seen = Verdicts(flags(), flags(), (Interval(hours(3)[0].to_pydatetime(), hours(3)[1].to_pydatetime()),))
    found = [native_series("a-1", "gas1", "o3", frame, seen)]
    line, grey = series_chart(found, drawing)["series"]
    assert [point[1] for point in line["data"]] == [1.0, 2.0, 3.0]
    assert ([point[1] for point in grey["data"]], grey["name"]) == ([None, 2.0, 3.0], "Not evaluated")
    assert grey["lineStyle"]["color"] == LIGHT.muted
    assert summarise_series(found, drawing)[0].unscreened == 2


def test_a_hole_in_the_data_breaks_the_line() -> None:
    frame = _hourly([1.0, 2.0, 3.0, 4.0]).drop(index=hours(4)[2])
    found: list[Series] = [hourly_series("a-1", "o3", frame, flags(), expected=60)]
    options = series_chart(found, Drawing(words=words("en"), theme=LIGHT, zone=ZONE, station_names={}))
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
