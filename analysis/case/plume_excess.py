"""Excess of each species in a plume over the background, from the station and the neighbours that the plume reaches too.

What a neighbour measures is scaled to the station, by the parameter of the case, or by the species that are clear at both: a plume has the
same composition at all stations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.case.background import background_of
from analysis.case.case_hours import mean_of
from analysis.case.channel import NEAREST, channels_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from analysis.case.background import BackgroundLevel
    from analysis.case.case_hours import CaseHours
    from analysis.case.channel import Channels

    Field = NDArray[np.float64]
    Excess = dict[str, tuple[float, float]]

REACHED_Z = 4.0
"""Robust standard deviations of the parameter from which a neighbour counts as in the plume [1]."""
REACHED_CHANNELS, CHANNEL_Z = 2, 6.0
"""Channels that are so many robust standard deviations higher [1] likewise."""
MOST_ASKED, LEAST_MORE = 2, 4
"""Neighbours without the parameter's rise that are asked, the nearest to it first, and species that they measure and the station does not."""
SCALE_ERROR = 0.3
"""Relative error of an excess that is scaled from a neighbour [1]."""
MOST_SCALED = 30.0
"""Largest factor between two stations [1]."""
_CLEAR, _RATIO_ERROR = 2.5, 0.2
"""Standard errors of a species from which it gives the factor, and its own deviation there as a logarithm [1]."""
_LOW_QUANTILE = 0.05


def background_levels(channels: Channels, found: BackgroundLevel, inside: NDArray[np.bool_]) -> tuple[Field, Field]:
    """Mean background concentrations in the window, canonical units, and their probabilities, (channel, point)."""
    usual = mean_of(channels.usual[:, inside] + channels.offset[:, None])
    return np.exp(found.grid) * usual[:, None] - channels.offset[:, None], found.weight


def mean_excess(channels: Channels, level: Field, weight: Field, mean: Field) -> Excess:
    """Mean excess over the background and its standard error by channel, canonical units.

    Parameters
    ----------
    channels : Channels
    level, weight : array, (channel, point)
        Of `background_levels`.
    mean : array, (channel,)
        Mean concentration in the window, canonical units.
    """
    expected = (level * weight).sum(axis=1)
    error = np.sqrt(np.maximum((level**2 * weight).sum(axis=1) - expected**2, 0.0))
    return {
        name: (float(value), float(sigma))
        for name, value, sigma in zip(channels.names, mean - expected, error, strict=True)
        if np.isfinite(value) and np.isfinite(sigma)
    }


def pooled_excess(case_hours: CaseHours, channels: Channels, own: Excess) -> tuple[Excess, dict[str, float]]:
    """Excess of the species of the station and of the neighbours in the plume, and the local part of their usual levels.

    Parameters
    ----------
    case_hours : CaseHours
    channels : Channels
        Of the station.
    own : dict of str to (float, float)
        Mean excess at the station and its standard error, canonical units.

    Returns
    -------
    tuple of dict
        Excess and standard error as at the station, canonical units; of a species of several stations the mean weighted by their
        errors. Median of the history less its 5 % quantile, scaled in the same way.
    """
    code = case_hours.given.parameter
    found, usual = {name: [pair] for name, pair in own.items()}, _local_usual(channels, case_hours)
    for other in _reached(case_hours, channels):
        there = _excess_at(case_hours, other)
        factor = _factor(own, there, code)
        if factor is None:
            continue
        for name, (value, sigma) in there.items():
            if name != code or code not in own:
                pair = value * factor, float(np.hypot(sigma, SCALE_ERROR * value)) * factor
                found.setdefault(name, []).append(pair)
        usual = {name: level * factor for name, level in _local_usual(other, case_hours).items()} | usual
    return {name: _weighted(pairs) for name, pairs in found.items()}, usual


def _reached(case_hours: CaseHours, own: Channels) -> Iterator[Channels]:
    """Channels of the near stations that the plume reaches too."""
    near = case_hours.station_ids[1 : NEAREST + 1]
    rise = {name: _rise_of(case_hours, name) for name in near}
    new = [name for name in near if len(set(case_hours.measured(name)) - set(own.names)) >= LEAST_MORE]
    asked = sorted((name for name in new if rise[name] < REACHED_Z), key=lambda name: -rise[name])[:MOST_ASKED]
    for name in near:
        if rise[name] >= REACHED_Z:
            yield channels_of(case_hours, name)
        elif name in asked:
            found = channels_of(case_hours, name)
            if int((found.z_score >= CHANNEL_Z).sum()) >= REACHED_CHANNELS:
                yield found


def _rise_of(case_hours: CaseHours, name: str) -> float:
    """Robust standard deviations of the parameter at a station [1]; 0 where it is not measured."""
    code = case_hours.given.parameter
    alone = channels_of(case_hours, name, only=code) if code in case_hours.measured(name) else None
    return float(alone.z_score[0]) if alone is not None and alone.names else 0.0


def _excess_at(case_hours: CaseHours, channels: Channels) -> Excess:
    found = background_of(channels.deviation, case_hours.before, case_hours.inside)
    level, weight = background_levels(channels, found, case_hours.inside)
    return mean_excess(channels, level, weight, mean_of(channels.value[:, 0][:, case_hours.inside]))


def _factor(own: Excess, there: Excess, code: str) -> float | None:
    """Excess here by that at a neighbour [1]; None where it is not known."""
    if code in there and code in own and _is_clear(there[code]) and own[code][0] > 0:
        factor = own[code][0] / there[code][0]
    else:
        shared = [name for name in own if name in there and _is_clear(own[name]) and _is_clear(there[name])]
        if not shared:
            return None
        factor = _median_ratio([own[name] for name in shared], [there[name] for name in shared])
    return factor if 1 / MOST_SCALED < factor < MOST_SCALED else None


def _is_clear(pair: tuple[float, float]) -> bool:
    return pair[0] > _CLEAR * pair[1]


def _median_ratio(here: list[tuple[float, float]], there: list[tuple[float, float]]) -> float:
    """Median ratio, weighted by the errors."""
    one, two = np.array(here), np.array(there)
    ratio = np.log(one[:, 0] / two[:, 0])
    weight = 1 / ((one[:, 1] / one[:, 0]) ** 2 + (two[:, 1] / two[:, 0]) ** 2 + _RATIO_ERROR**2)
    order = np.argsort(ratio)
    total = np.cumsum(weight[order])
    return float(np.exp(ratio[order][np.searchsorted(total, total[-1] / 2)]))


def _weighted(pairs: list[tuple[float, float]]) -> tuple[float, float]:
    """Mean weighted by the errors, and its error; a single one as it is."""
    if len(pairs) == 1:
        return pairs[0]
    value, sigma = np.array(pairs).T
    weight = 1 / np.maximum(sigma, 1e-12) ** 2
    return float((weight * value).sum() / weight.sum()), float(weight.sum() ** -0.5)


def _local_usual(channels: Channels, case_hours: CaseHours) -> dict[str, float]:
    """Median of the history less its 5 % quantile, canonical units."""
    past = channels.value[:, 0][:, case_hours.before]
    middle, low = np.nanquantile(past, [1 / 2, _LOW_QUANTILE], axis=1)
    return {name: max(float(value), 0.0) for name, value in zip(channels.names, middle - low, strict=True)}
