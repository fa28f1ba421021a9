"""Spikes of half-hourly fluxes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from qc.limits.relation import FLUX_CADENCE_S
from qc.native.solar import solar_elevation
from schemas.flag import Flag

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qc.native.place import Place

    Field = NDArray[np.float64]


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
