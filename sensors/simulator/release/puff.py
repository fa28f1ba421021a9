"""The forward model: a puff each minute, carried by the wind of the following minutes, widened by turbulence and age.

A station notices the sum of all puffs around it. Air is the same over the few kilometres around a release, so that a puff that
was emitted ``k`` minutes ago has moved by the wind of these ``k`` minutes. Ground and lid reflect.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensors.simulator.release.mixing import Mixing

    Field = NDArray[np.float64]

LONGEST_AGE_MIN = 240
"""Puffs that are older are left out."""
UG_PER_PUFF = 1e9 / 60
"""Matter in the puff of a minute under 1 kg h⁻¹ [ug]."""
_STEP_SHARE = 0.4
"""Half-length along the wind that one minute of wind adds, so that the puffs of neighbouring minutes join [1]."""
_FAR = 4.5
"""Widths beyond which a puff is left out."""
_REFLECTIONS = range(-2, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Emission:
    """What leaves one place by the minute, shape (minute,).

    Attributes
    ----------
    rate_kg_h : array
        0 where nothing is released; the array goes on for as long as stations shall be followed.
    axis_m : array
        Height at which a puff travels [m].
    """

    rate_kg_h: Field
    axis_m: Field


def unit_excess(place_km: tuple[float, float], emission: Emission, wind: Field, mixing: Mixing) -> Field:
    """Concentration that a release adds at a place near the ground, by the minute.

    Parameters
    ----------
    place_km : tuple of float
        Of the station, east and north of the release [km].
    emission : Emission
    wind : array, (minute, 2)
        Where the air goes, east and north [m s⁻¹].
    mixing : Mixing
        Of the same minutes.

    Returns
    -------
    array, (minute,)
        [ug m⁻³] of the species whose rate is given.

    Examples
    --------
    >>> from sensors.simulator.release.mixing import mixing_of
    >>> minutes = np.ones(240)
    >>> air = mixing_of(3 * minutes, 300 * minutes, 15 * minutes, 900 * minutes)
    >>> wind = np.stack([3 * minutes, 0 * minutes], axis=-1)
    >>> steady = Emission(rate_kg_h=100 * minutes, axis_m=20 * minutes)
    >>> down, aside = (unit_excess(place, steady, wind, air)[-1] for place in ((4.0, 0.0), (0.0, 4.0)))
    >>> bool(down > 5), bool(aside < 0.01)
    (True, True)
    """
    moved = np.cumsum(wind, axis=0) * 60.0
    now, emitted = _pairs(emission.rate_kg_h)
    way = moved[now] - moved[emitted]
    age_s = np.maximum(60.0 * (now - emitted), 30.0)
    wide = mixing.across_m(emitted, age_s)
    step = np.hypot(*wind[now].T)
    long = np.hypot(wide, _STEP_SHARE * 60.0 * step)
    east, north = 1000 * place_km[0] - way[:, 0], 1000 * place_km[1] - way[:, 1]
    near = np.hypot(east, north) < _FAR * long
    now, emitted, age_s, wide, long, step = (item[near] for item in (now, emitted, age_s, wide, long, step))
    east, north = east[near], north[near]
    along = (east * wind[now, 0] + north * wind[now, 1]) / np.maximum(step, 1e-6)
    across = (north * wind[now, 0] - east * wind[now, 1]) / np.maximum(step, 1e-6)
    flat = np.exp(-0.5 * ((along / long) ** 2 + (across / wide) ** 2)) / (2 * np.pi * long * wide)
    deep = _vertical(mixing.up_m(emitted, age_s), emission.axis_m[emitted], mixing.depth_m[now])
    amount = UG_PER_PUFF * emission.rate_kg_h[emitted] * flat * deep
    return np.bincount(now, weights=amount, minlength=len(wind)).astype(float)


def _pairs(rate: Field) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Minutes of observation and of emission, all pairs up to the longest age."""
    minutes = np.arange(len(rate))
    active = minutes[rate > 0]
    ages = np.arange(LONGEST_AGE_MIN)
    emitted = np.repeat(active, len(ages))
    now = emitted + np.tile(ages, len(active))
    inside = now < len(rate)
    return now[inside], emitted[inside]


def _vertical(deep_m: Field, axis: Field, lid_m: Field) -> Field:
    """Concentration at the ground by that of the whole column [m⁻¹]; well mixed where the puff fills the layer."""
    axis = np.minimum(axis, 0.95 * lid_m)
    total = sum(np.exp(-0.5 * ((axis + 2 * n * lid_m) / deep_m) ** 2) for n in _REFLECTIONS)
    reflected = 2 * total / (np.sqrt(2 * np.pi) * deep_m)
    return np.where(deep_m > 1.2 * lid_m, 1 / lid_m, reflected)
