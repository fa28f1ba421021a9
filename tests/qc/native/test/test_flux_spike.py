from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from qc.native.coordinates import Coordinates
from qc.native.runner import flag_native
from qc.native.series import Stream
from qc.native.test.flux_spike import flux_spike_test, flux_spikes_of
from qc.run.limits import load_thresholds
from schemas.flag import Flag

ZONE = ZoneInfo("Asia/Shanghai")


def test_fluxes_of_the_night_are_compared_with_the_night() -> None:
    rng = np.random.default_rng(7)
    night = (np.arange(13 * 48) % 48 < 20) | (np.arange(13 * 48) % 48 > 40)
    flux = np.where(night, rng.normal(2, 0.2, night.size), rng.normal(-10, 5, night.size))
    spike = 48 * 5 + 10
    flux[spike] += 3
    assert flux_spike_test(flux, factor=7.0)[spike] == Flag.PASS
    flags = flux_spike_test(flux, factor=7.0, night=night)
    assert flags[spike] == Flag.SUSPECT
    assert (flags[~night] != Flag.SUSPECT).all()


def test_flux_spikes_follow_the_paper() -> None:
    rng = np.random.default_rng(8)
    flux, night = rng.standard_t(2, 13 * 48), np.arange(13 * 48) % 48 < 24
    double = (flux[1:-1] - flux[:-2]) - (flux[2:] - flux[1:-1])
    outside = np.zeros(flux.size, dtype=bool)
    for phase in (night[1:-1], ~night[1:-1]):
        middle = np.median(double[phase])
        spread = 4.0 * np.median(np.abs(double[phase] - middle)) / 0.6745
        outside[1:-1] |= phase & ((double < middle - spread) | (double > middle + spread))
    flags = flux_spike_test(flux, factor=4.0, night=night)
    suspect = flags == Flag.SUSPECT
    assert not (suspect & ~outside).any()
    # the largest of each stretch of neighbours is kept
    assert outside.sum() >= suspect.sum() > outside.sum() / 3
    assert flags[0] == flags[-1] == Flag.UNKNOWN


def test_fluxes_without_coordinates_are_unknown() -> None:
    flux = np.random.default_rng(9).normal(0, 1, 960)
    flux[500] += 60
    index = pd.date_range("2026-06-01", periods=960, freq="30min", tz="UTC", name="start", unit="us")
    for place, found in ((None, 0), (Coordinates(lon=123.4, lat=41.8), 1)):
        stream = Stream(network="eco", station_id="s", instrument_id="f", cadence_s=1800, zone=ZONE, place=place)
        records = flag_native(pd.DataFrame({"co2_flux": flux}, index=index), stream, load_thresholds()).records
        assert (records["test"] == "flux_spike").sum() == found


def test_flux_spikes_are_found_by_double_differences() -> None:
    rng = np.random.default_rng(42)
    flux = 5 * np.sin(np.arange(960) / 48 * 2 * np.pi) + rng.normal(0, 0.5, 960)
    flux[[100, 500]] += 40.0
    flux[300] = np.nan
    flags = flux_spike_test(flux, factor=7.0)
    assert flags[100] == flags[500] == Flag.SUSPECT
    assert flags[300] == Flag.MISSING
    assert flags[0] == flags[301] == Flag.UNKNOWN
    assert (flags == Flag.SUSPECT).sum() == 2  # not its neighbours, whose differences are large too


def test_the_latest_flux_is_evaluated_in_a_whole_block() -> None:
    flux = np.sin(np.arange(105.0))
    flux[102] = 90.0
    assert flux_spike_test(flux, factor=7.0, window=100)[102] == Flag.SUSPECT


def test_a_hole_in_a_flux_is_no_step() -> None:
    flux, kept = np.sin(np.arange(100) / 8), np.r_[0:40, 80:100]
    times = np.datetime64("2026-06-01T00:00") + kept * np.timedelta64(30, "m")
    flags = flux_spikes_of(flux[kept], times, factor=7.0, window=624)
    assert flags[39] == flags[40] == Flag.UNKNOWN
    assert not (flags == Flag.SUSPECT).any()
    assert not flux_spikes_of(flux[:0], times[:0], factor=7.0, window=624).size


@given(st.lists(st.floats(-50, 50) | st.just(float("nan")), max_size=60))
def test_missing_fluxes_and_only_they_are_missing(values: list[float]) -> None:
    flux = np.array(values, dtype=float)
    flags = flux_spike_test(flux, factor=7.0, window=20)
    assert np.array_equal(flags == Flag.MISSING, ~np.isfinite(flux))
    assert not (flags == Flag.FAIL).any()
