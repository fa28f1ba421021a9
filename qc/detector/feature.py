"""Figures of each value relative to its surroundings: the input of the learnt detector.

All figures are relative to the series' own noise, daily amplitude or usual level, so that a detector trained at one station
holds at another. Windows are centred and given in hours; rows have one cadence. A missing value (NaN, infinite,
outside the prior range) is in no window; a figure that cannot be computed is NaN.

References
----------
Solubility of oxygen: polynomial of Elmore and Hayes in fresh water at 1013 hPa as commonly printed (coefficients not checked against
the original); it enters only relative to the series' own median, which includes the effect of altitude.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from qc.detector.run_length import ODD, run_lengths
from qc.robust import MAD_TO_SIGMA

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from qc.detector.service_visit import ServiceVisit

    _Figures = dict[str, NDArray[np.float64] | pd.Series[float]]

TEMPERATURE, OXYGEN = "water_temperature", "dissolved_oxygen"
#: Parameters that are used as logarithms: bursts over a low background.
SKEWED = frozenset({"turbidity", "chlorophyll_a"})
#: Water below this may freeze at the sensor [degC].
FREEZING_DEGC = 0.15
_SMALL = 1e-6
_FAR_H = 500.0
_OXYGEN_MG_L = (14.652, -0.41022, 0.007991, -7.7774e-5)
_SHORT_H, _MIDDLE_H = (1.0, 3.0), (12.0, 24.0, 168.0, 720.0)


@dataclass(frozen=True, slots=True)
class Prepared:
    """One series, prepared for figures.

    Attributes
    ----------
    values : array of float, shape (n,)
        As measured.
    hard : array of bool, shape (n,)
        Measured, but outside the prior range.
    clean : Series of float, shape (n,)
        Values within the range, transformed if skewed; else NaN.
    per_hour : int
        Rows an hour, at least 1.
    noise : float
        Usual absolute step from row to row, at least half the resolution.
    amplitude : float
        Robust deviation from the 24 h median, at least the noise.
    """

    values: NDArray[np.float64]
    hard: NDArray[np.bool_]
    clean: pd.Series[float]
    per_hour: int
    noise: float
    amplitude: float

    def window(self, hours: float) -> int:
        """Rows of a centred window, odd, at least 3."""
        return max(2 * round(hours * self.per_hour / 2) + 1, 3)

    def median(self, hours: float) -> pd.Series[float]:
        """Centred rolling median; needs a sixth of the window."""
        rows = self.window(hours)
        return self.clean.rolling(rows, center=True, min_periods=max(2, rows // 6)).median()

    def odd(self) -> NDArray[np.bool_]:
        """Rows outside the range or far off their 6 h median."""
        rest = (self.clean - self.median(6.0)).to_numpy()
        return np.asarray(self.hard | (np.abs(rest) > ODD * max(robust_deviation(rest), _SMALL)))


def prepare(values: NDArray[np.float64], span: tuple[float, float], per_hour: int, *, skewed: bool) -> Prepared:
    """Prepare a series.

    Parameters
    ----------
    values : array of float, shape (n,)
        NaN where missing.
    span : (low, high)
        Prior range; the bounds belong to it.
    per_hour : int
        Rows an hour.
    skewed : bool
        Take ``log(1 + v)`` of values, those below zero as zero.
    """
    finite = np.isfinite(values)
    hard = finite & ((values < span[0]) | (values > span[1]))
    kept = np.where(finite & ~hard, values, np.nan)
    clean = pd.Series(np.log1p(np.maximum(kept, 0.0)) if skewed else kept)
    steps = clean.diff().to_numpy()
    noise = max(_median(np.abs(steps)), robust_deviation(steps), _resolution(clean.to_numpy()) / 2, _SMALL)
    rough = Prepared(values, hard, clean, per_hour, noise, noise)
    amplitude = max(robust_deviation((clean - rough.median(24.0)).to_numpy()), noise)
    return Prepared(values, hard, clean, per_hour, noise, amplitude)


def robust_deviation(values: NDArray[np.floating]) -> float:
    """Scaled median absolute deviation; 0 where there is no value."""
    return MAD_TO_SIGMA * _median(np.abs(values - _median(values)))


def figures(code: str, sonde: Mapping[str, Prepared], visits: Sequence[ServiceVisit]) -> pd.DataFrame:
    """All figures of one parameter.

    Parameters
    ----------
    code : str
        Key of ``sonde``.
    sonde : mapping of str to Prepared
        All parameters measured together, of one length.
    visits : sequence of ServiceVisit

    Returns
    -------
    DataFrame of float32, shape (n, figures)
        Always the same columns in the same order.
    """
    series = sonde[code]
    found = _residuals(series) | _levels(series) | _steps(series) | _noise(series) | _flat(series)
    found |= _hard(series) | _nearest(visits, len(series.values), series.per_hour) | _others(code, sonde)
    found |= _frost(sonde.get(TEMPERATURE), series) | _saturation(code, sonde)
    return pd.DataFrame({name: np.asarray(column, dtype=np.float32) for name, column in found.items()})


def _residuals(series: Prepared) -> _Figures:
    short: _Figures = {
        f"residual_{hours:g}h": (series.clean - series.median(hours)).abs() / series.noise for hours in _SHORT_H
    }
    return short | {
        f"residual_{hours:g}h": (series.clean - series.median(hours)) / series.amplitude for hours in _MIDDLE_H
    }


def _levels(series: Prepared) -> _Figures:
    day, week, month = series.median(24.0), series.median(168.0), series.median(720.0)
    middle, spread = series.clean.median(), max(robust_deviation(series.clean.to_numpy()), _SMALL)
    rows = series.window(24.0)
    window = series.clean.rolling(rows, center=True, min_periods=rows // 5)
    same_hour = [series.clean.shift(24 * series.per_hour * day) for day in (-3, -2, -1, 1, 2, 3)]
    return {
        "level_week": (day - week) / series.amplitude,
        "level_month": (day - month) / series.amplitude,
        "level_series": (series.clean - middle) / spread,
        "level_unit": series.clean - middle,
        "range_day": (window.max() - window.min()) / series.amplitude,
        "residual_same_hour": (series.clean - pd.concat(same_hour, axis=1).median(axis=1)) / series.amplitude,
    }


def _steps(series: Prepared) -> _Figures:
    before, after = series.clean.diff(), -series.clean.diff(-1)
    spike = before.abs().clip(upper=after.abs()).where(before * after < 0, 0.0)
    return {
        "spike": spike / series.noise,
        "step_in": before.abs() / series.noise,
        "step_out": after.abs() / series.noise,
    }


def _noise(series: Prepared) -> _Figures:
    steps, floor = series.clean.diff().abs(), series.noise / 4
    found: _Figures = {}
    for hours in (3.0, 12.0, 24.0):
        window = steps.rolling(series.window(hours), center=True, min_periods=4)
        found[f"noise_{hours:g}h"] = np.log((window.median() + floor) / series.noise)
        if hours != 12.0:  # noqa: PLR2004 - the mean adds nothing there
            found[f"burst_{hours:g}h"] = np.log((window.mean() + floor) / series.noise)
    return found


def _flat(series: Prepared) -> _Figures:
    run = pd.Series(np.log(np.maximum(run_lengths(series.values), 1)))
    return {"run": run, "run_12h": run.rolling(series.window(12.0), center=True, min_periods=1).mean()}


def _hard(series: Prepared) -> _Figures:
    hard = pd.Series(series.hard.astype(float))
    return {
        f"impossible_{hours:g}h": hard.rolling(series.window(hours), center=True, min_periods=1).mean()
        for hours in (1.0, 12.0, 48.0)
    }


def _nearest(visits: Sequence[ServiceVisit], rows: int, per_hour: int) -> _Figures:
    """Hours since the last and to the next visit, at most `_FAR_H`."""
    at = np.arange(rows)
    mask = np.zeros(rows, dtype=bool)
    for visit in visits:
        mask[visit.first : visit.last + 1] = True
    last = np.maximum.accumulate(np.where(mask, at, -rows * per_hour - 10**6))
    following = np.minimum.accumulate(np.where(mask, at, 2 * rows * per_hour + 10**6)[::-1])[::-1]
    return {
        "since_visit_h": np.minimum((at - last) / per_hour, _FAR_H),
        "to_visit_h": np.minimum((following - at) / per_hour, _FAR_H),
    }


def _others(code: str, sonde: Mapping[str, Prepared]) -> _Figures:
    """Number of other parameters that are odd within the hour, and how often any is impossible within the day."""
    rows, per_hour = len(sonde[code].values), sonde[code].per_hour
    others = [series for name, series in sonde.items() if name != code]
    odd = pd.Series(sum((series.odd().astype(float) for series in others), np.zeros(rows)))
    hard = pd.Series(np.any([series.hard for series in others], axis=0).astype(float) if others else np.zeros(rows))
    return {
        "others_odd": odd.rolling(2 * per_hour + 1, center=True, min_periods=1).max(),
        "others_impossible": hard.rolling(24 * per_hour + 1, center=True, min_periods=1).mean(),
    }


def _frost(temperature: Prepared | None, series: Prepared) -> _Figures:
    if temperature is None:
        nothing = np.full(len(series.values), np.nan)
        return {"temperature": nothing, "frost_day": nothing}
    filled = temperature.clean.interpolate(limit=24 * series.per_hour, limit_direction="both")
    cold = (filled < FREEZING_DEGC).astype(float).where(filled.notna())
    return {
        "temperature": filled,
        "frost_day": cold.rolling(24 * series.per_hour, center=True, min_periods=1).mean(),
    }


def _saturation(code: str, sonde: Mapping[str, Prepared]) -> _Figures:
    """Oxygen over its solubility, against the series' own median; NaN for every other parameter."""
    rows = len(sonde[code].values)
    if code != OXYGEN or TEMPERATURE not in sonde:
        return {"saturation_day": np.full(rows, np.nan), "saturation_low": np.full(rows, np.nan)}
    series = sonde[code]
    degc = sonde[TEMPERATURE].clean.interpolate(limit=24 * series.per_hour, limit_direction="both")
    ratio = series.clean / np.polynomial.polynomial.polyval(degc.to_numpy(), _OXYGEN_MG_L)
    window = ratio.rolling(series.window(24.0), center=True, min_periods=series.window(24.0) // 5)
    day = window.median()
    return {"saturation_day": day - day.median(), "saturation_low": window.min() - day.median()}


def _median(values: NDArray[np.floating]) -> float:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if finite.size else 0.0


def _resolution(values: NDArray[np.floating]) -> float:
    """Small step between different values that occur: their fifth percentile; 0 where fewer than two differ."""
    steps = np.diff(np.unique(values[np.isfinite(values)]))
    steps = steps[steps > _SMALL]
    return float(np.quantile(steps, 0.05)) if steps.size else 0.0
