"""Unit conversion: published figures, exact ratios, and no silent guess."""

from __future__ import annotations

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.parameter import Parameter, load_parameters, parameter
from schemas.units import (
    GAS_CONSTANT_J_MOL_K,
    REFERENCE_PRESSURE_HPA,
    REFERENCE_TEMPERATURE_K,
    UnitError,
    conversion,
    convert,
    unit_named,
)

# Molar masses by periodictable; ug/m3 per ppb at 1013.25 hPa and 298.15 K, 273.15 K.
GAS_FACTORS = [
    ("so2", 2.6183, 2.8579),
    ("no2", 1.8804, 2.0525),
    ("no", 1.2265, 1.3387),
    ("o3", 1.9618, 2.1414),
    ("co", 1.1449, 1.2497),
    ("ammonia", 0.6961, 0.7598),
    ("nitric_acid", 2.5756, 2.8113),
    ("hydrogen_chloride", 1.4902, 1.6266),
    ("nitrous_acid", 1.9216, 2.0975),
    ("formaldehyde", 1.2273, 1.3396),
    ("h2s", 1.3928, 1.5203),
    ("co2", 1.7988, 1.9635),
    ("ch4", 0.6557, 0.7158),
    ("n2o", 1.7990, 1.9636),
    ("sf6", 5.9697, 6.5160),
]
ALL_UNITS = [(item, unit) for item in load_parameters().values() for unit in item.allowed_units]


def ug_m3_per_ppb(item: Parameter, temperature_k: float) -> float:
    """Through whichever side is canonical."""
    one_ppb = convert(1.0, "ppb", item, temperature_k=temperature_k)
    one_ug_m3 = convert(1.0, "ug/m3", item, temperature_k=temperature_k)
    return one_ppb / one_ug_m3


def test_molar_volume_at_the_reference_state_is_24_465_litres() -> None:
    volume = GAS_CONSTANT_J_MOL_K * REFERENCE_TEMPERATURE_K / REFERENCE_PRESSURE_HPA * 10
    assert volume == pytest.approx(24.465, abs=5e-4)


@pytest.mark.parametrize(("code", "at_298_k", "at_273_k"), GAS_FACTORS)
def test_gas_factors_are_those_published(code: str, at_298_k: float, at_273_k: float) -> None:
    item = parameter(code)
    assert ug_m3_per_ppb(item, 298.15) == pytest.approx(at_298_k, abs=6e-5)
    assert ug_m3_per_ppb(item, 273.15) == pytest.approx(at_273_k, abs=6e-5)


def test_lower_pressure_makes_a_lower_mass_concentration() -> None:
    ozone = parameter("o3")
    assert convert(100.0, "ppb", ozone, pressure_hpa=506.625) == pytest.approx(convert(50.0, "ppb", ozone))


@pytest.mark.parametrize(
    ("code", "value", "unit", "canonical"),
    [
        ("co", 1.0, "ppm", 1.1449), ("co", 800.0, "ug/m3", 0.8), ("benzene", 6.0, "ppbC", 3.1928),
        ("benzene", 1.0, "ppb", 3.1928), ("benzene", 1.0, "nmol/mol", 3.1928), ("tnmhc", 1.0, "ppmC", 490.94),
        ("temperature", 273.15, "K", 0.0), ("pressure", 101.325, "kPa", 1013.25), ("pressure", 101325.0, "Pa", 1013.25),
        ("wind_speed", 36.0, "km/h", 10.0), ("co2", 0.42e6, "ppb", 420.0), ("co2", 420.0, "umol/mol", 420.0),
        ("ch4", 1.9, "ppm", 1900.0), ("sf6", 0.011, "ppb", 11.0), ("h2o", 1.5, "%", 15000.0),
        ("soil_moisture", 25.0, "%", 0.25), ("bc", 850.0, "ng/m3", 0.85), ("visibility", 10.0, "km", 10000.0),
        ("water_conductivity", 0.4, "mS/cm", 400.0), ("soil_electrical_conductivity", 0.1, "S/m", 1.0),
        ("gamma_dose_rate", 0.0358, "uGy/h", 35.8), ("counting_rate", 600.0, "1/min", 10.0),
        ("dissolved_oxygen", 8000.0, "ug/L", 8.0), ("water_table", -120.0, "cm", -1.2),
    ],
)  # fmt: skip
def test_conversion_to_the_canonical_unit(code: str, value: float, unit: str, canonical: float) -> None:
    assert convert(value, unit, parameter(code)) == pytest.approx(canonical, rel=2e-5, abs=1e-12)


def test_a_sievert_counts_as_a_gray_by_assumption() -> None:
    dose_rate = parameter("gamma_dose_rate")
    assert convert(0.0358, "uSv/h", dose_rate) == convert(0.0358, "uGy/h", dose_rate) == pytest.approx(35.8)
    assert convert(62.8, "nSv/h", dose_rate) == 62.8


def test_every_allowed_unit_converts() -> None:
    found = {(item.parameter, unit): conversion(unit, item) for item, unit in ALL_UNITS}
    assert len(found) == len(ALL_UNITS) > 1000
    wrong = [pair for pair, (factor, offset) in found.items() if not (0 < factor < math.inf and math.isfinite(offset))]
    assert wrong == []


def test_the_canonical_unit_leaves_the_value_untouched() -> None:
    found = {code: conversion(item.unit, item) for code, item in load_parameters().items()}
    assert found == dict.fromkeys(found, (1.0, 0.0))


@given(
    pair=st.sampled_from(ALL_UNITS),
    low=st.floats(-1e6, 1e6),
    high=st.floats(-1e6, 1e6),
    temperature_k=st.floats(220, 330),
    pressure_hpa=st.floats(500, 1100),
)
def test_conversion_keeps_the_order_of_values(
    pair: tuple[Parameter, str], low: float, high: float, temperature_k: float, pressure_hpa: float
) -> None:
    item, unit = pair
    low, high = sorted((low, high))
    state = {"temperature_k": temperature_k, "pressure_hpa": pressure_hpa}
    assert convert(low, unit, item, **state) <= convert(high, unit, item, **state)


def test_nan_stays_nan() -> None:
    assert math.isnan(convert(math.nan, "ppb", parameter("o3")))


@pytest.mark.parametrize(
    ("code", "unit"),
    [("sulfate", "ppb"), ("so2", "ppbC"), ("temperature", "degF"), ("rain", ""), ("so2", "Mg/m3"), ("so2", "ug/Nm3")],
)
def test_a_unit_that_is_not_allowed_is_named_with_those_that_are(code: str, unit: str) -> None:
    item = parameter(code)
    with pytest.raises(UnitError) as caught:
        convert(1.0, unit, item)
    message = str(caught.value)
    assert message.startswith(f"{code}: unit {unit!r} is not allowed")
    assert all(allowed in message for allowed in item.allowed_units)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"allowed_units": ("ug/m3", "furlong")}, "is not known"),
        ({"allowed_units": ("ug/m3", "hPa")}, "does not convert to 'ug/m3'"),
        ({"allowed_units": ("ug/m3", "ppb"), "molar_mass_g_mol": None}, "needs a molar mass"),
        ({"allowed_units": ("ug/m3", "ppbC"), "carbon_number": None}, "needs a carbon number"),
    ],
)
def test_a_unit_allowed_by_mistake_does_not_convert(changes: dict[str, object], fault: str) -> None:
    item = dataclasses.replace(parameter("benzene"), **changes)  # type: ignore[arg-type]
    with pytest.raises(UnitError, match=fault):
        convert(1.0, item.allowed_units[1], item)


@pytest.mark.parametrize("state", [{"temperature_k": 0.0}, {"pressure_hpa": -1.0}])
def test_an_impossible_state_is_refused(state: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="above zero"):
        convert(1.0, "ppb", parameter("o3"), **state)


@pytest.mark.parametrize(
    ("unit", "spellings"),
    [
        ("ug/m3", ["µg/m³", "μg/m3", "ug m-3", "µg·m⁻³", "ug/m^3", "ug/m**3", "㎍/㎥", "UG/M3", " ug / m3 ", "ug.m-3"]),
        ("ppb", ["PPB", "Ppb", "ppbv"]), ("degC", ["℃", "°C", "deg C", "C"]), ("hPa", ["HPA", "hpa", "mbar"]),
        ("W/m2", ["W m-2", "W·m⁻²"]), ("umol/m2/s", ["µmol m⁻² s⁻¹", "umol/(m2 s)", "umol/s/m2"]), ("%", ["％", "%RH"]),
        ("1/cm3", ["cm-3", "#/cm3"]), ("1/min", ["min-1", "cpm"]), ("uSv/h", ["μSv/h", "uSv h-1"]), ("mg/L", ["mg/l"]),
        ("m3/m3", ["m³ m⁻³"]), ("kPa", ["KPa", "kpa"]), ("deg", ["°"]), ("mS/cm", ["MS/CM"]), ("S/m", ["S m-1"]),
    ],
)  # fmt: skip
def test_a_unit_has_many_spellings_and_one_meaning(unit: str, spellings: list[str]) -> None:
    assert {text: unit_named(text) for text in spellings} == dict.fromkeys(spellings, unit)


@pytest.mark.parametrize(
    "text", ["Mg/m3", "Mm", "mg/Nm3", "umol/m2 s", "ug/m-3", "ugm3", "/", "", "1/", "ug//m3", "g" * 50, "(" * 40]
)
def test_a_text_that_may_mean_something_else_is_no_unit(text: str) -> None:
    assert unit_named(text) is None


def test_every_unit_is_its_own_spelling() -> None:
    units = {unit for item in load_parameters().values() for unit in item.allowed_units}
    assert {unit_named(unit) for unit in units} == units


@given(st.text(max_size=60))
def test_no_text_makes_the_reading_of_units_raise(text: str) -> None:
    unit_named(text)
