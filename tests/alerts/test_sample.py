from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from alerts.rules import Rules, parse_rules
from alerts.sample import (
    Silence,
    all_silent,
    baseline,
    forecast_of,
    forecast_sample,
    hourly_samples,
    native_samples,
    silence_of,
)
from schemas.network import Instrument, Station
from tests.alerts.test_rules import RULE

ZONE = ZoneInfo("Asia/Shanghai")
T0 = datetime(2026, 6, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def hourly(values: list[float], code: str = "o3", **more: list[int]) -> pd.DataFrame:
    index = pd.DatetimeIndex([T0 + HOUR * n for n in range(len(values))], name="start")
    return pd.DataFrame({code: values, **more}, index=index)


def test_failed_and_missing_hours_are_no_samples_and_suspect_ones_are() -> None:
    (rule,) = parse_rules(RULE, "f").thresholds()
    frame = hourly([1.0, 2.0, np.nan, 4.0], o3__flag=[1, 4, 9, 3])
    assert [item.value for item in hourly_samples(frame, rule, ZONE)] == [1.0, 4.0]


def test_a_rule_holds_from_its_first_civil_day_on() -> None:
    (rule,) = parse_rules(RULE + "since = 2026-06-02\n", "f").thresholds()
    samples = hourly_samples(hourly([1.0] * 24), rule, ZONE)
    assert samples[0].start == datetime(2026, 6, 1, 16, tzinfo=UTC)


def test_the_baseline_leaves_the_judged_hour_out() -> None:
    values = hourly([10.0] * 10 + [99.0])["o3"]
    assert baseline(values, 24, 3).iloc[-1] == 10.0
    assert np.isnan(baseline(values, 24, 3).iloc[2])


def test_rain_withholds_the_verdict_about_gamma(example: Rules) -> None:
    rule = next(item for item in example.thresholds() if item.name == "gamma-above-baseline")
    frame = hourly([80.0] * 200 + [160.0], "gamma_dose_rate")
    dry = hourly_samples(frame, rule, ZONE, pd.Series(0.0, index=frame.index))
    assert dry[-1].value == 160.0
    assert dry[-1].limit == 130.0
    rain = pd.Series(0.0, index=frame.index)
    rain.iloc[-2] = 4.0
    assert hourly_samples(frame, rule, ZONE, rain)[-1].value == 80.0


def test_readings_with_a_status_are_no_samples() -> None:
    (rule,) = parse_rules(RULE.replace("above", 'averaging = "native"\nabove'), "f").thresholds()
    frame = hourly([1.0, 2.0, 3.0]).assign(o3__status=[None, "C", "N"])
    samples = native_samples(frame, rule, 60, ZONE)
    assert [item.value for item in samples] == [1.0, 3.0]
    assert samples[0].end - samples[0].start == timedelta(minutes=1)


def station(**more: int) -> Station:
    instrument = Instrument(id="i", network="gas", cadence_s=300, parameters=("o3",))  # type: ignore[arg-type]  # a code
    return Station(id="s", instruments=(instrument,), **more)


@pytest.mark.parametrize(("minutes", "silent"), [(19, False), (21, True)])
def test_silence_begins_after_the_allowed_cadences(example: Rules, minutes: int, *, silent: bool) -> None:
    (rule,) = example.silences()
    found = silence_of(station(), "gas", T0, rule, T0 + timedelta(minutes=minutes))
    assert found is not None
    assert found.allowed_minutes == 15.0
    assert found.is_silent is silent


def test_silence_is_dated_by_when_the_time_ran_out_whoever_looks(example: Rules) -> None:
    (rule,) = example.silences()
    looks = [silence_of(station(), "gas", T0, rule, T0 + timedelta(minutes=minutes)) for minutes in (30, 300)]
    assert {item.sample().end for item in looks if item} == {T0 + timedelta(minutes=20)}


def test_a_data_set_is_never_silent(example: Rules) -> None:
    assert silence_of(station(late_window_h=0), "gas", T0, example.silences()[0], T0 + 100 * HOUR) is None


def test_all_are_silent_only_when_nobody_speaks_and_they_are_enough() -> None:
    silent = [Silence(name, "gas", T0, 60.0, 15.0) for name in "abc"]
    assert all_silent(silent, 3)
    assert not all_silent(silent, 4)
    assert not all_silent([*silent, Silence("a", "met", T0, 1.0, 15.0)], 3)


@pytest.mark.parametrize("shape", ["tag", "fields"])
def test_the_forecast_counts_hours_above_within_its_lead(example: Rules, shape: str) -> None:
    (rule,) = example.forecasts()
    index = pd.DatetimeIndex([T0 + HOUR * n for n in range(40)], name="start")
    values = np.where(np.arange(40) < 3, 180.0, 20.0)
    columns = {"parameter": "pm25", "value": values, "q10": values, "q90": values}
    if shape == "fields":
        columns = {f"pm25_{name}": values for name in ("q10", "q50", "q90")}
    found = forecast_of(pd.DataFrame(columns, index=index), "pm25")
    sample = forecast_sample(found, rule, T0 + timedelta(minutes=5))
    assert sample is not None
    assert sample.value == 180.0
    late = forecast_sample(found, rule, T0 + HOUR)
    assert late is not None
    assert late.value == 20.0
    assert forecast_sample(found, rule, T0 + 100 * HOUR) is None
