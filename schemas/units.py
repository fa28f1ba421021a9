"""Unit conversion to and from the canonical unit of a parameter. Pure; the registry says which units are allowed.

Every conversion is linear: ``canonical = value * factor + offset``. Between a mass concentration and a mole fraction
the factor holds for the temperature and pressure at which the **mass** concentration is expressed, whichever side it
is on; the default is the reference state of GB 3095 since 2018-09-01.

References
----------
GB 3095-2026, 3.14 and the 2018 amendment of GB 3095-2012: reference state 298.15 K, 1013.25 hPa.
The SI (BIPM, 9th edition): the molar gas constant follows from exact constants, R = 8.314462618 J mol⁻¹ K⁻¹.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from schemas.parameter import ParameterError
from schemas.unit_spelling import LENGTH_MAX, unit_form

if TYPE_CHECKING:
    from schemas.parameter import Parameter

REFERENCE_TEMPERATURE_K = 298.15
"""[K]"""
REFERENCE_PRESSURE_HPA = 1013.25
"""[hPa]"""
GAS_CONSTANT_J_MOL_K = 8.314462618
"""[J mol⁻¹ K⁻¹]"""

_MASS = "mass concentration"
_FRACTION = "fraction"


class _Unit(NamedTuple):
    """A unit as ``base = value * scale + offset``; scales are whole numbers, so that their ratios round correctly."""

    dimension: str
    scale: float
    offset: float = 0.0


# The bases, in the order of the lines: ng m⁻³; pmol mol⁻¹ (also m³ m⁻³ and other pure ratios); degC; Pa; m h⁻¹; mm;
# nGy h⁻¹; µS cm⁻¹; µg L⁻¹; min⁻¹. Units that only one parameter has are their own base.
# ASSUMPTION, not verified against a standard: 1 Sv = 1 Gy for ambient gamma radiation, so that a dose rate reported in
# Sv h⁻¹ (usually the ambient dose equivalent rate) keeps its figure. The true ratio depends on the photon energy.
_UNITS = {
    **{name: _Unit(_MASS, scale) for name, scale in {"ng/m3": 1, "ug/m3": 10**3, "mg/m3": 10**6}.items()},
    **{name: _Unit(_FRACTION, 1) for name in ("ppt", "pmol/mol")},
    **{name: _Unit(_FRACTION, 10**3) for name in ("ppb", "nmol/mol", "ppbC")},
    **{name: _Unit(_FRACTION, 10**6) for name in ("ppm", "umol/mol", "ppmC")},
    **{name: _Unit(_FRACTION, 10**9) for name in ("mmol/mol",)},
    **{name: _Unit(_FRACTION, 10**10) for name in ("%",)},
    **{name: _Unit(_FRACTION, 10**12) for name in ("1", "m3/m3")},
    "degC": _Unit("temperature", 1),
    "K": _Unit("temperature", 1, -273.15),
    **{name: _Unit("pressure", scale) for name, scale in {"Pa": 1, "hPa": 100, "kPa": 1000}.items()},
    **{name: _Unit("speed", scale) for name, scale in {"km/h": 1000, "m/s": 3600}.items()},
    **{name: _Unit("length", scale) for name, scale in {"mm": 1, "cm": 10, "m": 1000, "km": 10**6}.items()},
    **{name: _Unit("dose rate", 1) for name in ("nGy/h", "nSv/h")},
    **{name: _Unit("dose rate", 1000) for name in ("uGy/h", "uSv/h")},
    **{
        name: _Unit("conductivity", scale)
        for name, scale in {"uS/cm": 1, "mS/cm": 1000, "dS/m": 1000, "S/m": 10_000}.items()
    },
    **{name: _Unit("content of water", scale) for name, scale in {"ug/L": 1, "mg/L": 1000}.items()},
    **{name: _Unit("counting rate", scale) for name, scale in {"1/min": 1, "1/s": 60}.items()},
    **{name: _Unit(name, 1) for name in ("deg", "W/m2", "umol/m2/s", "g/m2/s", "m2/m2", "NTU", "1/cm3")},
}
_CARBON_UNITS = frozenset({"ppbC", "ppmC"})
_BY_FORM = {unit_form(name): name for name in _UNITS}


class UnitError(ParameterError):
    """A unit that the parameter does not allow or cannot convert; the message names parameter and units."""


def convert(
    value: float,
    unit: str,
    parameter: Parameter,
    *,
    temperature_k: float = REFERENCE_TEMPERATURE_K,
    pressure_hpa: float = REFERENCE_PRESSURE_HPA,
) -> float:
    """Value in the canonical unit of the parameter.

    Parameters
    ----------
    value : float
        In ``unit``; NaN stays NaN.
    unit : str
        One of the parameter's allowed units.
    parameter : Parameter
    temperature_k : float
        State at which the mass concentration, given or resulting, is expressed [K].
    pressure_hpa : float
        Likewise [hPa].

    Returns
    -------
    float
        In ``parameter.unit``.

    Raises
    ------
    UnitError
        If the unit is not allowed for the parameter.
    ValueError
        If the state is not above zero.

    Examples
    --------
    >>> from schemas.parameter import parameter
    >>> round(convert(50.0, "ppb", parameter("o3")), 2)  # at 298.15 K and 1013.25 hPa, in ug/m3
    98.09
    >>> convert(293.15, "K", parameter("temperature"))
    20.0
    """
    if temperature_k == REFERENCE_TEMPERATURE_K and pressure_hpa == REFERENCE_PRESSURE_HPA:
        factor, offset = conversion(unit, parameter)
    else:
        factor, offset = _conversion(unit, parameter, temperature_k, pressure_hpa)
    return value * factor + offset


@lru_cache(maxsize=4096)
def conversion(unit: str, parameter: Parameter) -> tuple[float, float]:
    """Factor and offset from ``unit`` to the canonical unit, at the reference state.

    Parameters
    ----------
    unit : str
        One of the parameter's allowed units, in any spelling (`schemas.unit_spelling`).
    parameter : Parameter

    Returns
    -------
    tuple of float
        ``(factor, offset)`` of ``canonical = value * factor + offset``.

    Raises
    ------
    UnitError
        If the unit is not allowed for the parameter.
    """
    return _conversion(unit, parameter, REFERENCE_TEMPERATURE_K, REFERENCE_PRESSURE_HPA)


def unit_named(text: str) -> str | None:
    """The unit that a text spells, as the registry writes it; None where it is none of them."""
    return text if text in _UNITS else _BY_FORM.get(unit_form(text))


def _conversion(text: str, parameter: Parameter, temperature_k: float, pressure_hpa: float) -> tuple[float, float]:
    unit = text if text in parameter.allowed_units else unit_named(text)
    if unit is None or unit not in parameter.allowed_units:
        raise UnitError(_message(text, parameter, "is not allowed"))
    if unit == parameter.unit:
        return 1.0, 0.0
    source, target = _unit(unit, parameter), _unit(parameter.unit, parameter)
    if source.dimension == target.dimension:
        return source.scale / target.scale, (source.offset - target.offset) / target.scale
    mass_per_fraction = _ng_m3_per_ppt(parameter, unit, temperature_k, pressure_hpa)
    if (source.dimension, target.dimension) == (_FRACTION, _MASS):
        return source.scale / target.scale * mass_per_fraction, 0.0
    if (source.dimension, target.dimension) == (_MASS, _FRACTION):
        return source.scale / target.scale / mass_per_fraction, 0.0
    raise UnitError(_message(unit, parameter, f"does not convert to {parameter.unit!r}"))


def _unit(name: str, parameter: Parameter) -> _Unit:
    """Resolve a unit; a carbon unit counts atoms, so its scale depends on the molecule."""
    try:
        known = _UNITS[name]
    except KeyError:
        raise UnitError(_message(name, parameter, "is not known")) from None
    if name not in _CARBON_UNITS:
        return known
    if parameter.carbon_number is None:
        raise UnitError(_message(name, parameter, "needs a carbon number"))
    return known._replace(scale=known.scale / parameter.carbon_number)


def _ng_m3_per_ppt(parameter: Parameter, unit: str, temperature_k: float, pressure_hpa: float) -> float:
    """Mass concentration of 1 pmol mol⁻¹ of an ideal gas [ng m⁻³]: M p / (R T)."""
    if parameter.molar_mass_g_mol is None:
        raise UnitError(_message(unit, parameter, "needs a molar mass"))
    if temperature_k <= 0 or pressure_hpa <= 0:
        msg = f"temperature {temperature_k} K and pressure {pressure_hpa} hPa must be above zero"
        raise ValueError(msg)
    molar_volume_l = GAS_CONSTANT_J_MOL_K * temperature_k / pressure_hpa * 10
    return parameter.molar_mass_g_mol / molar_volume_l


def _message(unit: str, parameter: Parameter, fault: str) -> str:
    allowed = ", ".join(parameter.allowed_units)
    return f"{parameter.parameter}: unit {unit[:LENGTH_MAX]!r} {fault}; allowed are {allowed}"
