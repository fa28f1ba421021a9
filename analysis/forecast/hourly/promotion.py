"""Whether a new model takes the place of the one in force.

Rule: over the recent hours that neither model should have been trained on, all pollutants together,

- the 90 % interval holds `LOWEST_COVERAGE` to `HIGHEST_COVERAGE` of the observations,
- there are at least `MINIMUM_EVENTS` events, so that a CSI means something,
- the pinball loss relative to the model in force, averaged over the pollutants, is at most 1, and the CSI is at most `CSI_LOSS` lower.
  Without a model in force the absolute error must be below that of persistence.

A model that fails stays stored and can be promoted by hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.forecast.hourly.verify import scores, total
from schemas.reason import Reason

if TYPE_CHECKING:
    from analysis.forecast.hourly.verify import ScoreSum, Verification

CSI_LOSS = 0.01
"""[1] Project choice."""
LOWEST_COVERAGE, HIGHEST_COVERAGE = 0.85, 0.97
"""Of the 90 % interval [1]; project choice."""
MINIMUM_EVENTS = 20
"""Pairs of forecast and observation with an event; project choice."""


def decide(candidate: Verification, in_force: Verification | None) -> tuple[bool, Reason]:
    """Whether to promote, and why.

    Parameters
    ----------
    candidate : Verification
    in_force : Verification or None
        Over the same hours; None without a model in force.
    """
    refused = _unfit(candidate)
    if refused is not None:
        return False, refused
    if in_force is None:
        ratio = _ratio(candidate.model, candidate.persistence, "absolute")
        if ratio is None:
            return False, _reason("nothing_scored")
        return ratio < 1, _reason("better_than_persistence" if ratio < 1 else "worse_than_persistence", ratio=ratio)
    return _against(candidate, in_force)


def _against(candidate: Verification, in_force: Verification) -> tuple[bool, Reason]:
    ratio = _ratio(candidate.model, in_force.model, "pinball")
    if ratio is None:
        return False, _reason("nothing_scored")
    ours, theirs = (scores(total(item.model.values())) for item in (candidate, in_force))
    if ratio > 1:
        return False, _reason("pinball_worse", ratio=ratio)
    if (ours.csi or 0.0) < (theirs.csi or 0.0) - CSI_LOSS:
        return False, _reason("csi_worse", csi=ours.csi or 0.0, in_force=theirs.csi or 0.0)
    return True, _reason("better", ratio=ratio)


def _unfit(candidate: Verification) -> Reason | None:
    """Why a model cannot be promoted whatever is in force."""
    ours = scores(total(candidate.model.values()))
    if not ours.n or ours.coverage is None:
        return _reason("nothing_scored")
    if not LOWEST_COVERAGE <= ours.coverage <= HIGHEST_COVERAGE:
        return _reason("coverage", coverage=ours.coverage, low=LOWEST_COVERAGE, high=HIGHEST_COVERAGE)
    if ours.events < MINIMUM_EVENTS:
        return _reason("too_few_events", events=ours.events, minimum=MINIMUM_EVENTS)
    return None


def _ratio(ours: dict[str, ScoreSum], theirs: dict[str, ScoreSum], name: str) -> float | None:
    """Mean over the pollutants of the quotient of mean losses."""
    found = [
        (getattr(item, name) / item.n) / (getattr(theirs[target], name) / theirs[target].n)
        for target, item in ours.items()
        if item.n and theirs[target].n and getattr(theirs[target], name) > 0
    ]
    return float(np.mean(found)) if found else None


def _reason(kind: str, **figures: float) -> Reason:
    return Reason("promotion", kind, figures, scope="forecast")
