"""Which parameters may come from one source. Pure."""

from __future__ import annotations

from enum import StrEnum

from schemas.parameter import parameter
from schemas.parameter.type import VOC_GROUPS, ParameterGroup

_PARTICLES = frozenset({ParameterGroup.PM_MASS, ParameterGroup.ION, ParameterGroup.CARBON, ParameterGroup.ELEMENT})
_HOMOLOGUES = frozenset({ParameterGroup.ALKANE, ParameterGroup.ALKENE, ParameterGroup.AROMATIC})
_MADE_IN_THE_AIR = frozenset({"o3", "h2o"})
_REGIONAL = frozenset(
    {
        "o3",
        "temperature",
        "relative_humidity",
        "pressure",
        "dew_point",
        "global_radiation",
        "uv_radiation",
        "net_radiation",
        "par",
        "lw_in",
        "soil_temperature_20cm",
        "soil_temperature_40cm",
    }
)
_COMPANIONS: tuple[frozenset[str], ...] = tuple(
    frozenset(names.split())
    for names in (
        "bc ec oc",
        "sulfate sulfur",
        "chloride chlorine",
        "nitrate ammonium",
        "potassium potassium_ion levoglucosan",
        "calcium calcium_ion silicon aluminium titanium iron",
        "magnesium magnesium_ion",
        "vanadium nickel",
        "zinc lead cadmium arsenic",
        "iron manganese chromium",
        "copper barium antimony",
        "co2 ch4",
        "global_radiation par sw_out net_radiation uv_radiation",
        "temperature vapour_pressure_deficit",
        "wind_speed friction_velocity",
        "sensible_heat_flux latent_heat_flux net_radiation",
        "soil_moisture_10cm soil_electrical_conductivity",
    )
)
"""Parameters that usually rise together, whatever the source; project default."""
_FOLLOWED_BY = {
    "pm1": frozenset({"pm25", "pm10"}),
    "pm25": frozenset({"pm10"}),
    "pm10": frozenset({"calcium_ion", "calcium", "silicon"}),
    "co": frozenset({"ec", "bc", "no2"}),
}
"""The same in one direction only: PM10 rises with PM2.5, not the reverse."""
_SOLD_PURE = frozenset({"benzene", "styrene", "1_3_butadiene", "isoprene", "n_hexane", "cyclohexane"})
"""Hydrocarbons of single industrial plants or of vegetation: no homologue need rise with them."""
_DEPTHS = ("soil_temperature", "soil_moisture")


class Family(StrEnum):
    """Parameters that a common source raises together."""

    PARTICLE = "particle"
    VOC = "voc"
    GAS = "gas"
    GREENHOUSE = "greenhouse"


def family(code: str) -> Family | None:
    """Family of an emitted parameter; None for weather, soil, radiation and ozone."""
    group = parameter(code).group
    if code in _MADE_IN_THE_AIR:
        return None
    if group in _PARTICLES:
        return Family.PARTICLE
    if group in VOC_GROUPS:
        return Family.VOC
    if group in {ParameterGroup.GAS, ParameterGroup.PRECURSOR_GAS}:
        return Family.GAS
    return Family.GREENHOUSE if group is ParameterGroup.GHG else None


def are_companions(code: str, other: str) -> bool:
    """Whether another parameter usually rises with one: a mass and its larger one, ions of a salt, homologues, depths.

    Examples
    --------
    >>> are_companions("pm25", "pm10"), are_companions("pm10", "pm25")
    (True, False)
    """
    if other in _FOLLOWED_BY.get(code, ()):
        return True
    if any({code, other} <= group for group in _COMPANIONS):
        return True
    if any(code.startswith(depth) and other.startswith(depth) for depth in _DEPTHS):
        return True
    first, second = parameter(code), parameter(other)
    if code in _SOLD_PURE or first.group not in _HOMOLOGUES or first.group is not second.group:
        return False
    return abs((first.carbon_number or -9) - (second.carbon_number or 99)) <= 1


def is_regional(code: str) -> bool:
    """Whether a parameter changes over whole regions at once, never at one station alone."""
    return code in _REGIONAL
