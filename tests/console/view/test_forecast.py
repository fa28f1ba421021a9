"""Head of the forecast page."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from analysis.forecast.hourly.model import IntervalBasis
from analysis.run.forecast.history import IssueNote
from console.view.forecast import head_of, plots
from console.view.theme import LIGHT
from schemas.reason import encode_reason
from schemas.words import words
from sensors.weather_forecast.error import refusal


def test_the_head_counts_hours_with_weather_once_for_all_pollutants() -> None:
    rows = pd.DataFrame(
        {"origin": "2026-04-01T00:00Z", "model": "lightgbm", "model_version": "v", "reason": "", "horizon_h": [1.0, 2.0, 3.0] * 2}
        | {"with_weather": [1.0, 1.0, 0.0] * 2}
    )  # fmt: skip
    head = head_of(rows, datetime(2026, 4, 1, 1, tzinfo=UTC), words("en"))
    assert (head.weather_h, head.age_h, head.model) == (2, 1.0, "v")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_head_says_what_the_width_of_the_bands_rests_on(language: str) -> None:
    rows = pd.DataFrame(
        {"origin": "2026-04-01T00:00Z", "model": "lightgbm", "model_version": "v", "reason": "", "horizon_h": [1.0, 2.0, 3.0], "with_weather": 1.0}
        | {"basis": ["archived_weather", "archived_weather", "without_weather"]}
    )  # fmt: skip
    page = words(language, "page")
    found = head_of(rows, datetime(2026, 4, 1, 1, tzinfo=UTC), page).bases
    assert found == (page("forecast.basis_archived_weather", hours=2), page("forecast.basis_without_weather", hours=1))
    assert all(page.get(f"forecast.basis_{item}", "") for item in IntervalBasis)


def test_the_head_says_which_weather_was_used_and_why_other_was_refused() -> None:
    rows = pd.DataFrame(
        {
            "origin": ["2026-04-01T00:00Z"],
            "model": "lightgbm",
            "model_version": "v",
            "reason": "",
            "horizon_h": 1.0,
            "with_weather": 1.0,
        }
    )
    refused = tuple(encode_reason(refusal("late.nc", kind)) for kind in ("no_file", "no_variable"))
    note = IssueNote(weather="2026-03-31T18:00Z", weather_refused=refused)
    for language, words_of in (("en", "late.nc: no file of a weather forecast"), ("zh", "late.nc")):
        head = head_of(rows, datetime(2026, 4, 1, 1, tzinfo=UTC), words(language), note)
        assert head.weather == datetime(2026, 3, 31, 18, tzinfo=UTC)
        assert len(head.refused) == 2
        assert words_of in head.refused[0]
    assert head_of(rows, datetime(2026, 4, 1, 1, tzinfo=UTC), words("en")).refused == ()


def test_a_forecast_without_quantiles_is_drawn_as_a_line_alone() -> None:
    hours = pd.date_range("2026-04-01T01:00Z", periods=3, freq="h")
    rows = pd.DataFrame({"parameter": "o3", "value": [40.0, 42.0, 41.0]}, index=hours)
    bands = rows.assign(q05=30.0, q10=32.0, q90=50.0, q95=55.0)
    figures = (LIGHT, ZoneInfo("Asia/Shanghai"), words("en", "page"))
    (line,), (band,) = plots(rows, *figures), plots(bands, *figures)
    assert len(line.options["series"]) == 1
    assert len(band.options["series"]) == 5


def test_missing_hours_are_gaps_in_the_line() -> None:
    hours = pd.to_datetime(["2026-04-01T01:00Z", "2026-04-01T02:00Z", "2026-04-01T04:00Z"])
    rows = pd.DataFrame({"parameter": "o3", "value": [40.0, 42.0, 41.0]}, index=hours)
    (plot,) = plots(rows, LIGHT, ZoneInfo("Asia/Shanghai"), words("en", "page"))
    assert plot.options["series"][0]["data"] == [40.0, 42.0, None, 41.0]
