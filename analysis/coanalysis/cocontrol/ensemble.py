"""The ensemble: constants drawn from their priors, narrowed by what was observed, then run with each precursor cut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.coanalysis.cocontrol.box.forcing import STEPS_PER_HOUR, mixing_heights
from analysis.coanalysis.cocontrol.box.run import BoxRun, run_box
from analysis.coanalysis.cocontrol.prior import PRIOR, constants_of, draw_logarithms

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from analysis.coanalysis.cocontrol.model_input import ModelInput

    Array = NDArray[np.float64]

MEMBERS = 64
PASSES = 3
"""Passes of the smoother; each counts the observations with a third of their weight."""
_WINDOWS_H = ((7, 13, 4.0), (13, 18, 1.0), (21, 6, 1.5))
"""Local hours over which the balance of Ox is closed, and how many times the usual error it has: in the morning air from aloft comes in."""
_MASS = {"sulfate": 96.06 / 24.45, "nitrate": 62.0 / 24.45, "ammonium": 18.04 / 24.45}
_RELATIVE_ERROR = {"sulfate": 0.2, "nitrate": 0.25, "soa": 0.35}
"""Error of the model's mean that is not one of its constants [1], project's choice."""
_USUAL_MIDDAY, _MIDDAY_ERROR = 0.9, 0.5
"""Source of CO from 10:00 to 15:00 by that of the day [1] and the error of its logarithm, project's choice."""
_OX_ERROR_PPB_H, _OX_RELATIVE = 0.7, 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """Constants of the members after the observations, and how the means agree.

    ``misfit`` is the mean square of the deviations in units of their error before and after [1]; about 1 or below is agreement.
    """

    constants: dict[str, Array]
    misfit_before: float
    misfit_after: float
    shifts: dict[str, tuple[float, float]]
    """Median factor against the prior, and what is left of its spread, by constant [1]."""


def fit_constants(
    given: ModelInput, rng: np.random.Generator, *, latitude_deg: float, members: int = MEMBERS,
    progress: Callable[[int], None] | None = None,
) -> Fit:  # fmt: skip
    """Ensemble smoother with multiple data assimilation: three passes of the base run.

    Parameters
    ----------
    given : ModelInput
    rng : numpy.random.Generator
    latitude_deg : float
        [deg]
    members : int
    progress : callable or None
        Called with the days done of each pass.

    References
    ----------
    Emerick and Reynolds 2013, Computers & Geosciences 55, 3, doi:10.1016/j.cageo.2012.03.011.
    """
    logarithms = draw_logarithms(rng, members)
    misfits = []
    for _ in range(PASSES):
        run = run_box(given, constants_of(logarithms), (), latitude_deg=latitude_deg, progress=progress)
        deviation, error = _deviations(given, run, (constants_of(logarithms), latitude_deg))
        misfits.append(float(np.mean((deviation / error[:, None]) ** 2)))
        noise = rng.standard_normal(deviation.shape) * np.sqrt(PASSES) * error[:, None]
        logarithms = _updated(logarithms, deviation, noise, error * np.sqrt(PASSES))
    return Fit(
        constants=constants_of(logarithms),
        misfit_before=misfits[0],
        misfit_after=misfits[-1],
        shifts={
            name: (float(np.exp(item.spread * row.mean())), float(row.std()))
            for (name, item), row in zip(PRIOR.items(), logarithms, strict=True)
        },
    )


def run_cuts(
    given: ModelInput, fit: Fit, precursors: Sequence[str], *, latitude_deg: float,
    progress: Callable[[int], None] | None = None,
) -> BoxRun:  # fmt: skip
    """Base and cuts of all members."""
    return run_box(given, fit.constants, precursors, latitude_deg=latitude_deg, progress=progress)


def _updated(logarithms: Array, deviation: Array, noise: Array, error: Array) -> Array:
    """One step of the smoother; deviations are of model from observation, so they are pulled to zero."""
    members = logarithms.shape[1]
    parts = logarithms - logarithms.mean(axis=1, keepdims=True)
    model = deviation - deviation.mean(axis=1, keepdims=True)
    cross = parts @ model.T / (members - 1)
    inner = model @ model.T / (members - 1) + np.diag(error**2)
    # a chance correlation of 64 draws is about 0.13: below that a constant is not moved
    spread = np.outer(parts.std(axis=1), model.std(axis=1)) + 1e-12
    cross = np.where(np.abs(cross / spread) > 1.5 / np.sqrt(members), cross, 0.0)
    found: Array = logarithms - cross @ np.linalg.solve(inner, deviation + noise)
    return found


def _deviations(given: ModelInput, run: BoxRun, of: tuple[dict[str, Array], float]) -> tuple[Array, Array]:
    """Deviation of model from observation, (figure, member), and the error of each figure."""
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
    rows.append(_midday_source(given, *of))
    errors.append(_MIDDAY_ERROR)
    return np.stack(rows), np.array(errors)


def _midday_source(given: ModelInput, constant: dict[str, Array], latitude_deg: float) -> Array:
    """Logarithm of the midday source of CO (NOx without it) by that of the whole day, less the usual one: tells how much the layer grows."""
    series = given.series["co"] if given.has("co") else given.series["no2"] + given.series.get("no", 0.0)
    level = (series - np.percentile(series, 2))[:, None]
    height = mixing_heights(given, constant["growth"][:, None], latitude_deg)[::STEPS_PER_HOUR, :, 0][: len(series)]
    light = given.between(7, 18)
    exchange = np.where(light[:, None], constant["dilution_day"], constant["dilution_night"]) * 3600.0
    mixed = np.maximum(np.gradient(np.log(height), axis=0), 0.0)
    source = (np.gradient(level, axis=0) + (exchange + mixed) * level) * height
    midday = source[given.between(10, 15)].mean(axis=0)
    whole = source.mean(axis=0)
    # a series that is constant, or falls all the time, has no source and says nothing of the layer
    known = whole > 0.0
    part = np.where(known, np.maximum(midday, 0.05 * whole), _USUAL_MIDDAY) / np.where(known, whole, 1.0)
    return np.asarray(np.log(part / _USUAL_MIDDAY))
