"""How sure an alert is: flags of its hours, completeness, neighbours, attribution; stated with the figures. Pure.

The grade is a count of reasons for doubt, not a probability: *high* without any, *medium* with one, *low* with more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from schemas.alert import RuleKind
from schemas.flag import Flag

if TYPE_CHECKING:
    from alerts.mail.view import AlertView

#: [1] share of values in the series window under which completeness is a reason for doubt; the daily validity rule of
#: GB 3095 (20 of 24 hours) as a ratio.
COMPLETE_SHARE = 20 / 24
GRADES = {"high": ("较高", "high"), "medium": ("中等", "medium"), "low": ("较低", "low")}


class ConfidenceReason(NamedTuple):
    """One thing that was looked at: in words, and whether it is a reason for doubt (None: cannot be said)."""

    zh: str
    en: str
    is_doubt: bool | None


class DataConfidence(NamedTuple):
    """The grade with its grounds and the caveat."""

    grade: str
    grounds: tuple[ConfidenceReason, ...]
    caveat_zh: str
    caveat_en: str


def data_confidence(view: AlertView) -> DataConfidence | None:
    """Judge a threshold alert; None where the question makes no sense (silence, operation, the end of an alert)."""
    if view.kind is not RuleKind.THRESHOLD or view.is_resolved or not view.points:
        return None
    grounds = tuple(ground for ground in (_flags(view), _completeness(view), _neighbours(view)) if ground)
    doubts = sum(ground.is_doubt is True for ground in grounds)
    grade = "high" if not doubts and any(ground.is_doubt is False for ground in grounds[2:]) else "medium"
    grade = "low" if doubts > 1 else grade
    alone = any(ground.is_doubt for ground in grounds[2:])
    if alone:
        zh, en = (
            "仅本站偏高：既可能是局地排放事件，也可能是仪器故障，请先核对仪器状态。",
            "Only this station is high: a local release or a fault of the instrument; check the instrument first.",
        )
    else:
        zh, en = (
            "数据为自动审核结果，尚未人工复核。",
            "Automatically checked data, not yet reviewed by a person.",
        )
    return DataConfidence(grade, grounds, zh, en)


def _flags(view: AlertView) -> ConfidenceReason:
    judged = [point for point in view.condition_points() if point.value is not None]
    suspect = sum(point.flag in {Flag.SUSPECT, Flag.FAIL} for point in judged)
    passed = sum(point.flag is Flag.PASS for point in judged)
    total = len(judged)
    if suspect:
        return ConfidenceReason(
            f"质控：超标时段 {total} 个数据中 {suspect} 个可疑",
            f"QC: {suspect} of {total} values since then are suspect",
            is_doubt=True,
        )
    if passed < total or not total:
        return ConfidenceReason(
            f"质控：{total} 个数据中 {passed} 个已通过，其余尚未检验",
            f"QC: {passed} of {total} values passed, the rest is not tested yet",
            is_doubt=None,
        )
    return ConfidenceReason(
        f"质控：超标时段 {total} 个数据全部通过", f"QC: all {total} values since then passed", is_doubt=False
    )


def _completeness(view: AlertView) -> ConfidenceReason:
    observed = sum(point.value is not None for point in view.points)
    expected = max(observed, round((view.points[-1].start - view.points[0].start) / view.cadence) + 1)
    share = observed / expected
    text = f"{observed}/{expected}", f"{share:.0%}"
    return ConfidenceReason(
        f"完整率：{text[0]}（{text[1]}）", f"Completeness: {text[0]} ({text[1]})", is_doubt=share < COMPLETE_SHARE
    )


def _neighbours(view: AlertView) -> ConfidenceReason | None:
    known = [item for item in view.neighbours if item.value is not None]
    limit, value = view.transition.threshold, view.transition.value
    if not known or limit is None or value is None:
        return None
    above = not view.is_below
    count = sum((item.value > limit) if above else (item.value < limit) for item in known if item.value is not None)
    radius = round(max(item.distance_km for item in known))
    side_zh, side_en = ("超过", "above") if above else ("低于", "below")
    return ConfidenceReason(
        f"邻站：{radius} km 内 {len(known)} 站中 {count} 站同样{side_zh}阈值",
        f"Neighbours: {count} of {len(known)} stations within {radius} km are {side_en} the threshold too",
        is_doubt=count == 0,
    )
