"""``skyground analyse joint`` and ``relation``: their pure parts, pictures and refusals."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from analysis.coanalysis.daily_relation import daily_relation
from analysis.coanalysis.joint_summary import JointSummary, joint_summary
from analysis.coanalysis.relation import MINIMUM_HOURS, PollutantRelation, relation_of
from console.cli import build_app
from console.cli.analyse.coanalysis.joint_plot import plot_joint
from console.cli.analyse.coanalysis.relation import _show
from console.cli.analyse.coanalysis.relation_plot import plot_relation
from schemas.frames import FrameError
from schemas.interval import Interval
from schemas.words import words
from tests.console.cli.analyse.test_deweather import beijing

if TYPE_CHECKING:
    from pathlib import Path

ZONE = ZoneInfo("Asia/Shanghai")


def frame(days: int, first: str = "2026-01-01") -> pd.DataFrame:
    rng = np.random.default_rng(4)
    index = pd.date_range(first, periods=24 * days, freq="h", tz="Asia/Shanghai", name="start").tz_convert("UTC")
    warm = 15 + 10 * np.sin(np.arange(24 * days) / 24 * 2 * np.pi) + np.repeat(rng.normal(0, 4, days), 24)
    return pd.DataFrame(
        {
            "pm25": np.full(24 * days, 70.0) + rng.normal(0, 1, 24 * days),
            "o3": 170 + 2 * warm,
            "no2": 40 + rng.normal(0, 5, 24 * days),
            "temperature": warm,
            "wind_speed": 2.0,
        },
        index=index,
    )


def period(hourly: pd.DataFrame) -> Interval:
    return Interval(hourly.index[0].to_pydatetime(), hourly.index[-1].to_pydatetime() + pd.Timedelta(hours=1))


def joint(hourly: pd.DataFrame) -> JointSummary:
    return joint_summary("st", hourly, period(hourly), ZONE)


def relation(hourly: pd.DataFrame) -> PollutantRelation:
    return relation_of("st", hourly, period(hourly), ZONE)


def test_a_change_of_edition_inside_the_period_changes_limits_and_classes() -> None:
    found = joint(frame(4, "2026-02-27"))
    assert [(f"{item.since}", item.pm25) for item in found.limits] == [("2026-02-27", 75.0), ("2026-03-01", 60.0)]
    assert [item.name for item in found.calendar] == ["o3", "o3", "both", "both"]
    assert [item.days for item in found.episodes] == [2]


def test_a_day_without_one_of_both_is_not_valid() -> None:
    hourly = frame(2)
    hourly.loc[hourly.index[:24], "o3"] = np.nan
    found = joint(hourly)
    assert (found.days.total, found.days.valid) == (2, 1)
    assert found.hours.valid == 24


def test_hours_that_are_there_twice_are_refused() -> None:
    hourly = frame(1)
    with pytest.raises(FrameError):
        joint(pd.concat([hourly, hourly]))


def test_weather_without_spread_is_not_held_constant() -> None:
    found = relation(frame(40))
    assert {item.given for item in found.correlations} == {(), ("temperature",)}
    assert "global_radiation" in found.missing


def test_cells_with_few_hours_are_empty() -> None:
    cells = [cell for item in relation(frame(60)).surfaces for cell in item.cells]
    assert any(cell.mean is None for cell in cells)
    assert all(cell.n >= MINIMUM_HOURS for cell in cells if cell.mean is not None)
    assert all(cell.low <= cell.mean <= cell.high for cell in cells if cell.mean is not None)  # type: ignore[operator]


def test_one_day_gives_no_coefficient() -> None:
    found = relation(frame(1))
    assert all(lag.r is None for item in found.correlations for lag in item.lags)


def test_a_station_without_ozone_has_no_relation_but_says_so() -> None:
    found = relation(frame(3).drop(columns="o3"))
    assert found.hours == 0
    assert "o3" in found.missing


@pytest.mark.parametrize("language", ["zh", "en"])
def test_pictures_are_drawn(language: str) -> None:
    hourly = frame(40)
    assert plot_joint(joint(hourly), "a", language).startswith(b"\x89PNG")
    assert plot_relation(relation(hourly), "a", language).startswith(b"\x89PNG")
    assert plot_relation(relation(hourly.drop(columns="o3")), "a", language).startswith(b"\x89PNG")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_daily_values_without_weather_are_shown_with_what_they_mean(
    language: str, capsys: pytest.CaptureFixture[str]
) -> None:
    days = pd.date_range("2014-01-01", periods=200)
    noise = np.random.default_rng(5).normal(size=(3, len(days)))
    expected = (np.exp(4 + 0.5 * noise[0]), np.exp(4 + 0.5 * noise[0]))
    observed = (expected[0] * np.exp(0.2 * noise[1]), expected[1] * np.exp(0.2 * noise[2]))
    daily = daily_relation(days, observed, expected, {"wind_speed": noise[0]}, (0.7, 0.6))
    found = replace(relation(frame(40)), deweathered=daily)
    assert plot_relation(found, "a", language).startswith(b"\x89PNG")
    _show(found, words(language, "cli"))
    said = capsys.readouterr().out
    assert words(language, "cli")("relation.meaning.weather") in said
    assert "MAM" in said
    assert "0.70" in said
    _show(replace(found, deweathered=replace(daily, r2_pm25=None)), words(language, "cli"))
    said = capsys.readouterr().out
    assert "PM2.5 –" in said


def test_a_short_span_is_refused_with_what_was_found(tmp_path: Path) -> None:
    path = beijing(tmp_path / "PRSA_Data_Dongsi_x.csv", 40)
    words_of = ["analyse", "relation", str(path), "--dataset", "beijing", "--deweather"]
    done = CliRunner(env={"SKYGROUND_LANGUAGE": "en"}).invoke(build_app(("analyse",)), words_of)
    assert done.exit_code != 0
    assert "pm25: 40 valid days" in " ".join(done.output.split())


@pytest.mark.parametrize("name", ["joint", "relation"])
def test_files_without_a_layout_are_refused(name: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(build_app(("analyse",)), ["analyse", name, str(tmp_path / "x.csv")])
    assert result.exit_code == 2
    assert "--dataset" in result.output
