"""Whether the model of a pollutant takes the place of the one in force; each pollutant for itself.

Rule: over the recent hours that neither model should have been trained on,

- the 90 % interval holds `LOWEST_COVERAGE` to `HIGHEST_COVERAGE` of the observations,
- the pinball loss is not larger than that of the model in force, and its CSI, where both have `MINIMUM_EVENTS` events, at most `CSI_LOSS`
  lower. Without a model in force the absolute error must be below that of persistence.

A model that fails stays stored and can be promoted by hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from analysis.forecast.hourly.verify import scores
from schemas.reason import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analysis.forecast.hourly.verify import ScoreSum, Verification

CSI_LOSS = 0.01
"""[1] Project choice."""
LOWEST_COVERAGE, HIGHEST_COVERAGE = 0.75, 0.995
"""Of the 90 % interval in one week [1]; project choice: 2 to 8 % of the weeks of Beijing 2015-03 to 2016-02 lie outside with a model whose
coverage over the year is right (O3 none)."""
MINIMUM_EVENTS = 20
"""Pairs of forecast and observation with an event that a CSI needs; project choice."""


class PromotionDecision(NamedTuple):
    """Whether a pollutant's model is promoted, and why."""

    is_better: bool
    reason: Reason


def decide(
    candidate: Verification, in_force: Verification | None, targets: Iterable[str]
) -> dict[str, PromotionDecision]:
    """Whether to promote the model of each pollutant, and why.

    Parameters
    ----------
    candidate : Verification
    in_force : Verification or None
        Over the same hours; None without a model in force.
    targets : iterable of str
        That the candidate has a model of.
    """
    return {target: _decide(candidate, in_force, target) for target in targets}


def _decide(candidate: Verification, in_force: Verification | None, target: str) -> PromotionDecision:
    ours = candidate.model.get(target)
    share = None if ours is None else scores(ours).coverage
    if ours is None or share is None:
        return PromotionDecision(is_better=False, reason=_reason("nothing_scored"))
    if not LOWEST_COVERAGE <= share <= HIGHEST_COVERAGE:
        return PromotionDecision(
            is_better=False, reason=_reason("coverage", coverage=share, low=LOWEST_COVERAGE, high=HIGHEST_COVERAGE)
        )
    if in_force is not None:
        return _against(ours, in_force.model[target])
    ratio = _ratio(ours, candidate.persistence[target], "absolute")
    if ratio is None:
        return PromotionDecision(is_better=False, reason=_reason("nothing_scored"))
    return PromotionDecision(
        is_better=ratio < 1,
        reason=_reason("better_than_persistence" if ratio < 1 else "worse_than_persistence", ratio=ratio),
    )


def _against(ours: ScoreSum, theirs: ScoreSum) -> PromotionDecision:
    ratio = _ratio(ours, theirs, "pinball")
    if ratio is None:
        return PromotionDecision(is_better=False, reason=_reason("nothing_scored"))
    if ratio > 1:
        return PromotionDecision(is_better=False, reason=_reason("pinball_worse", ratio=ratio))
    mine, other = scores(ours), scores(theirs)
    is_known = min(mine.events, other.events) >= MINIMUM_EVENTS
    if is_known and (mine.csi or 0.0) < (other.csi or 0.0) - CSI_LOSS:
        return PromotionDecision(
            is_better=False, reason=_reason("csi_worse", csi=mine.csi or 0.0, in_force=other.csi or 0.0)
        )
    return PromotionDecision(is_better=True, reason=_reason("better", ratio=ratio))


def _ratio(ours: ScoreSum, theirs: ScoreSum, name: str) -> float | None:
    """Quotient of mean losses; None where there is none."""
    other = getattr(theirs, name)
    return float((getattr(ours, name) / ours.n) / (other / theirs.n)) if ours.n and theirs.n and other > 0 else None


def _reason(kind: str, **figures: float) -> Reason:
    return Reason("promotion", kind, figures, scope="forecast")
