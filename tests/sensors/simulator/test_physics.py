from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.parameter import parameter
from schemas.units import conversion
from sensors.simulator import Province
from sensors.simulator.chemistry import NO_O3_PPB_S as K
from sensors.simulator.chemistry import photolysis, photostationary

END = datetime(2026, 11, 22, 12, tzinfo=UTC)
CITIES = ("sy", "dl", "as", "fs", "bx", "dd", "jz", "yk", "fx", "ly", "pj", "tl", "cy", "hl")


@cache
def series(province: Province, station_id: str, instrument_id: str) -> pd.DataFrame:
    network = province.network()
    station, instrument = network.stations[station_id], network.instruments[station_id, instrument_id]
    rows = {row.interval.start: row.values for row in province.readings(station, instrument)}  # noqa: PD011 - a Reading
    return pd.DataFrame.from_dict(rows, orient="index").tz_convert("UTC")


def ppb(column: pd.Series) -> pd.Series:
    return column / conversion("ppb", parameter(str(column.name)))[0]


PPB = st.floats(0.01, 300)


@given(PPB, PPB, st.floats(0, 1200))
def test_photostationary_state_conserves_nox_and_ox_and_fulfils_the_ratio(nox: float, ox: float, sun: float) -> None:
    no, no2, o3 = (float(x[0]) for x in photostationary(np.array([nox]), np.array([ox]), np.array([sun])))
    assert min(no, no2, o3) >= 0
    assert no + no2 == pytest.approx(nox)
    assert o3 + no2 == pytest.approx(ox)
    assert float(photolysis(np.array([sun]))[0]) * no2 == pytest.approx(K * no * o3, rel=1e-6, abs=1e-9)


def test_at_night_ozone_and_no_do_not_stand_together(faultless: Province) -> None:
    gas = series(faultless, "ln-as-01", "gas1")
    night = gas[(gas.index.hour >= 12) & (gas.index.hour < 20)]
    both = (ppb(night["o3"]) > 4) & (ppb(night["no"]) > 4)
    assert both.mean() < 0.01


@pytest.mark.slow
def test_pm10_is_never_below_pm25(faultless: Province) -> None:
    for letters in CITIES:
        gas = series(faultless, f"ln-{letters}-01", "gas1")
        assert (gas["pm10"] >= gas["pm25"]).all()


@pytest.mark.slow
def test_haze_is_regional_and_exceeds_the_daily_limit(faultless: Province) -> None:
    haze = faultless.truth().of_kind("haze")[0]
    means = []
    for letters in CITIES:
        pm25 = series(faultless, f"ln-{letters}-01", "gas1")["pm25"].resample("1h").mean()
        inside = (pm25.index >= haze.start) & (pm25.index < haze.end)
        means.append(pm25[inside].mean() / pm25[~inside].median())
    assert min(means) > 1.3


def test_ozone_exceeds_200_in_its_episode_only(faultless: Province) -> None:
    ozone = faultless.truth().of_kind("ozone")[0]
    hourly = series(faultless, "ln-dl-01", "gas1")["o3"].resample("1h").mean()
    inside = (hourly.index >= ozone.start) & (hourly.index < ozone.end + timedelta(hours=1))
    assert hourly[inside].max() > 200
    assert hourly[~inside].max() < 160


def test_components_add_up_to_less_than_pm25_and_ions_balance(faultless: Province) -> None:
    mass, ions, carbon = (series(faultless, "ln-jz-03", name) for name in ("mass1", "ions1", "ocec1"))
    parts = ions.drop(columns=["ammonia", "levoglucosan"]).sum(axis=1) + carbon.sum(axis=1)
    assert (parts / mass["pm25"]).between(0.3, 1.2).mean() > 0.95
    anions = ions["sulfate"] / 48.03 + ions["nitrate"] / 62.0 + ions["chloride"] / 35.45
    cations = ions["ammonium"] / 18.04 + ions["sodium_ion"] / 22.99 + ions["calcium_ion"] / 20.04
    assert 0.8 < (cations / anions).median() < 1.3


def test_rain_raises_the_dose_rate_and_the_peak_fades_within_three_hours(faultless: Province) -> None:
    gamma = series(faultless, "ln-sy-04", "gamma1")
    wet = gamma.index[gamma["rain"] > 0]
    base = gamma.loc[: wet[0] - pd.Timedelta("1h"), "gamma_dose_rate"].median()
    dry = gamma.loc[wet[-1] + pd.Timedelta("3h") : wet[-1] + pd.Timedelta("5h"), "gamma_dose_rate"].median()
    peak = gamma.loc[wet[0] : wet[-1], "gamma_dose_rate"].max()
    assert 1.05 < peak / base < 2.0
    assert (dry - base) < 0.12 * (peak - base)


def test_isoprene_follows_the_sun_and_solvents_the_working_week() -> None:
    july = Province(3, datetime(2026, 7, 13, tzinfo=UTC), datetime(2026, 7, 20, tzinfo=UTC), faults=False)
    voc = series(july, "ln-pj-02", "gc1")
    noon, night = voc[voc.index.hour == 5], voc[voc.index.hour == 17]
    assert noon["isoprene"].mean() > 5 * night["isoprene"].mean()


@pytest.mark.parametrize("seed", range(4))
def test_the_plume_exceeds_150_at_one_or_two_stations_of_the_last_ten_hours(seed: int) -> None:
    province = Province(seed, END - timedelta(days=3), END, faults=False)
    exceeding = []
    for station in province.stations:
        for instrument in station.instruments:
            if instrument.id in {"gas1", "mass1"} and station.id.startswith("ln-sy"):
                last = series(province, station.id, instrument.id)["pm25"].loc[END - timedelta(hours=10) :]
                if (last.resample("1h").mean() > 150).sum() >= 2:
                    exceeding.append(station.id)
    assert "ln-sy-01" in exceeding
    assert len(set(exceeding)) <= 3


def test_the_plume_brings_its_tracers_and_only_downwind(faultless: Province) -> None:
    plumes = faultless.truth().of_kind("plume")
    reached = {record.station_id for record in plumes}
    voc = series(faultless, "ln-sy-01", "gc1")
    during = voc.loc[plumes[0].start + timedelta(hours=1) : plumes[0].end - timedelta(hours=2)]
    assert during["benzene"].min() > 5 * voc["benzene"].median()
    assert all(str(station_id).startswith("ln-sy") for station_id in reached)
    assert len(reached) < len([station for station in faultless.stations if station.city == "210100"])
