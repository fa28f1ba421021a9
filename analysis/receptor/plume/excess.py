"""Excess over background of each station and hour, with its uncertainty.

The level of the other stations is their lower quartile, which a plume at more than half of them does not raise. What a station
usually shows above that level, and how widely it scatters around it, are learnt by wind sector from the hours before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np
from numpy.typing import NDArray

from analysis.receptor.other_stations import LEAST_STATIONS, level_of_others, median_over_hours
from qc.robust import MAD_TO_SIGMA
from schemas.reason import Reason
from schemas.units import REFERENCE_PRESSURE_HPA, REFERENCE_TEMPERATURE_K, convert

if TYPE_CHECKING:
    from schemas.parameter import Parameter

    Field = NDArray[np.float64]

LEAST_HISTORY_H = 72
"""Hours with a level that a station's background needs; project choice [h]."""
_SHRINK_H = 24.0
"""Hours by which the figure of a sector is drawn towards that of all sectors; project choice [h]."""
_MASS_UNITS = {"mg/m3": 1e3, "ug/m3": 1.0, "ng/m3": 1e-3}
"""[µg m⁻³]"""
_CLIP_SIGMA = 3.0
_MOST_MEMORY = 0.95


class PlumeInputError(ValueError):
    """Input from which no excess or place can be computed; the message says what is needed.

    Attributes
    ----------
    reason : Reason or None
        The same for people, where stored data are the cause; None: an argument is wrong.
    """

    def __init__(self, message: str, *, reason: Reason | None = None) -> None:
        super().__init__(message)
        self.reason = reason


class Excess(msgspec.Struct, frozen=True, kw_only=True):
    """Excess over background.

    Attributes
    ----------
    background, excess : array of float, shape (H, S)
        In the unit of the values; NaN where value or background is missing.
    sigma : array of float, shape (S,)
        Standard deviation of the excess without a plume; NaN with too short a history.
    memory : float
        Correlation of one hour's excess with the next without a plume, 0 or more [1].
    history_h : array of int, shape (S,)
        Hours of history [h].
    """

    background: Field
    excess: Field
    sigma: Field
    memory: float
    history_h: NDArray[np.int64]


def excess_over_background(
    values: Field, in_event: NDArray[np.bool_], sector: NDArray[np.int64], *, precision: float
) -> Excess:
    """Excess of the hours of an event over the background of their station.

    Parameters
    ----------
    values : array of float, shape (T, S)
        Hourly values of one parameter, hours in order; NaN missing.
    in_event : array of bool, shape (T,)
        Hours of the event; all others are history.
    sector : array of int, shape (T,)
        Of `analysis.receptor.wind.sectors`; any classes of hours will do.
    precision : float
        Least standard deviation of an hourly value [unit of the values].

    Returns
    -------
    Excess
        Of the hours of the event.

    Raises
    ------
    PlumeInputError
        With fewer than 3 stations, no hour of the event, or no station with 72 hours of history.

    Examples
    --------
    >>> import numpy as np
    >>> noise = np.random.Generator(np.random.PCG64(1)).normal(0.0, 1.0, (300, 4))
    >>> noise[-1, 2] += 30.0
    >>> event = np.arange(300) == 299
    >>> found = excess_over_background(2000.0 + noise, event, np.zeros(300, dtype=np.int64), precision=0.1)
    >>> (found.excess[0] > 3 * found.sigma).tolist()
    [False, False, True, False]
    """
    values = np.asarray(values, dtype=float)
    _check(values, in_event)
    usual_of_station = values - level_of_others(values)
    usual_of_station[in_event] = np.nan
    if int(np.isfinite(usual_of_station).sum(axis=0).max()) < LEAST_HISTORY_H:
        msg = f"no station has {LEAST_HISTORY_H} h of history outside the event with values of 2 other stations"
        raise PlumeInputError(msg, reason=Reason("plume", "short_history", {"hours": LEAST_HISTORY_H}, "attribution"))
    offset = median_over_hours(usual_of_station)
    above = values - offset - level_of_others(values - offset)
    history = np.where(in_event[:, None], np.nan, above)
    usual = _usual_by_sector(history, sector)
    rest = history - usual
    hours = np.isfinite(rest).sum(axis=0)
    sigma = np.hypot(MAD_TO_SIGMA * median_over_hours(np.abs(rest - median_over_hours(rest))), precision)
    excess = (above - usual)[in_event]
    return Excess(
        background=values[in_event] - excess,
        excess=excess,
        sigma=np.where(hours >= LEAST_HISTORY_H, sigma, np.nan),
        memory=_memory(rest, sigma),
        history_h=hours,
    )


def mass_concentration(excess: Field, parameter: Parameter, *, temperature_k: float, pressure_hpa: float) -> Field:
    """Excess as a mass in the air as it is [µg m⁻³].

    Parameters
    ----------
    excess : array of float
        In the canonical unit of the parameter: a mole fraction, or a mass concentration, of gases at the reference state of GB 3095 and of
        particles in the air as it is.
    parameter : Parameter
        A gas with a molar mass, or particles.
    temperature_k, pressure_hpa : float
        Of the air [K], [hPa].

    Raises
    ------
    PlumeInputError
        For a parameter that is neither a mole fraction with a molar mass nor a mass concentration, or a state that is not above zero.

    Examples
    --------
    >>> import numpy as np
    >>> from schemas.parameter import parameter
    >>> mass_concentration(np.array([100.0]), parameter("ch4"), temperature_k=273.15, pressure_hpa=1013.25).round(2).tolist()
    [71.58]
    """
    if not (temperature_k > 0 and pressure_hpa > 0):
        msg = f"temperature {temperature_k} K and pressure {pressure_hpa} hPa must be above zero"
        raise PlumeInputError(msg)
    if parameter.unit in _MASS_UNITS:
        is_gas = parameter.molar_mass_g_mol is not None
        dense = pressure_hpa / REFERENCE_PRESSURE_HPA * REFERENCE_TEMPERATURE_K / temperature_k if is_gas else 1.0
        return np.asarray(excess * _MASS_UNITS[parameter.unit] * dense)
    if parameter.molar_mass_g_mol is None:
        msg = f"{parameter.parameter} [{parameter.unit}] is no mass concentration and has no molar mass in the registry: a rate of release needs one of them"
        raise PlumeInputError(msg)
    fraction_of_ug = convert(1.0, "ug/m3", parameter, temperature_k=temperature_k, pressure_hpa=pressure_hpa)
    return np.asarray(excess / fraction_of_ug)


def _check(values: Field, in_event: NDArray[np.bool_]) -> None:
    if values.ndim != 2 or values.shape[1] < LEAST_STATIONS:  # noqa: PLR2004 - hours and stations
        msg = f"values of shape {values.shape}: hours by at least {LEAST_STATIONS} stations are needed"
        figures = {"stations": int(values.shape[-1]), "least": LEAST_STATIONS}
        raise PlumeInputError(msg, reason=Reason("plume", "too_few", figures, "attribution"))
    if not in_event.any():
        msg = "no hour is in the event: at least one is needed"
        raise PlumeInputError(msg)


def _usual_by_sector(history: Field, sector: NDArray[np.int64]) -> Field:
    """Usual excess of each hour's sector at each station, drawn towards that of all hours."""
    overall = median_over_hours(history)
    usual = np.broadcast_to(overall, history.shape).copy()
    for number in np.unique(sector):
        member = sector == number
        hours = np.isfinite(history[member]).sum(axis=0)
        own = np.where(hours > 0, median_over_hours(history[member]), overall)
        usual[member] = overall + (own - overall) * hours / (hours + _SHRINK_H)
    return usual


def _memory(rest: Field, sigma: Field) -> float:
    """Correlation of one hour with the next, over all stations, high values cut off."""
    scaled = np.clip(rest / sigma, -_CLIP_SIGMA, _CLIP_SIGMA)
    both, square = scaled[1:] * scaled[:-1], scaled**2
    if not np.isfinite(both).any() or np.nansum(square) == 0.0:
        return 0.0
    return min(_MOST_MEMORY, max(0.0, float(np.nanmean(both)) / float(np.nanmean(square))))
