"""Ecology: frozen soil, night, radiation and energy balance, weak turbulence, jumps of NDVI."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from qc.hourly.relation.band import Band, Figures, Relation, ratio
from qc.native.solar import solar_elevation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qc.hourly.context import HourlyContext
    from qc.native.argument import Values


DEPTHS = ("", "_5cm", "_10cm", "_20cm", "_40cm")
NIGHT_DEG = -6.0
"""The sun below this is night: civil twilight is over [degree]."""


class FrozenSoil(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="frozen_soil"):
    """Soil temperature at the depth of a soil moisture: below 0 degC the permittivity does not include the ice.

    A condition, no fault of the instrument. `floor` is always reached.

    Source: as ISMN flags it, from memory of Dorigo et al. 2013, not verified.
    """


class RadiationBalance(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="radiation_balance"):
    """Net radiation minus (global - reflected + long-wave down - long-wave up).

    `floor` is always reached.

    Source: definition; band: the project's.
    """


class ShortWaveRatio(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="short_wave_ratio"):
    """Reflected over global radiation.

    `floor` is the global radiation.

    Source: definition; band: the project's.
    """


class EnergyBalance(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="energy_balance"):
    """Sensible plus latent heat flux over net radiation minus soil heat flux.

    `floor` is the available energy [W m⁻²].

    Source: the project's.
    """


class FrictionVelocity(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="weak_turbulence"):
    """Friction velocity below which a CO2 flux is too small.

    A condition, no fault of the instrument. `floor` is always reached.

    Source: the project's; each station has its own threshold.
    """


class ParAtNight(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="par_at_night"):
    """PAR while the sun is more than 6 degrees below the horizon during the whole hour.

    Needs the station's place. `floor` 1 is night.

    Source: the project's; sun by the low-precision formulas of the Astronomical Almanac.
    """


class NdviJump(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="ndvi_jump"):
    """NDVI minus the median of its last seven values.

    `floor` is always reached.

    Source: the project's.
    """


def _frozen(depth: str) -> Relation:
    moisture, temperature = f"soil_moisture{depth}", f"soil_temperature{depth}"
    return Relation(
        kind=FrozenSoil,
        requires=(moisture, temperature),
        flags=(moisture,),
        # the limit is a lowest temperature: in frozen soil, permittivity does not measure the water content
        compute=lambda values: Figures(values[temperature], np.ones(values[temperature].shape)),
    )


def radiation_balance(values: Mapping[str, Values]) -> Figures:
    """Net radiation minus the sum of its four parts [W m⁻²]; always of weight 1."""
    parts = values["global_radiation"] - values["sw_out"] + values["lw_in"] - values["lw_out"]
    return Figures(values["net_radiation"] - parts, np.ones(parts.shape))


def energy_balance(values: Mapping[str, Values]) -> Figures:
    """Turbulent fluxes over the available energy [1]; the weight is the available energy [W m⁻²]."""
    available = values["net_radiation"] - values["soil_heat_flux"]
    return ratio(values["sensible_heat_flux"] + values["latent_heat_flux"], available)


def weak_turbulence(values: Mapping[str, Values]) -> Figures:
    """Friction velocity [m s⁻¹], below which a flux of CO2 is too small; always of weight 1."""
    return Figures(values["friction_velocity"], np.ones(values["friction_velocity"].shape))


def ndvi_jump(values: Mapping[str, Values]) -> Figures:
    """Change of NDVI against the median of its last seven values [1]; always of weight 1."""
    series = pd.Series(values["ndvi"])
    before = series.shift(1).rolling(7, min_periods=3).median().to_numpy()
    return Figures(values["ndvi"] - before, np.ones(before.shape))


def par_at_night(context: HourlyContext) -> Relation | None:
    """The relation for a station whose place is known."""
    if context.place is None:
        return None
    edges = [
        solar_elevation(context.times + np.timedelta64(m, "m"), context.place.lon, context.place.lat)
        for m in (0, 30, 60)
    ]
    dark = np.max(edges, axis=0) < NIGHT_DEG
    return Relation(
        kind=ParAtNight,
        requires=("par",),
        flags=("par",),
        compute=lambda values: Figures(values["par"], dark.astype(np.float64)),
    )


RELATIONS = (
    *(_frozen(depth) for depth in DEPTHS),
    Relation(
        kind=RadiationBalance,
        requires=("net_radiation", "global_radiation", "sw_out", "lw_in", "lw_out"),
        flags=("net_radiation", "global_radiation", "sw_out", "lw_in", "lw_out"),
        compute=radiation_balance,
    ),
    Relation(
        kind=ShortWaveRatio,
        requires=("sw_out", "global_radiation"),
        flags=("sw_out", "global_radiation"),
        compute=lambda values: ratio(values["sw_out"], values["global_radiation"]),
    ),
    Relation(
        kind=EnergyBalance,
        requires=("sensible_heat_flux", "latent_heat_flux", "net_radiation", "soil_heat_flux"),
        flags=("sensible_heat_flux", "latent_heat_flux"),
        compute=energy_balance,
    ),
    Relation(
        kind=FrictionVelocity, requires=("friction_velocity", "co2_flux"), flags=("co2_flux",), compute=weak_turbulence
    ),
    Relation(kind=NdviJump, requires=("ndvi",), flags=("ndvi",), compute=ndvi_jump, over_hours=True),
)
