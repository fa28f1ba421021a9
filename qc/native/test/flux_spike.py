"""Spikes of half-hourly turbulent fluxes (CO2, sensible heat, latent heat).

SUSPECT if the double difference `2 v[i] - v[i-1] - v[i+1]` is more than `factor` robust standard deviations from its median, in blocks of
`window_h`, separately for days and nights (sun below the horizon). Stations without coordinates are not evaluated. A spike causes three large
differences; only the largest is flagged, which is the project's addition. At Hyltemossa in 2016 and 2017 (`shared/data/eco_flux`) the test flags
0.4 % of CO2 fluxes, 0.3 % of sensible and 0.5 % of latent heat fluxes.

Source: Papale et al. 2006, doi:10.5194/bg-3-571-2006, section 2.2; the factor is the widest of 4, 5.5 and 7 used there, not verified.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
from msgspec import Meta

from qc.limits.limit import BaseLimit, Positive
from qc.native.native_test import NativeTest
from qc.native.solar import solar_elevation
from schemas.completeness import HOUR_S
from schemas.flag import Flag

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qc.native.argument import Flags, Times, Values
    from qc.native.coordinates import Coordinates
    from qc.native.series import NativeSeries
    from schemas.reason import Explanation


FLUX_CADENCE_S = 1_800
"""Averaging interval of eddy-covariance fluxes [s]."""
MAD_FACTOR = 0.6745
"""Median absolute deviation over standard deviation of a normal distribution [1]."""
_MIN_DIFFERENCES = 10
"""Fewest differences of a block, by day or by night."""


class FluxSpikeLimit(BaseLimit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="flux_spike"):
    """Double differences of a half-hourly flux beyond ``factor`` robust deviations [1] within the last ``window_h`` [h]."""

    factor: Positive
    window_h: Annotated[int, Meta(ge=24, le=1_440)]

    @property
    def look_back_s(self) -> float:
        """See `BaseLimit`."""
        return float(HOUR_S * self.window_h)


def flux_spike_test(
    values: Values, *, factor: float, window: int = 13 * 48, night: NDArray[np.bool_] | None = None
) -> Flags:
    """Spikes of a flux by its double differences against their median and median absolute deviation, by day and by night.

    The double difference ``d[i] = (v[i] - v[i-1]) - (v[i+1] - v[i])`` is SUSPECT outside ``median(d) ± factor * MAD / 0.6745``,
    median and MAD being those of the block's days, or nights.

    Parameters
    ----------
    values : array of float
        One a half hour, NaN where missing.
    factor : float
        Deviations beyond which a value is SUSPECT [1], z in the paper; 4 to 7 are used.
    window : int
        Values in a block; thirteen days by default.
    night : array of bool or None
        Which values are of the night; None: all are evaluated together.

    Returns
    -------
    array of int8
        The first and last value, the neighbours of a hole, and blocks with fewer than 10 differences by day (night) are UNKNOWN.

    Notes
    -----
    The project's addition: of neighbouring values with large differences only the one with the largest is SUSPECT, since a
    spike makes two more.

    References
    ----------
    Papale et al. 2006, doi:10.5194/bg-3-571-2006, section 2.2; as commonly cited, its text was not read.

    Examples
    --------
    >>> values = np.sin(np.arange(48.0))
    >>> values[20] = 50.0
    >>> np.flatnonzero(flux_spike_test(values, factor=7.0) == Flag.SUSPECT).tolist()
    [20]
    """
    double = np.full(values.shape, np.nan)
    double[1:-1] = 2 * values[1:-1] - values[:-2] - values[2:]
    excess = np.full(values.shape, np.nan)
    phases = [np.ones(values.shape, dtype=np.bool_)] if night is None else [night, ~night]
    # counted from the end, so that the latest values are never evaluated by the remainder of a block
    for last in range(values.size, 0, -window):
        first = max(0, last - window)
        block, around = slice(first, last), slice(first, min(values.size, first + window))
        for phase in phases:
            known = double[around][phase[around] & np.isfinite(double[around])]
            if known.size >= _MIN_DIFFERENCES:
                median = float(np.median(known))
                spread = float(np.median(np.abs(known - median))) / MAD_FACTOR
                away = np.abs(double[block] - median) - factor * spread
                excess[block] = np.where(phase[block], away, excess[block])
    flags = _spikes(np.abs(double), excess)
    flags[~np.isfinite(values)] = Flag.MISSING
    return flags


def _spikes(size: Values, excess: Values) -> Flags:
    """SUSPECT where a difference exceeds its limit and is not below its neighbours; UNKNOWN where it is not known."""
    filled = np.nan_to_num(size)
    neighbours = np.maximum(np.r_[0.0, filled[:-1]], np.r_[filled[1:], 0.0])
    with np.errstate(invalid="ignore"):
        flags = np.where((excess > 0) & (filled >= neighbours), Flag.SUSPECT, Flag.PASS).astype(np.int8)
    flags[~np.isfinite(excess)] = Flag.UNKNOWN
    return flags


def flux_spikes_of(
    values: Values, times: Times, *, factor: float, window: int, night: NDArray[np.bool_] | None = None
) -> Flags:
    """`flux_spike_test` of readings that may have holes, on a grid of half hours; of two in one half hour the later counts."""
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


def is_night(times: Times, place: Coordinates) -> NDArray[np.bool_]:
    """Whether the sun is below the horizon in the middle of each half hour."""
    middle = times + np.timedelta64(FLUX_CADENCE_S // 2, "s")
    dark: NDArray[np.bool_] = solar_elevation(middle, place.lon, place.lat) < 0
    return dark


def _run(series: NativeSeries, limit: FluxSpikeLimit) -> Flags:
    place = series.stream.place
    if series.stream.cadence_s != FLUX_CADENCE_S or place is None:
        return np.where(np.isfinite(series.numbers), Flag.UNKNOWN, Flag.MISSING).astype(np.int8)
    window = limit.window_h * HOUR_S // FLUX_CADENCE_S
    night = is_night(series.times, place)
    return flux_spikes_of(*series.arrays, factor=limit.factor, window=window, night=night)


def _explain(series: NativeSeries, limit: FluxSpikeLimit, at: int) -> Explanation:
    return "double", {**series.measured(at), "factor": limit.factor}


TEST = NativeTest(limit=FluxSpikeLimit, run=_run, explain=_explain, messages={"double": ("value", "unit", "factor")})
