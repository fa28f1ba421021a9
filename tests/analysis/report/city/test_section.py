"""Sections of a report: first page, episodes, weather, and what is stated in the place of a section without data."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from analysis.report.city.document import PeriodKind, ReportSection, ReportSentence
from analysis.report.city.page import html_page
from analysis.report.city.period import ReportError, parse_period, span_of
from analysis.report.city.section.chemistry import chemistry
from analysis.report.city.section.cut import cut
from analysis.report.city.section.episode import episodes, spells
from analysis.report.city.section.glance import glance
from analysis.report.city.section.outlook import outlook
from analysis.report.city.section.weather import weather, weather_contrasts
from tests.analysis.report.city.made import evidence, month_hours


def hours_with_wind(low_wind_days: tuple[int, ...] = tuple(range(5, 17))) -> pd.DataFrame:
    """May 2026: PM2.5 of 200 µg/m³ and calm air on some days of the month, 20 µg/m³ and wind on the others."""
    hours = month_hours()
    day = pd.DatetimeIndex(hours.index).tz_convert("Asia/Shanghai").day
    calm = np.isin(day, low_wind_days)
    draw = np.random.default_rng(3).normal(0, 0.3, len(hours))
    return hours.assign(pm25=np.where(calm, 200.0, 20.0), o3=40.0, wind_speed=np.where(calm, 1.0, 3.0) + draw)


def test_the_first_page_has_figures_with_their_days_and_four_answers() -> None:
    section = glance(evidence({"a": hours_with_wind()}), "en")
    tiles = {tile.key: tile for tile in section.tiles}
    assert list(tiles) == ["good", "aqi_mean", "pm25", "o3"]
    assert tiles["pm25"].value == pytest.approx((12 * 200 + 19 * 20) / 31)
    assert tiles["good"].detail.text("en") == "n = 31 d; no earlier period to compare with"
    assert [answer.key for answer in section.answers] == ["air", "change", "drive", "next"]
    drive = " ".join(item.text("en") for item in section.answers[2].sentences)
    assert "wind speed averaged 1.02 m/s" in drive


def test_days_in_a_row_above_100_are_one_episode_and_a_day_without_aqi_ends_it() -> None:
    hours = hours_with_wind((5, 6, 7, 8))
    assert [(item.first, item.last) for item in spells(evidence({"a": hours}))] == [
        (date(2026, 5, 5), date(2026, 5, 8))
    ]
    gap = pd.DatetimeIndex(hours.index).tz_convert("Asia/Shanghai").day == 7
    hours.loc[gap] = np.nan
    assert [item.length for item in spells(evidence({"a": hours}))] == [2, 1]


def test_the_contrast_of_the_weather_has_an_interval_that_holds_the_true_one() -> None:
    found = weather_contrasts(evidence({"a": hours_with_wind()}))
    assert [(item.code, item.weather, item.days, item.others) for item in found] == [("pm25", "wind_speed", 12, 19)]
    assert found[0].difference == pytest.approx(-2.0, abs=0.1)
    low, high = found[0].low, found[0].high
    assert low is not None
    assert high is not None
    assert low < -2.0 < high < 0


def test_two_polluted_days_are_too_few_to_compare_the_weather() -> None:
    assert weather_contrasts(evidence({"a": hours_with_wind((5, 6))})) == []


@pytest.mark.parametrize("make", [weather, chemistry, cut, outlook])
def test_a_section_without_data_is_one_sentence_and_no_empty_frame(make: object) -> None:
    found = make(evidence({"a": month_hours()}), "en")  # type: ignore[operator]
    assert isinstance(found, ReportSentence)
    assert found.text("zh") != found.text("en")


def test_episodes_are_absent_without_a_day_above_100() -> None:
    assert isinstance(episodes(evidence({"a": hours_with_wind(())}), "en"), ReportSentence)
    assert isinstance(episodes(evidence({"a": hours_with_wind((4,))}), "en"), ReportSection)


def test_a_span_is_compared_with_the_days_before_it() -> None:
    span = span_of(date(2026, 5, 11), date(2026, 5, 20))
    assert (span.text, span.before().text) == ("2026-05-11_2026-05-20", "2026-05-01_2026-05-10")
    assert parse_period(span.text) == span
    assert span_of(date(2024, 2, 29), date(2024, 3, 1)).year_before().first == date(2023, 2, 28)


@pytest.mark.parametrize("text", ["2026-05-20_2026-05-11", "2024-01-01_2026-01-01", "2026-05_2026-06", "2026-05-01_"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(ReportError, match="expected"):
        parse_period(text)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_span_has_a_page_with_its_days_in_the_title(language: str) -> None:
    from analysis.report.city.build import build_report

    report = build_report(evidence({"a": hours_with_wind()}, "2026-05-03_2026-05-20"), language)
    assert (report.period_kind, report.days) == (PeriodKind.SPAN, 18)
    page = html_page(report)
    assert "report.city" not in page
    assert "2026-05-03 " in page[: page.index("</title>")]
