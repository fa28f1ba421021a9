from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from alerts.engine import Sample
from alerts.rules.forecast import forecast_of, forecast_sample
from alerts.rules.incremental import physical_range
from alerts.rules.rules import parse_rules
from alerts.rules.threshold.sample import baseline, certain, hourly_samples, native_samples, worst_samples
from schemas.network import Instrument
from tests.alerts.rules.test_rules import RULE

if TYPE_CHECKING:
    from alerts.rules.table import AlertRules

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


def test_the_baseline_leaves_the_evaluated_hour_out() -> None:
    values = hourly([10.0] * 10 + [99.0])["o3"]
    assert baseline(values, 24, 3).iloc[-1] == 10.0
    assert np.isnan(baseline(values, 24, 3).iloc[2])


def test_rain_withholds_the_verdict_about_gamma(example: AlertRules) -> None:
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
    instrument = Instrument(id="i", network="gas", cadence_s=60, parameters=("o3",))  # type: ignore[arg-type]  # a code
    samples = native_samples(frame, rule, instrument, ZONE)
    assert [item.value for item in samples] == [1.0, 3.0]
    assert samples[0].end - samples[0].start == timedelta(minutes=1)


def test_a_reading_over_range_beyond_the_physical_range_is_a_sample_of_at_least_its_end() -> None:
    (rule,) = parse_rules(RULE.replace("above", 'averaging = "native"\nabove'), "f").thresholds()
    frame = hourly([9e6, 9e6, -9e6]).assign(o3__status=["T", "N", "T"])
    instrument = Instrument(id="i", network="gas", cadence_s=60, parameters=("o3",))  # type: ignore[arg-type]  # a code
    samples = native_samples(frame, rule, instrument, ZONE)
    assert [(item.value, item.is_at_least) for item in samples] == [(physical_range("o3")[1], True)]


@pytest.mark.parametrize(("flag", "fires"), [(1, False), (2, True), (3, True), (4, True), (9, True)])
def test_only_rain_that_passed_withholds_the_verdict_about_gamma(
    example: AlertRules, flag: int, *, fires: bool
) -> None:
    rule = next(item for item in example.thresholds() if item.name == "gamma-above-baseline")
    gamma = hourly([80.0] * 200 + [160.0], "gamma_dose_rate")
    rain = hourly([0.0] * 199 + [4.0, 4.0], "rain", rain__flag=[1] * 199 + [flag] * 2)
    values = [item.value for item in hourly_samples(gamma, rule, ZONE, certain(rain, "rain"))]
    assert (160.0 in values) is fires


def test_rain_in_an_hour_without_dose_rate_still_counts(example: AlertRules) -> None:
    rule = next(item for item in example.thresholds() if item.name == "gamma-above-baseline")
    rain = pd.Series(0.0, index=hourly([0.0] * 202).index)
    rain.iloc[200] = 4.0
    gamma = hourly([80.0] * 202, "gamma_dose_rate").drop(rain.index[200])
    assert hourly_samples(gamma, rule, ZONE, rain)[-1].start == rain.index[199].to_pydatetime()


def test_hours_outside_an_instruments_service_are_no_samples() -> None:
    (rule,) = parse_rules(RULE, "f").thresholds()
    old, new = (
        Instrument(id=name, network="gas", cadence_s=60, parameters=("o3",), **span)  # type: ignore[arg-type]  # a code
        for name, span in (("old", {"until": T0 + 2 * HOUR}), ("new", {"since": T0 + 3 * HOUR}))
    )
    samples = hourly_samples(hourly([1.0, 2.0, 3.0, 4.0]), rule, ZONE, None, [old, new])
    assert [item.value for item in samples] == [1.0, 2.0, 4.0]


def readings(first_min: float, step_min: float, *values: float) -> list[Sample]:
    minute = timedelta(minutes=1)
    starts = [T0 + (first_min + step_min * n) * minute for n in range(len(values))]
    return [Sample(at, at + step_min * minute, value, 500.0, 450.0) for at, value in zip(starts, values, strict=True)]


@pytest.mark.parametrize("high_first", [True, False])
def test_of_two_instruments_the_one_further_beyond_counts_at_any_time(*, high_first: bool) -> None:
    high, low = readings(0, 1, 900.0, 900.0, 900.0), readings(0.5, 1, 10.0, 10.0, 10.0)
    merged = worst_samples([high, low] if high_first else [low, high], above=True)
    assert {item.value for item in merged if item.end <= high[-1].end} == {900.0}
    assert sum((item.end - item.start).total_seconds() for item in merged if item.value == 900.0) == 180.0
    assert merged[-1].value == 10.0
    lowest = worst_samples([high, low], above=False)
    assert lowest[0].value == 900.0
    assert {item.value for item in lowest[1:]} == {10.0}


def test_a_gap_of_both_instruments_stays_a_gap() -> None:
    merged = worst_samples([readings(0, 1, 1.0), readings(10, 5, 2.0)], above=True)
    assert [(item.end - item.start).total_seconds() for item in merged] == [60.0, 300.0]


@pytest.mark.parametrize("shape", ["tag", "warn", "fields"])
def test_the_forecast_counts_hours_above_within_its_lead(example: AlertRules, shape: str) -> None:
    (rule,) = example.forecasts()
    index = pd.DatetimeIndex([T0 + HOUR * n for n in range(40)], name="start")
    values = np.where(np.arange(40) < 3, 180.0, 20.0)
    columns = {"parameter": "pm25", "value": values, "q10": values, "q90": values}
    if shape == "warn":
        columns |= {"value": values - 60.0, "warn": values}
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
