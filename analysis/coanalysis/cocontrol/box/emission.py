"""What of the carbonyls is emitted: by the source of a tracer that chemistry does not make."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.coanalysis.cocontrol.box.forcing import relative_wind
from analysis.coanalysis.cocontrol.prior import PRIOR

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.coanalysis.cocontrol.model_input import ModelInput

    Array = NDArray[np.float64]

_EVENING_H = (18, 24)
"""Hours of traffic without light, project's choice: what the level takes then was emitted."""
_CARBONYLS = {"formaldehyde": "formaldehyde", "aldehyde": "acetaldehyde"}
_OUTSIDE = PRIOR["outside_gas"].median


def implied_source(level: Array, loss: Array, given: ModelInput, constant: dict[str, Array], height: Array) -> Array:
    """Source that the observed level takes, times the mixing height, (hour, member) [ppb s⁻¹].

    Parameters
    ----------
    level : array
        Above the air outside, by hour [ppb].
    loss : array
        By chemistry or deposition, (hour, member) [s⁻¹].
    given : ModelInput
    constant : dict of str to array
        One value a member.
    height : array
        Mixing height by that of the night, (hour, member) [1].
    """
    is_light = given.between(7, 18)[:, None]
    exchange = np.where(is_light, constant["dilution_day"], constant["dilution_night"]) * relative_wind(given)[:, None]
    mixed = np.maximum(np.gradient(np.log(height), axis=0), 0.0) / 3600.0
    return np.asarray(
        (np.gradient(level, axis=0)[:, None] / 3600.0 + (exchange + mixed + loss) * level[:, None]) * height
    )


def carbonyl_emission(given: ModelInput, constant: dict[str, Array], height: Array) -> dict[str, Array]:
    """Emission of formaldehyde and acetaldehyde where they were measured, (hour, member) [ppb s⁻¹].

    The source of CO (NOx without it) by hour of the day, times the ratio of both sources in the evening; zero where that is negative.

    Parameters
    ----------
    given : ModelInput
    constant : dict of str to array
        One value a member; ``emitted_carbonyl`` is the error of the ratio.
    height : array
        Mixing height by that of the night, (hour, member) [1].

    References
    ----------
    A tracer as measure of what is emitted, there by levels: García et al. 2005, Atmos. Chem. Phys. Discuss. 5, 11583, doi:10.5194/acpd-5-11583-2005.
    """
    tracer = given.series["co"] if given.has("co") else given.series["no2"] + given.series.get("no", 0.0)
    by_tracer = _by_hour_of_day(_above_outside(tracer), given, constant, height)
    evening = slice(*_EVENING_H)
    known = np.maximum(by_tracer[evening].mean(axis=0), 0.0)
    found = {}
    for name, code in _CARBONYLS.items():
        if not given.has(code):
            continue
        own = _by_hour_of_day(_above_outside(given.series[code]), given, constant, height)
        ratio = np.divide(
            np.maximum(own[evening].mean(axis=0), 0.0), known, out=np.zeros_like(known), where=known > 0.0
        )
        factor = ratio * constant["emitted_carbonyl"] * constant["gauge_ovoc"]
        found[name] = factor * np.maximum(by_tracer, 0.0)[given.hour.astype(int)] / height
    return found


def _above_outside(level: Array) -> Array:
    return np.asarray(level - _OUTSIDE * np.percentile(level, 5))


def _by_hour_of_day(level: Array, given: ModelInput, constant: dict[str, Array], height: Array) -> Array:
    """Mean implied source by local hour of the day, (24, member), times the mixing height [ppb s⁻¹]."""
    source = implied_source(level, np.zeros_like(height), given, constant, height)
    return np.stack([source[given.hour == hour].mean(axis=0) for hour in range(24)])
