"""Relations between parameters of an hour, by network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qc.hourly.relation import eco, gas, ghg, pm, voc
from qc.hourly.relation.band import Figures, band_test
from qc.native.solar import solar_elevation
from qc.run.limits import load_thresholds
from schemas.flag import Flag
from schemas.frames import FLAG
from schemas.words import sentence
from tests.qc.conftest import SHANGHAI
from tests.qc.hourly.hours import flagged_hours, hours_of

if TYPE_CHECKING:
    from qc.hourly.flagging import FlaggedHours

COUNT_H = 48
BALANCED = {"sulfate": 10.0, "nitrate": 12.0, "ammonium": 7.2}
SPECIES = ("ethane", "propane", "n_butane", "benzene", "toluene", "o_xylene", "ethylene", "isoprene", "n_pentane")


def two_days(network: str, **values: float | np.ndarray) -> FlaggedHours:
    """Outcome of all hourly tests of two days of June with constant or given values."""
    columns = {code: np.broadcast_to(value, COUNT_H) for code, value in values.items()}
    return flagged_hours(hours_of(**columns), load_thresholds(), network)


def names_of(found: FlaggedHours) -> set[str]:
    return set(found.records["test"])


def hour_count(found: FlaggedHours, test: str) -> int:
    return int(found.records[found.records["test"] == test]["start"].nunique())


def test_a_neutral_aerosol_passes_and_three_times_the_ammonium_does_not() -> None:
    assert not names_of(two_days("pm", **BALANCED)) & {"ion_balance", "ammonium_balance"}
    found = two_days("pm", **(BALANCED | {"ammonium": 21.6}))
    assert {"ion_balance", "ammonium_balance"} <= names_of(found)
    assert (found.hourly["ammonium" + FLAG] == Flag.SUSPECT).all()
    assert any("cations over anions" in sentence(reason, "en") for reason in found.records["reason"])


def test_little_mass_is_not_evaluated() -> None:
    assert "ion_balance" not in names_of(two_days("pm", sulfate=0.1, nitrate=0.1, ammonium=0.5))


@pytest.mark.parametrize(
    ("network", "values", "test"),
    [
        ("pm", {"pm25": 30.0, "sulfate": 20.0, "nitrate": 20.0, "oc": 5.0}, "mass_closure"),
        ("pm", {"oc": 0.5, "ec": 3.0}, "oc_ec_ratio"),
        ("pm", {"potassium_ion": 3.0, "potassium": 1.0}, "potassium_ratio"),
        ("pm", {"sulfur": 1.0, "sulfate": 12.0}, "sulfur_ratio"),
        ("pm", {"bc": 9.0, "ec": 1.0}, "bc_ec_ratio"),
        ("gas", {"no": 50.0, "no2": 60.0, "nox": 60.0}, "nox_sum"),
        ("gas", {"no": 90.0, "o3": 200.0}, "ozone_with_no"),
        ("gas", {"no2": 1.0, "o3": 2.0}, "ox_balance"),
        ("voc", {"m_p_xylene": 0.2, "o_xylene": 2.0}, "xylene_ratio"),
        ("voc", {"isopentane": 90.0, "n_pentane": 2.0}, "pentane_ratio"),
        ("voc", {"toluene": 90.0, "benzene": 1.0}, "benzene_ratio"),
        ("voc", {"ethylbenzene": 9.0, "m_p_xylene": 1.0}, "ethylbenzene_ratio"),
        ("voc", {"tnmhc": 30.0, "propane": 60.0, "benzene": 9.0}, "voc_sum"),
        ("eco", {"soil_moisture_5cm": 0.3, "soil_temperature_5cm": -3.0}, "frozen_soil"),
        (
            "eco",
            {"net_radiation": 500.0, "global_radiation": 400.0, "sw_out": 80.0, "lw_in": 300.0, "lw_out": 350.0},
            "radiation_balance",
        ),
        ("eco", {"global_radiation": 100.0, "sw_out": 180.0}, "short_wave_ratio"),
        (
            "eco",
            {"sensible_heat_flux": 900.0, "latent_heat_flux": 300.0, "net_radiation": 300.0, "soil_heat_flux": 20.0},
            "energy_balance",
        ),
        ("eco", {"co2_flux": 3.0, "friction_velocity": 0.02}, "weak_turbulence"),
        ("eco", {"par": 300.0}, "par_at_night"),
    ],
)
def test_values_outside_a_relation_are_suspect(network: str, values: dict[str, float], test: str) -> None:
    found = two_days(network, **values).records
    assert set(found[found["test"] == test]["flag"]) == {int(Flag.SUSPECT)}


def test_par_is_suspect_at_night_only() -> None:
    found = two_days("eco", par=300.0).records
    hours = pd.to_datetime(found[found["test"] == "par_at_night"]["start"]).dt.tz_convert(SHANGHAI).dt.hour
    # nights of June at 41.8 N, 123.4 E: whole hours with the sun more than six degrees down
    assert set(hours) <= {20, 21, 22, 23, 0, 1, 2, 3}
    assert {22, 23, 0, 1} <= set(hours)


def test_a_persistent_inversion_is_flagged_by_its_rate() -> None:
    pm10 = np.where(np.arange(COUNT_H) % 4 == 0, 18.0, 30.0)
    found = two_days("gas", pm25=20.0, pm10=pm10)
    assert "pm_inversion_rate" in names_of(found)
    assert "pm_inversion" not in names_of(found)  # two more are little in one hour


def test_fire_near_the_inlet_lifts_co2_and_co_together() -> None:
    lift = np.zeros(COUNT_H)
    lift[30] = 1.0
    assert hour_count(two_days("ghg", co2=420 + 150 * lift, co=0.2 + 3 * lift), "local_contamination") == 1
    assert hour_count(two_days("ghg", co2=420 + 150 * lift, co=0.2), "local_contamination") == 0


def test_gases_that_move_against_each_other_are_suspect() -> None:
    wave = np.sin(np.arange(COUNT_H) / 4)
    assert "co2_ch4_covariation" in names_of(two_days("ghg", co2=430 + 20 * wave, ch4=2000 - 50 * wave))
    assert "co2_ch4_covariation" not in names_of(two_days("ghg", co2=430 + 20 * wave, ch4=2000 + 50 * wave))


@pytest.mark.parametrize(("factor", "word"), [(40.0, "calibration"), (0.0, "blank")])
def test_span_and_zero_gas_are_recognised_by_their_pattern(factor: float, word: str) -> None:
    course = np.ones(COUNT_H)
    course[20] = factor
    found = two_days("voc", **{code: (1 + number / 5) * course for number, code in enumerate(SPECIES)})
    pattern = found.records[found.records["test"] == "voc_pattern"]
    assert pattern["parameter"].nunique() == len(SPECIES)
    assert len(set(pattern["start"])) == 1
    assert word in sentence(pattern["reason"].iloc[0], "en")


def test_one_species_alone_makes_no_pattern() -> None:
    course = np.ones(COUNT_H)
    course[20] = 40.0
    values = dict.fromkeys(SPECIES, 1.0) | {"toluene": course}
    assert "voc_pattern" not in names_of(two_days("voc", **values))


def test_a_noisy_hour_is_flagged_where_the_hour_states_its_spread() -> None:
    hours = hours_of(co2=[430.0] * 4, co2__std=[1.0, 50.0, np.nan, 2.0])
    found = flagged_hours(hours, load_thresholds(), "ghg").records
    assert list(found[found["test"] == "hour_noise"]["start"]) == [hours.frame.index[1]]


def test_ndvi_does_not_jump() -> None:
    course = np.full(COUNT_H, 0.6)
    course[30] = 0.1
    assert hour_count(two_days("eco", ndvi=course), "ndvi_jump") == 1


@pytest.mark.parametrize(
    ("network", "values", "code"),
    [
        ("eco", {"soil_moisture": np.nan, "soil_temperature": -5.0}, "soil_moisture"),
        ("eco", {"co2_flux": np.nan, "friction_velocity": 0.01}, "co2_flux"),
        ("pm", {"pm25": np.nan, "sulfate": 90.0, "nitrate": 60.0, "ammonium": 1.0}, "pm25"),
        ("voc", {"toluene": np.nan, "benzene": 1.0}, "toluene"),
    ],
)
def test_an_hour_without_a_value_is_missing_whatever_other_parameters_show(
    network: str, values: dict[str, float], code: str
) -> None:
    found = two_days(network, **values)
    assert (found.hourly[code + FLAG] == Flag.MISSING).all()
    assert set(found.records[found.records["parameter"] == code]["test"]) == {"completeness"}


def test_a_relation_over_days_counts_absent_hours() -> None:
    hours = np.r_[0:12, 60:72]
    times = np.datetime64("2026-06-01T00:00") + hours * np.timedelta64(1, "h")
    both = {"pm25": np.where(hours < 12, 50.0, 10.0), "pm10": np.full(24, 30.0)}
    (relation,) = [item for item in gas.RELATIONS if item.test == "pm_inversion_rate"]
    found = relation.figures(both, times)
    assert found.value[[11, 12, 23]].tolist() == [1.0, 0.0, 0.0]
    assert found.weight[[11, 12, 23]].tolist() == [12.0, 1.0, 12.0]


def test_the_solar_elevation_at_the_solstice_and_the_equinox() -> None:
    # noon of the solstice at the tropic, midnight of the equinox at the equator
    times = np.array(["2026-06-21T12:02", "2026-03-20T00:07"], dtype="datetime64[s]")
    assert solar_elevation(times, 0.0, 23.44)[0] == pytest.approx(90, abs=0.3)
    assert solar_elevation(times, 0.0, 0.0)[1] == pytest.approx(-90, abs=0.5)


def test_carbon_share_follows_the_formula() -> None:
    assert voc.carbon_share("benzene") == pytest.approx(0.9226, abs=1e-3)


def test_relations_flag_only_parameters_that_they_use() -> None:
    for module in (pm, gas, ghg, voc, eco):
        for relation in module.RELATIONS:
            assert set(relation.flags) <= {*relation.requires, *relation.optional}


@given(st.lists(st.floats(allow_nan=True, allow_infinity=False, width=32), min_size=1, max_size=20), st.floats(0, 10))
def test_a_band_does_not_evaluate_missing_values_or_low_weights(values: list[float], floor: float) -> None:
    value = np.array(values)
    flags = band_test(Figures(value, np.full(value.shape, 5.0)), low=-1.0, high=1.0, floor=floor)
    assert (flags[~np.isfinite(value)] == Flag.UNKNOWN).all()
    inside = np.isfinite(value) & (value >= -1) & (value <= 1)
    assert (flags[inside] == (Flag.UNKNOWN if floor > 5.0 else Flag.PASS)).all()
