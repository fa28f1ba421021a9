"""The ensemble: constants drawn from their priors, narrowed by what was observed, then run with each precursor cut."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from analysis.coanalysis.cocontrol.balance import deviations, is_clock_refuted
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
    is_clock_refuted: bool
    """Whether the clock was left out, since no OH explains it."""


def fit_constants(
    given: ModelInput, rng: np.random.Generator, *, latitude_deg: float, members: int = MEMBERS,
    progress: Callable[[float], None] | None = None,
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
        Called with the part of each pass that is done [1].

    References
    ----------
    Emerick and Reynolds 2013, Computers & Geosciences 55, 3, doi:10.1016/j.cageo.2012.03.011.
    """
    logarithms = draw_logarithms(rng, members)
    fit = _fitted(given, logarithms, rng, latitude_deg=latitude_deg, progress=progress)
    if fit.is_clock_refuted:
        again = _fitted(replace(given, clock=None), logarithms, rng, latitude_deg=latitude_deg, progress=None)
        return replace(again, is_clock_refuted=True)
    return fit


def _fitted(
    given: ModelInput, logarithms: Array, rng: np.random.Generator, *, latitude_deg: float, progress: Callable[[float], None] | None,
) -> Fit:  # fmt: skip
    misfits = []
    for _ in range(PASSES):
        run = run_box(given, constants_of(logarithms), (), latitude_deg=latitude_deg, progress=progress)
        deviation, error = deviations(given, run, constants_of(logarithms), latitude_deg)
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
        is_clock_refuted=is_clock_refuted(given, deviation, error),
    )


def run_cuts(
    given: ModelInput, fit: Fit, precursors: Sequence[str], *, latitude_deg: float,
    progress: Callable[[float], None] | None = None,
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
