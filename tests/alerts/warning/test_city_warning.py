"""Warnings of a city from hours and a forecast, and their drafts in both languages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec
import pandas as pd
import pytest

from alerts.run.warning import CityWarning, city_mean, warning_of, with_forecast
from alerts.warning.scheme import WarningLevel, parse_warning_rules, warning_rules
from tests.analysis.run.fill import environment, filled_settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from store.settings import SharedSettings
    from tests.command import Done

ZONE = ZoneInfo("Asia/Shanghai")
AT = datetime(2026, 12, 10, tzinfo=UTC)


def hourly(pm25: list[float], **others: float) -> pd.DataFrame:
    """Hours whose last before ``AT`` is at position 96."""
    start = AT - timedelta(hours=96)
    hours = pd.date_range(start, periods=len(pm25), freq="h", name="start")
    return pd.DataFrame({"pm25": pm25} | others, index=hours)


def found_of(table: pd.DataFrame, **options: bool) -> CityWarning:
    return warning_of("210300", table, AT, ZONE, warning_rules(), **options)


def test_a_warning_by_the_forecast_alone_is_due_but_not_in_force() -> None:
    found = found_of(hourly([50.0] * 120 + [180.0] * 48))
    assert (found.level, found.level_now) == (WarningLevel.ORANGE, WarningLevel.NONE)
    assert found.start is not None
    assert found.start > AT
    assert "not verified" in found.draft_en
    assert found.draft_en.startswith("DRAFT, not sent: orange warning of heavy pollution for Anshan")
    assert found.draft_zh.count("\n") == found.draft_en.count("\n")


def test_a_warning_that_is_released_and_over_is_not_due() -> None:
    assert found_of(hourly([180.0] * 30 + [20.0] * 138)).level is WarningLevel.NONE


def test_pollution_from_outside_is_a_health_notice() -> None:
    found = found_of(hourly([180.0] * 168), is_cross_border=True)
    assert found.level is WarningLevel.NONE
    assert "health notice" in found.draft_en


def test_ozone_is_a_health_notice_without_a_warning() -> None:
    found = found_of(hourly([20.0] * 168, o3=290.0))
    assert (found.level, [item.kind for item in found.notices], found.draft_en) == (WarningLevel.NONE, ["ozone"], "")


def test_hours_without_values_have_no_level_and_the_count_says_so() -> None:
    found = found_of(hourly([float("nan")] * 168))
    assert (found.level, found.observed_h, found.forecast_h) == (WarningLevel.NONE, 0, 0)


def test_a_forecast_of_the_simple_model_warns_of_nothing() -> None:
    ahead = pd.DataFrame(
        {"parameter": "pm25", "value": 400.0, "model": "fallback-yesterday-climatology"},
        index=pd.date_range(AT, periods=72, freq="h", name="start"),
    )
    observed = hourly([20.0] * 96)
    assert with_forecast(observed, ahead, AT).index[-1] < AT
    joined = with_forecast(observed, ahead.assign(model="lightgbm"), AT)
    assert found_of(joined).level is WarningLevel.RED


def test_the_mean_of_a_city_leaves_failed_values_out() -> None:
    good, bad = hourly([50.0] * 3), hourly([900.0] * 3)
    bad["pm25__flag"] = 4
    assert city_mean([good, bad])["pm25"].tolist() == [50.0] * 3


def test_a_file_of_a_plan_with_an_unknown_key_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="colour"):
        parse_warning_rules(
            "[release]\nbelow_h = 36\njoin_gap_h = 36\nsource = 'a'\nstatus = 'not_verified'\ncolour = 1\n"
        )


def test_the_command_prints_each_city(settings: SharedSettings, tmp_path: Path, command: Callable[..., Done]) -> None:
    own = filled_settings(settings, tmp_path, 10, 2)
    done = command("alerts", "warning", "--at", "2026-05-09", "--json", **environment(own))
    assert done.returncode == 0, done.stderr
    found = msgspec.json.decode(done.stdout.splitlines()[0], type=CityWarning)
    assert found.observed_h > 100
    refused = command("alerts", "warning", "--at", "2020-01-01", **environment(own))
    assert refused.returncode == 2
    assert "2019-12-31T16:00Z" in refused.stderr
