"""Samples of a station for a factorisation: its valid hours, the species that tell sources apart, and their uncertainties."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.receptor.pmf import with_detection_limits
from schemas.frames import parameters_in, valid_values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.receptor.station_model.errors import ErrorRules, SpeciesError

_WEAK_FACTOR = 3.0
"""On the uncertainty of a weak species [1], as EPA PMF 5.0. Not checked against the text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StationSamples:
    """Hours of one station and network.

    Attributes
    ----------
    conc, unc : DataFrame, (hour, species)
        Canonical units; NaN where missing.
    limits : dict of str to SpeciesError
        Detection limit and relative error of each species.
    weak : tuple of str
        Species with a tripled uncertainty.
    left_out : dict of str to str
        Species that do not take part, and why: ``few_values``, ``weak_signal``, ``constant``, ``same``.
    """

    conc: pd.DataFrame
    unc: pd.DataFrame
    limits: dict[str, SpeciesError]
    weak: tuple[str, ...] = ()
    left_out: dict[str, str]

    @property
    def days(self) -> int:
        """UTC days with a sample."""
        return len(pd.DatetimeIndex(self.conc.index).floor("D").unique())


def choose_samples(hourly: pd.DataFrame, network: str, rules: ErrorRules) -> StationSamples:
    """Species with enough valid values and signal, and the hours that have enough of them.

    Parameters
    ----------
    hourly : DataFrame
        ``schemas.frames`` hourly of one station and network; only valid values take part.
    network : str
        ``voc`` or ``pm``.
    rules : ErrorRules

    Returns
    -------
    StationSamples
        With fewer hours or species than needed, or none, where there are no more.

    References
    ----------
    Paatero and Hopke 2003, Analytica Chimica Acta 490, 277, doi:10.1016/S0003-2670(02)01643-4: weak and bad species by signal to noise.
    """
    figures = rules.figures(network, parameters_in(hourly))
    values = pd.DataFrame({name: valid_values(hourly, name) for name in figures}, index=hourly.index, dtype=float)
    values = values[values.notna().any(axis=1)]
    left_out: dict[str, str] = {}
    if len(values):
        left_out = _left_out(values, figures, rules)
    chosen = [name for name in figures if name not in left_out and len(values)]
    chosen = _without_same(chosen, rules, left_out)
    kept = values[chosen]
    kept = kept[kept.notna().mean(axis=1) >= rules.rules.hour_share] if chosen else kept.iloc[:0]
    return _uncertain(kept, figures, left_out, _weak(kept, figures, rules))


def fixed_samples(
    hourly: pd.DataFrame, limits: dict[str, SpeciesError], weak: Sequence[str] = ()
) -> StationSamples | None:
    """All hours with the species of a solution, in its order; None if the station no longer reports one of them."""
    if not set(limits) <= set(parameters_in(hourly)):
        return None
    values = pd.DataFrame({name: valid_values(hourly, name) for name in limits}, index=hourly.index, dtype=float)
    return _uncertain(values[values.notna().any(axis=1)], limits, {}, tuple(weak))


def _left_out(values: pd.DataFrame, figures: dict[str, SpeciesError], rules: ErrorRules) -> dict[str, str]:
    limits = rules.rules
    share = values.notna().mean()
    signal = _signal(values, figures)
    found = {}
    for name in values.columns:
        if share[name] < limits.valid_share:
            found[name] = "few_values"
        elif values[name].nunique() < 2:  # noqa: PLR2004 - two values differ
            found[name] = "constant"
        elif signal[name] < limits.least_signal:
            found[name] = "weak_signal"
    return found


def _signal(values: pd.DataFrame, figures: dict[str, SpeciesError]) -> pd.Series:
    """Mean of (x - s) / s, 0 where x < s [1]."""
    conc, unc = _with_limits(values, figures)
    return ((conc - unc) / unc).clip(lower=0.0).mean()


def _weak(values: pd.DataFrame, figures: dict[str, SpeciesError], rules: ErrorRules) -> tuple[str, ...]:
    if not len(values):
        return ()
    signal = _signal(values, figures)
    return tuple(str(name) for name in signal.index[signal < rules.rules.weak_signal])


def _without_same(chosen: list[str], rules: ErrorRules, left_out: dict[str, str]) -> list[str]:
    for item in rules.same:
        first = next((name for name in item.species if name in chosen), None)
        for name in item.species:
            if name in chosen and name != first:
                chosen = [other for other in chosen if other != name]
                left_out[name] = "same"
    return chosen


def _uncertain(
    values: pd.DataFrame, figures: dict[str, SpeciesError], left_out: dict[str, str], weak: tuple[str, ...]
) -> StationSamples:
    conc, unc = _with_limits(values, figures)
    tripled = [name for name in weak if name in unc.columns]
    unc[tripled] = _WEAK_FACTOR * unc[tripled]
    return StationSamples(
        conc=conc,
        unc=unc,
        limits={str(name): figures[str(name)] for name in values.columns},
        weak=weak,
        left_out=left_out,
    )


def _with_limits(values: pd.DataFrame, figures: dict[str, SpeciesError]) -> tuple[pd.DataFrame, pd.DataFrame]:
    if not len(values.columns):
        return values, values.copy()
    return with_detection_limits(
        values.astype(np.float64),
        {name: figures[name].detection_limit for name in values.columns},
        {name: figures[name].relative_error for name in values.columns},
    )
