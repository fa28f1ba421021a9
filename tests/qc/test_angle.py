"""Directions: no flag depends on where north is."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qc.angle import mean_angle, rows_on_line, turned, unwrapped
from qc.hourly.drift.flagging import flag_drift
from qc.hourly.space.flagging import flag_space
from qc.limits.load import ThresholdError
from qc.native.climatology_record import derive_spans
from qc.native.runner import flag_native
from qc.native.series import Stream
from qc.native.test.climatology import Spans, climatology_test
from qc.run.limits import parse_thresholds
from qc.verdict.deviation import HourlySeries, ResidualSeries, axis, table
from schemas.interval import Interval
from schemas.network import Instrument, Network, Station
from schemas.parameter import load_parameters
from tests.qc.conftest import SHANGHAI
from tests.qc.hourly.hours import flagged_hours, hours_of

START = np.datetime64("2026-06-01T00:00", "us")
TURNS = st.floats(0, 359.9).map(lambda turn: round(turn, 1))
_LIMITS = {
    "spike": "suspect = 60.0",
    "spike_burst": "suspect = 60.0",
    "rate_of_change": "suspect_per_minute = 30.0",
    "flat_line": "suspect_s = 7200.0\ntolerance = 0.5",
    "attenuated_signal": "suspect = 0.3\nwindow_s = 7200.0",
    "step": "suspect = 40.0\nwindow_s = 3600.0",
    "variance_change": "ratio = 10.0\nwindow_s = 7200.0\nreference_s = 14400.0\nfloor = 0.1",
    "regime": "suspect = 40.0\nwindow_s = 7200.0\nreference_s = 14400.0",
    "hourly_flat": "hours = 4\ntolerance = 0.5",
    "buddy": "radius_km = 90.0\nheight_m = 500.0\nmin_neighbours = 3\ndeviations = 6.0\nfloor = 5.0",
    "spatial_consistency": "radius_km = 90.0\nheight_m = 500.0\nmin_neighbours = 3\ndeviations = 6.0\nfloor = 5.0\n"
    "length_km = 50.0\nlength_m = 500.0\nnoise = 0.2",
    "drift": 'suspect = 20.0\nscale = "difference"',
}


def limit(test: str, figures: str) -> str:
    return (
        f'[[limit]]\ntest = "{test}"\nparameters = ["wind_direction"]\n{figures}\nunit = "deg"\nsource = "of the test"\n'
        "verified = false\n"
    )


THRESHOLDS = parse_thresholds("".join(limit(test, figures) for test, figures in _LIMITS.items()), "limits")


def day() -> np.ndarray:
    """Five-minute directions with a stuck stretch, a spike, a step and a noisy stretch, in tenths of a degree."""
    rng = np.random.default_rng(1)
    values = 180 + rng.normal(0, 4, 288)
    values[40:80] = 180.0
    values[100] += 100
    values[150:] += 70
    values[220:260] += rng.normal(0, 60, 40)
    return np.round(values, 1)


def native(values: np.ndarray, **more: np.ndarray | float) -> pd.DataFrame:
    index = pd.DatetimeIndex(START + np.arange(len(values)) * np.timedelta64(300, "s"), name="start").tz_localize("UTC")
    return pd.DataFrame({"wind_direction": values % 360, **more}, index=index)


def flagged(values: np.ndarray, **more: np.ndarray | float) -> pd.DataFrame:
    stream = Stream(network="met", station_id="s", instrument_id="v", cadence_s=300, zone=SHANGHAI)
    records = flag_native(native(values, **more), stream, THRESHOLDS).records
    return records[records["parameter"] == "wind_direction"]


def starts_of(records: pd.DataFrame) -> set[tuple[str, pd.Timestamp]]:
    return set(zip(records["test"], records["start"], strict=True))


def test_only_a_direction_repeats() -> None:
    assert [code for code, item in load_parameters().items() if item.period] == ["wind_direction"]


@settings(max_examples=25, deadline=None)
@given(TURNS)
def test_native_flags_do_not_depend_on_north(turn: float) -> None:
    here, there = starts_of(flagged(day())), starts_of(flagged(np.round(day() + turn, 1)))
    assert {test for test, _ in here} == set(_LIMITS) - {"hourly_flat", "buddy", "spatial_consistency", "drift"}
    # a difference at the very edge of a limit may fall to either side when the decimals move
    assert len(here ^ there) <= 2


def test_a_vane_stuck_across_north_is_flat() -> None:
    records = flagged(np.resize([359.9, 0.1, 0.0], 288))
    assert (records["test"] == "flat_line").sum() > 250


def test_a_direction_at_calm_is_exempt() -> None:
    still = np.zeros(288)
    assert flagged(still, wind_speed=0.2).empty
    assert set(flagged(still, wind_speed=2.0)["test"]) == {"flat_line", "attenuated_signal"}
    assert not flagged(still).empty


def _hours(directions: np.ndarray) -> pd.DataFrame:
    index = pd.date_range("2026-06-01", periods=len(directions), freq="h", tz="UTC", name="start", unit="us")
    columns = {"wind_direction": directions % 360, "wind_direction__n": 60, "wind_direction__flag": np.int8(1)}
    return pd.DataFrame(columns, index=index)


@pytest.mark.parametrize("north", [0.0, 90.0])
def test_hours_stuck_across_north_are_flat(north: float) -> None:
    hours = hours_of(wind_direction=(np.resize([359.9, 0.1], 8) + north) % 360)
    found = flagged_hours(hours, THRESHOLDS, "met")
    assert found.records["test"].tolist() == ["hourly_flat"] * 5


def _stations(count: int) -> Network:
    instrument = Instrument(id="v", network="met", cadence_s=60, parameters=("wind_direction",))  # type: ignore[arg-type]
    return Network(
        zone="Asia/Shanghai",
        station_list=tuple(
            Station(id=f"s{n}", instruments=(instrument,), lon=123 + n / 10, lat=41.8, altitude_m=50.0)
            for n in range(count)
        ),
    )


@pytest.mark.parametrize("north", [0.0, 90.0, 200.0])
def test_a_vane_that_points_elsewhere_is_suspect_wherever_north_is(north: float) -> None:
    rng = np.random.default_rng(2)
    hours = {f"s{n}": _hours(north + rng.normal(0, 6, 12) + (120 if n == 3 else 0)) for n in range(8)}
    found = flag_space(hours, _stations(8), "met", thresholds=THRESHOLDS)
    assert set(found.records["station_id"]) == {"s3"}
    assert found.records.groupby("test").size().to_dict() == {"buddy": 12, "spatial_consistency": 12}


@pytest.mark.parametrize("north", [0.0, 90.0])
def test_a_vane_that_turns_on_its_mast_drifts_wherever_north_is(north: float) -> None:
    rng = np.random.default_rng(3)
    wind = north + rng.normal(0, 10, 30 * 24)
    hours = {
        f"s{n}": _hours(wind + rng.normal(0, 3, len(wind)) + (np.linspace(0, 60, len(wind)) if n == 2 else 0))
        for n in range(5)
    }
    records, unevaluated = flag_drift(hours, THRESHOLDS, network="met", month=6)
    assert set(records["station_id"]) == {"s2"}
    assert not unevaluated


def test_a_deviation_is_measured_the_shorter_way_round() -> None:
    found = []
    for north in (0.0, 90.0):
        values = north + np.random.default_rng(4).normal(0, 5, 84)
        values[-12:] += 60
        index = axis(Interval(datetime(2026, 6, 4, tzinfo=UTC), datetime(2026, 6, 4, 12, tzinfo=UTC)))
        line = table(_hours(values), ["wind_direction"], index)[:, 0]
        residuals = ResidualSeries.of(index, {"a": HourlySeries(line, 0.1, 0.0)})
        chosen = residuals.choose("a")
        assert chosen is not None
        found.append(residuals.deviations(chosen)["a"].mean)
    assert found[0] == pytest.approx(found[1], abs=1e-6)
    assert found[0] == pytest.approx(60, abs=15)


def test_a_span_across_north_holds_both_of_its_sides() -> None:
    spans = Spans.of_months([[330.0]] * 12, [[390.0]] * 12)
    values, ones = np.array([340.0, 0.0, 30.0, 31.0, 180.0, 329.9, np.nan]), np.ones(7, dtype=np.int64)
    assert climatology_test(values, ones, ones, spans, period=360.0).tolist() == [1, 1, 1, 3, 3, 3, 9]


def test_spans_of_a_direction_turn_with_it() -> None:
    rng = np.random.default_rng(5)
    hours = np.arange(8760)
    months, at, wind = hours // 730 + 1, hours % 24, rng.normal(0, 5, 8760)
    one, other = (derive_spans((wind + north) % 360, months, at, period=360.0) for north in (0.0, 90.0))
    assert turned(other.low - one.low, 360.0) == pytest.approx(90, abs=1e-6)
    flags = climatology_test(wind % 360, months, at, one, period=360.0)
    assert (flags == 3).mean() < 0.001
    anywhere = derive_spans(rng.uniform(0, 360, 8760), months, at, period=360.0)
    assert np.isnan(anywhere.low).all()


@pytest.mark.parametrize(
    ("test", "figures", "words"),
    [
        ("spike", "suspect = 60.0\nrelative = 0.5", "no zero"),
        ("flat_line", "suspect_s = 7200.0\ntolerance = 0.5\nabove = 0.0", "no zero"),
        ("drift", "suspect = 20.0", "difference"),
        ("detection_limit", "limit = 1.0", "no detection limit"),
        ("rollover", "moduli = [360.0]\nmargin = 1.0", "every turn"),
        ("hourly_spike", "ratio = 3.0\nincrement = 90.0", "ratio"),
        ("uncertainty", "relative = 0.1", "no zero"),
    ],
)
def test_a_limit_without_meaning_for_a_direction_is_refused(test: str, figures: str, words: str) -> None:
    with pytest.raises(ThresholdError, match=words):
        parse_thresholds(limit(test, figures), "limits")


@given(st.lists(st.floats(0, 360) | st.just(float("nan")), max_size=40))
def test_a_line_goes_the_shorter_way_and_keeps_every_direction(values: list[float]) -> None:
    series = np.array(values, dtype=float)
    line = unwrapped(series, 360.0)
    there = np.isfinite(series)
    assert np.array_equal(np.isfinite(line), there)
    assert np.abs(turned(line[there] - series[there], 360.0)).max(initial=0.0) < 1e-6
    assert np.abs(np.diff(line[there])).max(initial=0.0) <= 180 + 1e-6
    assert unwrapped(series, None) is series


def test_opposite_directions_have_no_mean() -> None:
    assert np.isnan(mean_angle(np.array([90.0, 270.0]), 360.0))
    assert mean_angle(np.array([[350.0, 10.0, np.nan]]), 360.0) == pytest.approx([0.0], abs=1e-9)
    assert rows_on_line(np.array([[350.0, 10.0]]), 360.0) == pytest.approx(np.array([[-10.0, 10.0]]))
