"""What the ensemble is held to: balances of the observed hours that the base run must close, each with its error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.coanalysis.cocontrol.box.emission import implied_source
from analysis.coanalysis.cocontrol.box.forcing import STEPS_PER_HOUR, mixing_heights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.coanalysis.cocontrol.box.run import BoxRun
    from analysis.coanalysis.cocontrol.model_input import ModelInput

    Array = NDArray[np.float64]

_WINDOWS_H = ((7, 13, 4.0), (13, 18, 1.0), (21, 6, 1.5))
"""Local hours over which the balance of Ox is closed, and how many times the usual error it has: in the morning air from aloft comes in."""
_MASS = {"sulfate": 96.06 / 24.45, "nitrate": 62.0 / 24.45, "ammonium": 18.04 / 24.45}
_RELATIVE_ERROR = {"sulfate": 0.2, "nitrate": 0.25, "soa": 0.35}
"""Error of the model's mean that is not one of its constants [1], project's choice."""
_USUAL_MIDDAY, _MIDDAY_ERROR = 0.9, 0.45
"""Source of CO from 10:00 to 15:00 by that of the day, and its error [1], project's choice."""
_FORMALDEHYDE_ERROR = 0.25
"""Of the midday source of formaldehyde that is neither made nor emitted, by what is made [1], project's choice."""
_OX_ERROR_PPB_H, _OX_RELATIVE = 0.7, 0.2
_CLOCK_ERROR = 0.15
"""Error of the ratio of two sources by day against that by night [1], project's choice."""
_CLOCK_REFUTED_FROM = 5.0
"""Errors that the clock may miss after the fit [1], project's choice."""
_CLOCK_DAY_H, _CLOCK_NIGHT_H = (11, 16), (20, 5)
_FURTHEST = 3.0
FEWEST_VARIATION_D = 10
_VARIATION_ERROR = 0.4
"""Error of the logarithm of how much sulfate varies from day to day [1], project's choice: air from outside varies too."""


def deviations(given: ModelInput, run: BoxRun, constant: dict[str, Array], latitude_deg: float) -> tuple[Array, Array]:
    """Deviation of the base from what was observed, (figure, member), and the error of each figure.

    Parameters
    ----------
    given : ModelInput
    run : BoxRun
    constant : dict of str to array
        Those of the run, one value a member.
    latitude_deg : float
        [deg]
    """
    rows, errors = [], []
    made = run.ox_made.mean(axis=1)
    for first, last, times in _WINDOWS_H:
        inside = given.between(first, last)
        rows.append(run.ox_residual[inside].mean(axis=0))
        errors.append(times * (_OX_ERROR_PPB_H + _OX_RELATIVE * float(made[inside].mean())))
    day = given.between(9, 18)
    for name, series, model in (
        ("nitrate", given.series.get("nitrate"), run.nitrate[:, :, 0] * _MASS["nitrate"]),
        ("sulfate", given.series.get("sulfate"), run.sulfate[:, :, 0] * _MASS["sulfate"]),
        ("soa", given.soa, run.soa[:, :, 0]),
    ):
        if series is None or series.mean() <= 0:
            continue
        for inside in (day, ~day) if name == "nitrate" else (day | ~day,):
            observed = max(float(series[inside].mean()), 0.05)
            rows.append(np.log((model[inside].mean(axis=0) + 0.05) / (observed + 0.05)))
            errors.append(_RELATIVE_ERROR[name])
    if given.has("sulfate") and given.days >= FEWEST_VARIATION_D:
        rows.append(_variation(given.series["sulfate"], run.sulfate[:, :, 0] * _MASS["sulfate"]))
        errors.append(_VARIATION_ERROR)
    if given.has("formaldehyde"):
        noon = given.between(10, 16)
        rows.append(run.formaldehyde_residual[noon].mean(axis=0) / max(float(run.formaldehyde_made[noon].mean()), 1e-6))
        errors.append(_FORMALDEHYDE_ERROR)
    height = mixing_heights(given, constant["growth"][:, None], latitude_deg)[::STEPS_PER_HOUR][: len(given.start)]
    rows.append(_midday_source(given, constant, height))
    errors.append(_MIDDAY_ERROR)
    if given.clock is not None:
        rows.append(_clock(given, run.oh, constant, height))
        errors.append(_CLOCK_ERROR)
    return np.stack(rows), np.array(errors)


def _variation(observed: Array, model: Array) -> Array:
    """Logarithm of the standard deviation of daily means by the observed one: sulfate that is made here varies more than what comes from outside."""
    found, known = (item.reshape(-1, 24, *item.shape[1:]).mean(axis=1).std(axis=0) for item in (model, observed))
    return np.asarray(np.log((found + 0.05) / (known + 0.05)))


def is_clock_refuted(given: ModelInput, deviation: Array, error: Array) -> bool:
    """Whether no OH explains the clock, the last figure of `deviations`: the two species do not have the same sources."""
    return given.clock is not None and bool(abs(deviation[-1].mean()) > _CLOCK_REFUTED_FROM * error[-1])


def _midday_source(given: ModelInput, constant: dict[str, Array], height: Array) -> Array:
    """Midday source of CO (NOx without it) by that of the whole day, less the usual one: tells how much the layer grows."""
    series = given.series["co"] if given.has("co") else given.series["no2"] + given.series.get("no", 0.0)
    source = implied_source(series - np.percentile(series, 2), np.zeros_like(height), given, constant, height)
    whole = source.mean(axis=0)
    # a series that is constant, or falls all the time, has no source and says nothing of the layer
    known = whole > 0.0
    part = source[given.between(10, 15)].mean(axis=0) / np.where(known, whole, 1.0)
    return np.where(known, np.clip(part - _USUAL_MIDDAY, -_FURTHEST, _FURTHEST), 0.0)


def _clock(given: ModelInput, oh: Array, constant: dict[str, Array], height: Array) -> Array:
    """How much more of the fast species of a pair is emitted by day than by night, by the slow one [1]: 0 where OH is right.

    Both have the same sources. By day OH removes more of the fast one: with too little OH its source seems to fail.
    """
    if given.clock is None:
        return np.zeros(oh.shape[1])
    pair = given.clock
    sources = [
        implied_source(
            level - 0.5 * np.percentile(level, 5), k_oh * constant["reactivity"] * oh, given, constant, height
        )
        for level, k_oh in ((pair.fast_ppb, pair.fast_k_oh), (pair.slow_ppb, pair.slow_k_oh))
    ]
    day, night = (given.between(*hours) for hours in (_CLOCK_DAY_H, _CLOCK_NIGHT_H))
    fast, slow = (source[day].mean(axis=0) for source in sources)
    ratio = sources[0][night].mean() / sources[1][night].mean()
    expected = ratio * np.median(slow)
    if not (ratio > 0.0 and expected > 0.0):
        return np.zeros(oh.shape[1])
    return np.asarray(np.clip((fast - ratio * slow) / expected, -_FURTHEST, _FURTHEST))
