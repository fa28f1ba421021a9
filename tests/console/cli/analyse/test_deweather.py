"""``skyground analyse deweather``: its picture, words and refusals."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from analysis.forecast.deweather.model import is_usable
from analysis.forecast.deweather.summary import ALL, Deweathered, NormalisedMonth, NormalisedPlace
from analysis.statistics.trend import trend
from console.cli import build_app
from console.cli.analyse.forecast.deweather import _show
from console.cli.analyse.forecast.deweather_plot import plot_deweather
from schemas.words import words

if TYPE_CHECKING:
    from pathlib import Path


@cache
def place(name: str, *, months: int = 36, gap: int | None = None) -> NormalisedPlace:
    """The same one for the same arguments, since its trends take a quarter of a second."""
    index = pd.period_range("2013-03", periods=months, freq="M")
    values = pd.Series(60.0 + np.random.default_rng(1).normal(0, 4, months), index=index)
    if gap is not None:
        values.iloc[gap] = np.nan
    found = tuple(
        NormalisedMonth(
            month=str(month), observed=None if np.isnan(value) else value, normalised=None if np.isnan(value) else value - 2.0,
            low=None if np.isnan(value) else value - 8.0, high=None if np.isnan(value) else value + 4.0, days=0 if np.isnan(value) else 30,
            is_valid=not np.isnan(value),
        )
        for month, value in values.items()
    )  # fmt: skip
    return NormalisedPlace(
        place=name,
        days=30 * months,
        valid_days=30 * months,
        before=trend(values),
        after=trend(values - 2.0),
        months=found,
    )


def result(**changed: object) -> Deweathered:
    fields: dict[str, object] = {
        "parameter": "no2", "unit": "ug/m3", "first": date(2013, 3, 1), "last": date(2016, 2, 29), "r2": 0.8, "plain_r2": 0.6,
        "n": 2000, "folds": 10, "weather": {"wind_speed": 1.0, "rain": 0.0}, "left_out": ("st-9",),
        "places": (place(ALL), place("st-1", gap=4)),
    }  # fmt: skip
    return Deweathered(**(fields | changed))  # type: ignore[arg-type]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_pictures_are_drawn_also_without_a_trend(language: str) -> None:
    assert plot_deweather(result(), language).startswith(b"\x89PNG")
    short = result(places=(place("st-1", months=12),), r2=None)
    assert plot_deweather(short, language).startswith(b"\x89PNG")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_was_not_measured_and_stations_without_a_day_are_named(
    language: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _show(result(), words(language, "cli"))
    said = capsys.readouterr().out
    assert "rain" in said
    assert "st-9" in said
    assert "0.80" in said
    assert "2013-07" in said


def test_a_weather_model_that_explains_little_is_named_as_not_usable(capsys: pytest.CaptureFixture[str]) -> None:
    usual = result(places=(place("st-1", months=12),))
    for language, warned in (("en", "do not use the normalised series"), ("zh", "归一化序列及其趋势不应采用")):
        for r2 in (-0.21, 0.1, None):
            _show(msgspec.structs.replace(usual, r2=r2, is_usable=is_usable(r2)), words(language, "cli"))
            assert warned in capsys.readouterr().out
        _show(msgspec.structs.replace(usual, is_usable=is_usable(0.8)), words(language, "cli"))
        assert warned not in capsys.readouterr().out
    assert plot_deweather(msgspec.structs.replace(usual, r2=None, is_usable=False), "zh").startswith(b"\x89PNG")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_unknown_r2_is_a_dash(language: str, capsys: pytest.CaptureFixture[str]) -> None:
    _show(result(r2=None, plain_r2=None), words(language, "cli"))
    said = capsys.readouterr().out.splitlines()[0]
    assert "0.00" not in said
    assert said.count("–") == 2


def beijing(path: Path, days: int, *, wind: str = "2.0") -> Path:
    head = "No,year,month,day,hour,PM2.5,PM10,SO2,NO2,CO,O3,TEMP,PRES,DEWP,RAIN,wd,WSPM,station"
    hours = pd.date_range("2014-01-01", periods=24 * days, freq="h")
    lines = [
        f"{number + 1},{at.year},{at.month},{at.day},{at.hour},40,60,5,30,800,60,10,1010,2,0,N,{wind},Dongsi"
        for number, at in enumerate(hours)
    ]
    path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("days", "wind", "words_of", "said"),
    [
        (40, "2.0", [], "2 months, 24 are needed"),
        (40, "NA", [], "wind_speed 0%"),
        (40, "2.0", ["--parameter", "benzene"], "no2, pm25, pm10, o3, so2, co"),
    ],
)
def test_short_spans_missing_weather_and_other_parameters_are_refused(
    tmp_path: Path, days: int, wind: str, words_of: list[str], said: str
) -> None:
    path = beijing(tmp_path / "PRSA_Data_Dongsi_x.csv", days, wind=wind)
    done = CliRunner(env={"SKYGROUND_LANGUAGE": "en"}).invoke(
        build_app(("analyse",)), ["analyse", "deweather", str(path), "--dataset", "beijing", *words_of]
    )
    assert done.exit_code != 0
    assert said in " ".join(done.output.replace("│", " ").split())
