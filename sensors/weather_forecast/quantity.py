"""What a variable of a weather forecast is, by its CF standard name or a name in use, and its unit: explicit tables.

Names in use are those that files converted from GRIB commonly have; they and the spellings of units are not verified against the
texts of the providers. Winds relative to the axes of a grid (``x_wind``) are no names here: their direction is not from north.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from schemas.unit_spelling import unit_form

if TYPE_CHECKING:
    from collections.abc import Mapping


class Per(StrEnum):
    """What a figure in a unit is: a state or rate, or an amount over an interval."""

    STATE = "state"
    AMOUNT = "amount"


class Unit(NamedTuple):
    """``canonical = value * factor + offset``; of an amount, the canonical unit times hours."""

    factor: float
    offset: float = 0.0
    per: Per = Per.STATE


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """One row of the table.

    Attributes
    ----------
    code : str
        Parameter of the registry, or ``wind_east``, ``wind_north`` (where the air goes) or ``sea_level_pressure``.
    standard : tuple of str
        CF standard names.
    names : tuple of str
        Names of variables in use.
    units : mapping of str to Unit
        By the form of `schemas.unit_spelling`; the result is in the unit of the registry (rain in mm an hour).
    """

    code: str
    standard: tuple[str, ...]
    names: tuple[str, ...]
    units: Mapping[str, Unit]


_TEMPERATURE = {"k": Unit(1.0, -273.15), "degc": Unit(1.0)}
_PRESSURE = {"pa": Unit(0.01), "hpa": Unit(1.0), "kpa": Unit(10.0)}
_SPEED = {"m/s": Unit(1.0), "km/h": Unit(1 / 3.6), "kt": Unit(1852 / 3600)}
_RAIN = {
    **{
        name: Unit(factor, per=Per.AMOUNT)
        for name, factor in {"mm": 1.0, "kg/m2": 1.0, "cm": 10.0, "m": 1000.0}.items()
    },
    **{name: Unit(factor) for name, factor in {"mm/h": 1.0, "mm/s": 3600.0, "kg/m2/s": 3600.0, "m/s": 3.6e6}.items()},
}
"""A layer of 1 kg m⁻² of water (1,000 kg m⁻³) is 1 mm."""
_RADIATION = {"w/m2": Unit(1.0), "j/m2": Unit(1 / 3600, per=Per.AMOUNT), "kj/m2": Unit(1 / 3.6, per=Per.AMOUNT)}
_ALIASES = {
    "kelvin": "k", "degree_celsius": "degc", "degrees_celsius": "degc", "deg_c": "degc", "degree_c": "degc", "degrees_c": "degc",
    "pascal": "pa", "pascals": "pa", "millibar": "hpa", "millibars": "hpa", "percent": "%", "knot": "kt", "knots": "kt",
    "degree": "deg", "degrees": "deg", "metre": "m", "meter": "m", "metres": "m", "meters": "m", "mm/hr": "mm/h", "mm hr-1": "mm/h",
    "m of water equivalent": "m", "w m**-2 s": "j/m2",
}  # fmt: skip

QUANTITIES = (
    Quantity(code="temperature", standard=("air_temperature",), names=("t2m", "2t"), units=_TEMPERATURE),
    Quantity(code="dew_point", standard=("dew_point_temperature",), names=("d2m", "2d"), units=_TEMPERATURE),
    Quantity(
        code="relative_humidity", standard=("relative_humidity",), names=("r2", "2r", "rh2m"),
        units={"%": Unit(1.0), "1": Unit(100.0)},
    ),
    Quantity(code="pressure", standard=("surface_air_pressure",), names=("sp",), units=_PRESSURE),
    Quantity(
        code="sea_level_pressure", standard=("air_pressure_at_mean_sea_level", "air_pressure_at_sea_level"),
        names=("msl", "prmsl"), units=_PRESSURE,
    ),
    Quantity(code="wind_east", standard=("eastward_wind",), names=("u10", "10u"), units=_SPEED),
    Quantity(code="wind_north", standard=("northward_wind",), names=("v10", "10v"), units=_SPEED),
    Quantity(code="wind_speed", standard=("wind_speed",), names=("si10", "10si"), units=_SPEED),
    Quantity(code="wind_direction", standard=("wind_from_direction",), names=("wdir10",), units={"deg": Unit(1.0)}),
    Quantity(
        code="rain",
        standard=(
            "precipitation_amount", "precipitation_flux", "lwe_thickness_of_precipitation_amount", "lwe_precipitation_rate",
            "thickness_of_rainfall_amount", "rainfall_amount", "rainfall_flux", "rainfall_rate",
        ),
        names=("tp", "precipitation"), units=_RAIN,
    ),
    Quantity(
        code="global_radiation",
        standard=(
            "surface_downwelling_shortwave_flux_in_air", "surface_downwelling_shortwave_flux",
            "integral_wrt_time_of_surface_downwelling_shortwave_flux_in_air",
        ),
        names=("ssrd",), units=_RADIATION,
    ),
    Quantity(
        code="boundary_layer_height", standard=("atmosphere_boundary_layer_thickness",), names=("blh", "hpbl"),
        units={"m": Unit(1.0), "km": Unit(1000.0)},
    ),
)  # fmt: skip
"""All quantities that are read."""
_BY_NAME: Mapping[str, Quantity] = MappingProxyType(
    {name: item for item in QUANTITIES for name in (*item.names, *item.standard, item.code)}
)
_BY_STANDARD_NAME: Mapping[str, Quantity] = MappingProxyType(
    {name: item for item in QUANTITIES for name in item.standard}
)


def quantity_of(name: str, standard_name: str = "") -> Quantity | None:
    """Quantity of a variable: by its standard name where it has one, else by its own name; None where it is none of the table.

    Examples
    --------
    >>> quantity_of("T", "air_temperature").code, quantity_of("u10").code, quantity_of("t2m", "soil_temperature")
    ('temperature', 'wind_east', None)
    """
    if standard_name and standard_name != "unknown":
        return _BY_STANDARD_NAME.get(standard_name)
    return _BY_NAME.get(name)


def unit_of(quantity: Quantity, text: str) -> Unit | None:
    """Unit that a text spells; None where the quantity has no such unit.

    Examples
    --------
    >>> rain = quantity_of("precipitation_flux")
    >>> unit_of(rain, "kg m-2 s-1").factor, unit_of(rain, "mm").per.value, unit_of(rain, "K")
    (3600.0, 'amount', None)
    """
    plain = text.strip().casefold()
    form = _ALIASES.get(plain) or unit_form(text)
    return quantity.units.get(_ALIASES.get(form or "", form or ""))


def known_names() -> str:
    """Standard names of the table as a list."""
    return ", ".join(item.standard[0] for item in QUANTITIES)


def known_units(quantity: Quantity) -> str:
    """Units of a quantity as a list."""
    return ", ".join(quantity.units)
