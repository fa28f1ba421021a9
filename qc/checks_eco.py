"""Ecology: what frozen soil, the night, the radiation balance and weak turbulence forbid; spikes of half-hourly fluxes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from qc.limit_relation import (
    FLUX_CADENCE_S,
    EnergyBalance,
    FrictionVelocity,
    FrozenSoil,
    NdviJump,
    ParAtNight,
    RadiationBalance,
    ShortWaveRatio,
)
from qc.relation import Figures, Relation, ratio
from qc.solar import solar_elevation
from schemas.flag import Flag

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from qc.hours import Hours, Place

    Field = NDArray[np.float64]

DEPTHS = ("", "_5cm", "_10cm", "_20cm", "_40cm")
NIGHT_DEG = -6.0
"""The sun below this is night: civil twilight is over [degree]."""
FLUXES = ("co2_flux", "sensible_heat_flux", "latent_heat_flux")
"""Turbulent fluxes that the spike test judges."""
MAD_FACTOR = 0.6745
"""The quotient of median absolute deviation and standard deviation of the normal distribution [1]."""
_LEAST_DIFFERENCES = 10


def flux_spike_test(
    values: Field, *, factor: float, window: int = 13 * 48, night: NDArray[np.bool_] | None = None
) -> NDArray[np.int8]:
    """Spikes of a flux by its double differences against their median and median absolute deviation, by day and by night.

    The double difference ``d[i] = (v[i] - v[i-1]) - (v[i+1] - v[i])`` is SUSPECT outside ``median(d) ± factor * MAD / 0.6745``,
    median and MAD being those of the block's days, or nights.

    Parameters
    ----------
    values : array of float
        Half-hourly, one a step of time, NaN where missing.
    factor : float
        Deviations beyond which a value is SUSPECT [1], z in the paper; 4 to 7 are used.
    window : int
        Values in a block; thirteen days by default.
    night : array of bool or None
        Which values are of the night; None: all are judged together.

    Returns
    -------
    array of int8
        The first and last value, those beside a hole, and blocks with fewer than 10 differences by day (night) are UNKNOWN.

    Notes
    -----
    The project's addition: of neighbouring values with large differences only the one with the largest is SUSPECT, since a
    spike makes two more.

    References
    ----------
    Papale et al. 2006, doi:10.5194/bg-3-571-2006, section 2.2; as commonly cited, its text was not read.
    """
    double = np.full(values.shape, np.nan)
    double[1:-1] = 2 * values[1:-1] - values[:-2] - values[2:]
    excess = np.full(values.shape, np.nan)
    phases = [np.ones(values.shape, dtype=np.bool_)] if night is None else [night, ~night]
    # counted from the end, so that the latest values are never judged by a rest of a block
    for last in range(values.size, 0, -window):
        first = max(0, last - window)
        block, around = slice(first, last), slice(first, min(values.size, first + window))
        for phase in phases:
            known = double[around][phase[around] & np.isfinite(double[around])]
            if known.size >= _LEAST_DIFFERENCES:
                median = float(np.median(known))
                spread = float(np.median(np.abs(known - median))) / MAD_FACTOR
                away = np.abs(double[block] - median) - factor * spread
                excess[block] = np.where(phase[block], away, excess[block])
    flags = _spikes(np.abs(double), excess)
    flags[~np.isfinite(values)] = Flag.MISSING
    return flags


def _spikes(size: Field, excess: Field) -> NDArray[np.int8]:
    """SUSPECT where a difference exceeds its limit and is not below those beside it; UNKNOWN where it is not known."""
    filled = np.nan_to_num(size)
    beside = np.maximum(np.r_[0.0, filled[:-1]], np.r_[filled[1:], 0.0])
    with np.errstate(invalid="ignore"):
        flags = np.where((excess > 0) & (filled >= beside), Flag.SUSPECT, Flag.PASS).astype(np.int8)
    flags[~np.isfinite(excess)] = Flag.UNKNOWN
    return flags


def flux_spikes_of(
    values: Field,
    times: NDArray[np.datetime64],
    *,
    factor: float,
    window: int,
    night: NDArray[np.bool_] | None = None,
) -> NDArray[np.int8]:
    """`flux_spike_test` of readings that may have holes: each is put on its half hour first.

    Parameters
    ----------
    values : array of float
        NaN where missing.
    times : array of datetime64
        Ascending; may have holes, and of two in one half hour the later counts.
    factor, window, night
        As of `flux_spike_test`, night one a reading.
    """
    if not values.size:
        return np.zeros(0, dtype=np.int8)
    place = np.rint((times - times[0]) / np.timedelta64(FLUX_CADENCE_S, "s")).astype(np.int64)
    grid, dark = np.full(int(place[-1]) + 1, np.nan), np.zeros(int(place[-1]) + 1, dtype=np.bool_)
    grid[place] = values
    if night is not None:
        dark[place] = night
    phase = None if night is None else dark
    flags: NDArray[np.int8] = flux_spike_test(grid, factor=factor, window=window, night=phase)[place]
    flags[~np.isfinite(values)] = Flag.MISSING
    return flags


def is_night(times: NDArray[np.datetime64], place: Place) -> NDArray[np.bool_]:
    """Whether the sun is below the horizon in the middle of each half hour."""
    middle = times + np.timedelta64(FLUX_CADENCE_S // 2, "s")
    dark: NDArray[np.bool_] = solar_elevation(middle, place.lon, place.lat) < 0
    return dark


def _frozen(depth: str) -> Relation:
    moisture, temperature = f"soil_moisture{depth}", f"soil_temperature{depth}"
    return Relation(
        kind=FrozenSoil,
        needs=(moisture, temperature),
        judges=(moisture,),
        # the limit is a lowest temperature: liquid water cannot be measured by permittivity in frozen soil
        compute=lambda values: Figures(values[temperature], np.ones(values[temperature].shape)),
    )


def radiation_balance(values: Mapping[str, Field]) -> Figures:
    """Net radiation minus the sum of its four parts [W m⁻²]; always of weight 1."""
    parts = values["global_radiation"] - values["sw_out"] + values["lw_in"] - values["lw_out"]
    return Figures(values["net_radiation"] - parts, np.ones(parts.shape))


def energy_balance(values: Mapping[str, Field]) -> Figures:
    """Turbulent fluxes over the available energy [1]; the weight is the available energy [W m⁻²]."""
    available = values["net_radiation"] - values["soil_heat_flux"]
    return ratio(values["sensible_heat_flux"] + values["latent_heat_flux"], available)


def weak_turbulence(values: Mapping[str, Field]) -> Figures:
    """Friction velocity [m s⁻¹], below which a flux of CO2 is too small; always of weight 1."""
    return Figures(values["friction_velocity"], np.ones(values["friction_velocity"].shape))


def ndvi_jump(values: Mapping[str, Field]) -> Figures:
    """Change of NDVI against the median of its last seven values [1]; always of weight 1."""
    series = pd.Series(values["ndvi"])
    before = series.shift(1).rolling(7, min_periods=3).median().to_numpy()
    return Figures(values["ndvi"] - before, np.ones(before.shape))


def par_at_night(hours: Hours) -> Relation | None:
    """The relation for a station whose place is known."""
    if hours.place is None:
        return None
    edges = [
        solar_elevation(hours.times + np.timedelta64(m, "m"), hours.place.lon, hours.place.lat) for m in (0, 30, 60)
    ]
    dark = np.max(edges, axis=0) < NIGHT_DEG
    return Relation(
        kind=ParAtNight,
        needs=("par",),
        judges=("par",),
        compute=lambda values: Figures(values["par"], dark.astype(np.float64)),
    )


RELATIONS = (
    *(_frozen(depth) for depth in DEPTHS),
    Relation(
        kind=RadiationBalance,
        needs=("net_radiation", "global_radiation", "sw_out", "lw_in", "lw_out"),
        judges=("net_radiation", "global_radiation", "sw_out", "lw_in", "lw_out"),
        compute=radiation_balance,
    ),
    Relation(
        kind=ShortWaveRatio,
        needs=("sw_out", "global_radiation"),
        judges=("sw_out", "global_radiation"),
        compute=lambda values: ratio(values["sw_out"], values["global_radiation"]),
    ),
    Relation(
        kind=EnergyBalance,
        needs=("sensible_heat_flux", "latent_heat_flux", "net_radiation", "soil_heat_flux"),
        judges=("sensible_heat_flux", "latent_heat_flux"),
        compute=energy_balance,
    ),
    Relation(
        kind=FrictionVelocity, needs=("friction_velocity", "co2_flux"), judges=("co2_flux",), compute=weak_turbulence
    ),
    Relation(kind=NdviJump, needs=("ndvi",), judges=("ndvi",), compute=ndvi_jump, over_hours=True),
)
