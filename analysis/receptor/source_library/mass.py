"""Excess in one unit for all species, with those combined that profiles give as one."""

from __future__ import annotations

from math import hypot, isfinite
from typing import TYPE_CHECKING

from schemas.parameter import parameter
from schemas.units import conversion

if TYPE_CHECKING:
    from collections.abc import Mapping

    Excess = Mapping[str, tuple[float, float]]

_NO_TO_NO2 = 46.005 / 30.006
"""Molar mass of NO2 by that of NO [1]."""


def as_mass(excess: Excess) -> dict[str, tuple[float, float]]:
    """Excess and its standard error of all species in ug m⁻³ at 298.15 K and 1013.25 hPa.

    NO and NO2 become ``nox`` (as NO2) where that is not given; single xylenes become ``m_p_xylene``; without ``ec``, ``bc``
    counts as ``ec``. A species without a finite value or without an error above zero is left out.

    Parameters
    ----------
    excess : mapping of str to (float, float)
        Value and standard error in the canonical unit of each parameter; the value may be negative.

    Raises
    ------
    schemas.parameter.UnknownParameterError
        If a name is not in the registry.
    schemas.units.UnitError
        If a parameter is not a concentration.

    Examples
    --------
    >>> found = as_mass({"no": (10.0, 1.0), "no2": (5.0, 1.0), "co": (0.5, 0.1)})
    >>> sorted(found), round(found["nox"][0], 1), found["co"][0]
    (['co', 'nox'], 20.3, 500.0)
    """
    mass = {}
    for name, (value, error) in excess.items():
        if isfinite(value) and isfinite(error) and error > 0:
            factor = _per_canonical(name)
            mass[name] = (value * factor, error * factor)
    _combine(mass, "nox", {"no": _NO_TO_NO2, "no2": 1.0})
    _combine(mass, "m_p_xylene", {"m_xylene": 1.0, "p_xylene": 1.0})
    if "ec" not in mass and "bc" in mass:
        mass["ec"] = mass.pop("bc")
    return mass


def _per_canonical(name: str) -> float:
    found = parameter(name)
    if found.unit == "ug/m3":
        return 1.0
    factor, _ = conversion("ug/m3", found)
    return 1.0 / factor


def _combine(mass: dict[str, tuple[float, float]], name: str, parts: Mapping[str, float]) -> None:
    """Replace all ``parts`` by their sum; where one is missing, they go, as alone they cannot be compared."""
    given = {item: mass.pop(item) for item in parts if item in mass}
    if name in mass or len(given) < len(parts):
        return
    value = sum(parts[item] * pair[0] for item, pair in given.items())
    error = hypot(*(parts[item] * pair[1] for item, pair in given.items()))
    mass[name] = (value, error)
