"""How reliable the data of an alert are: flags of its hours, completeness and neighbours, stated with the figures. Pure.

The grade is a count of reasons for doubt, not a probability: *high* without any, *medium* with one, *low* with more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from schemas.flag import Flag
from schemas.reason import Reason
from schemas.words import render

if TYPE_CHECKING:
    from alerts.mail.view import AlertView
    from schemas.reason import Figure

COMPLETE_SHARE = 20 / 24
"""Share of values in the series window under which completeness is a reason for doubt [1]; the daily validity rule of GB 3095
(20 of 24 hours) as a ratio."""


class ConfidenceReason(NamedTuple):
    """One thing that was checked, and whether it is a reason for doubt (None: undetermined)."""

    reason: Reason
    is_doubt: bool | None


class DataConfidence(NamedTuple):
    """The grade with its reasons and the caveat."""

    grade: str
    grounds: tuple[ConfidenceReason, ...]
    caveat: Reason

    def grade_text(self, language: str) -> str:
        """Name of the grade."""
        return render(_message(self.grade), language)


def data_confidence(view: AlertView) -> DataConfidence | None:
    """Grade a threshold alert; None for other alerts (silence, operation, the end of an alert)."""
    if not view.kind.is_of_values or view.is_resolved or not view.points:
        return None
    grounds = tuple(ground for ground in (_flags(view), _completeness(view), _neighbours(view)) if ground)
    doubts = sum(ground.is_doubt is True for ground in grounds)
    grade = "high" if not doubts and any(ground.is_doubt is False for ground in grounds[2:]) else "medium"
    grade = "low" if doubts > 1 else grade
    is_alone = any(ground.is_doubt for ground in grounds[2:])
    return DataConfidence(grade, grounds, _message("caveat_alone" if is_alone else "caveat_automatic"))


def _message(kind: str, **figures: Figure) -> Reason:
    return Reason("confidence", kind, figures, "mail")


def _flags(view: AlertView) -> ConfidenceReason:
    tested = [point for point in view.condition_points() if point.value is not None]
    suspect = sum(point.flag in {Flag.SUSPECT, Flag.FAIL} for point in tested)
    passed = sum(point.flag is Flag.PASS for point in tested)
    total = len(tested)
    if suspect:
        return ConfidenceReason(_message("suspect", suspect=suspect, total=total), is_doubt=True)
    if passed < total or not total:
        return ConfidenceReason(_message("untested", passed=passed, total=total), is_doubt=None)
    return ConfidenceReason(_message("passed", total=total), is_doubt=False)


def _completeness(view: AlertView) -> ConfidenceReason:
    observed = sum(point.value is not None for point in view.points)
    expected = max(observed, round((view.points[-1].start - view.points[0].start) / view.cadence) + 1)
    share = observed / expected
    message = _message("completeness", observed=observed, expected=expected, share=share)
    return ConfidenceReason(message, is_doubt=share < COMPLETE_SHARE)


def _neighbours(view: AlertView) -> ConfidenceReason | None:
    known = [item for item in view.neighbours if item.value is not None]
    limit, value = view.transition.threshold, view.transition.value
    if not known or limit is None or value is None:
        return None
    is_above = not view.is_below
    count = sum((item.value > limit) if is_above else (item.value < limit) for item in known if item.value is not None)
    radius = round(max(item.distance_km for item in known))
    kind = "neighbours_above" if is_above else "neighbours_below"
    return ConfidenceReason(_message(kind, count=count, total=len(known), radius=radius), is_doubt=count == 0)
