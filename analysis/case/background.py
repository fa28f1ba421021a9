"""Level that would be there without the event, from the station's own earlier hours and from neighbours that a plume may reach too.

All in deviations (logarithm of the ratio to the usual level, `analysis.case.case_hours`) of means over the window. The background
deviation ``b`` of a station has a normal prior, from what followed similar hours before the window in the history. A
neighbour without plume deviates by ``b`` and a normal error, whose size the history gives; one in the plume by more, by an
exponential amount. How many neighbours a plume reaches is not known: few, half and most of them are averaged over. The
station itself deviates by at least ``b``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

from analysis.case.case_hours import mean_of, median_of, moving_mean, spread_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Field = NDArray[np.float64]
    Mask = NDArray[np.bool_]

REACHED = (0.1, 0.5, 0.95)
"""Part of the neighbours that the plume reaches [1], equally probable; tuned on simulated events, seeds below 300."""
EXCESS = 0.4
"""Mean deviation that a plume adds at a neighbour [1]; likewise."""
LEAST_ERROR = 0.006
"""Of the difference of two stations [1]."""
WIDER = 3.0
"""Factor on the errors of the history [1], which are smaller than those in an event; likewise."""
FREEDOM = 3.0
"""Degrees of freedom of the station's own error [1]; likewise."""
_BEFORE_H, _GAP_H = 6, 2
_GRID = 121
_WIDE = 4.0
"""Standard deviations of the prior that the grid spans."""


@dataclass(frozen=True, slots=True)
class BackgroundLevel:
    """Distribution of the background deviation of channels.

    Attributes
    ----------
    grid, weight : array, (channel, point)
        Deviations [1], and their probabilities.
    """

    grid: Field
    weight: Field


def background_of(deviation: Field, before: Mask, inside: Mask) -> BackgroundLevel:
    """Distribution of the background deviation of a station in the window, by channel.

    Parameters
    ----------
    deviation : array, (channel, station, hour)
        The station itself first; NaN where missing.
    before, inside : array of bool, (hour,)
        History and window.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> shared, own = rng.normal(0, 0.3, (1, 1, 200)), rng.normal(0, 0.02, (1, 4, 200))
    >>> deviation, inside = shared + own, np.arange(200) >= 197
    >>> deviation[0, 0, 197:] += 1.5
    >>> found = background_of(deviation, ~inside, inside)
    >>> mean = float((found.grid * found.weight).sum())
    >>> abs(mean - float(shared[0, 0, 197:].mean())) < 0.1
    True
    """
    length = int(inside.sum())
    center, spread = _prior(deviation[:, 0], before, inside, length)
    own = mean_of(deviation[:, 0][:, inside])
    others = mean_of(deviation[:, 1:][:, :, inside])
    error, offset = _difference(deviation, before, length)
    steps = np.linspace(-_WIDE, _WIDE, _GRID)
    grid = center[:, None] + spread[:, None] * steps
    part = WIDER * error / np.sqrt(2)
    weight = np.exp(-(steps**2) / 2) * _likelihood(grid, others - offset, part)
    weight = _widened(weight, median_of(part) / spread / (steps[1] - steps[0])) * ndtr(
        (own[:, None] - grid) / LEAST_ERROR
    )
    total = weight.sum(axis=1, keepdims=True)
    return BackgroundLevel(grid=grid, weight=weight / np.where(total > 0, total, np.nan))


def _widened(weight: Field, sigma_points: Field) -> Field:
    """Weights convolved with Student's density by row; a row without neighbours as it is."""
    apart = np.arange(_GRID)[:, None] - np.arange(_GRID)[None, :]
    found = weight.copy()
    for row, sigma in enumerate(sigma_points):
        if np.isfinite(sigma) and sigma > 0:
            kernel = (1 + (apart / max(sigma, 0.3)) ** 2 / FREEDOM) ** (-(FREEDOM + 1) / 2)
            found[row] = kernel / kernel.sum(axis=0) @ weight[row]
    return found


def _prior(own: Field, before: Mask, inside: Mask, length: int) -> tuple[Field, Field]:
    """Mean and standard deviation of the window's deviation, by regression on the hours shortly before windows in the history."""
    past = np.where(before, own, np.nan)
    block = moving_mean(past, length)
    ahead = moving_mean(past, _BEFORE_H)
    shift = _BEFORE_H + _GAP_H
    count = min(block.shape[1] - shift, ahead.shape[1])
    first = int(np.argmax(inside))
    recent = mean_of(own[:, max(first - shift, 0) : max(first - _GAP_H, 0)])
    plain = np.maximum(spread_of(block), LEAST_ERROR)
    if count < 1:
        return np.zeros(len(own)), plain
    x, y = ahead[:, :count], block[:, shift : shift + count]
    both = np.isfinite(x) & np.isfinite(y)
    x, y = np.where(both, x, np.nan), np.where(both, y, np.nan)
    limit = 3 * plain[:, None]
    x, y = np.clip(x, -limit, limit), np.clip(y, -limit, limit)
    slope = np.clip(mean_of(x * y) / np.maximum(mean_of(x * x), 1e-9), 0.0, 1.0)
    recent = np.clip(np.where(np.isfinite(recent), recent, 0.0), -limit[:, 0], limit[:, 0])
    rest = spread_of(y - slope[:, None] * x)
    usable = np.isfinite(slope) & np.isfinite(rest)
    return np.where(usable, slope * recent, 0.0), np.maximum(np.where(usable, rest, plain), LEAST_ERROR)


def _difference(deviation: Field, before: Mask, length: int) -> tuple[Field, Field]:
    """Standard deviation and median of the difference of each neighbour to the station over as many hours, (channel, neighbour)."""
    between = np.where(before, deviation[:, 1:] - deviation[:, :1], np.nan)
    shape = between.shape
    block = moving_mean(between.reshape(-1, shape[2]), length)
    return (
        np.maximum(spread_of(block), LEAST_ERROR).reshape(shape[:2]),
        median_of(block).reshape(shape[:2]),
    )


def _likelihood(grid: Field, others: Field, error: Field) -> Field:
    """Of the neighbours' deviations, (channel, point); 1 without neighbours."""
    known = np.isfinite(others) & np.isfinite(error)
    gap = np.where(known, others, 0.0)[:, None, :] - grid[:, :, None]
    sigma = np.where(known, error, 1.0)[:, None, :]
    clean = np.exp(-((gap / sigma) ** 2) / 2) / (sigma * np.sqrt(2 * np.pi))
    # exponentially modified normal density
    shifted = sigma**2 / EXCESS
    reached = np.exp(np.minimum((shifted / 2 - gap) / EXCESS, 50.0)) * ndtr((gap - shifted) / sigma) / EXCESS
    found = np.zeros_like(grid)
    for share in REACHED:
        logs = np.log((1 - share) * clean + share * reached + 1e-9)
        found += np.exp(np.where(known[:, None, :], logs, 0.0).sum(axis=2))
    return found / len(REACHED)
