"""Lines of ``skyground review``: a proposal, a review, a deadline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.review import ReviewReason, ReviewState, ReviewVerdict

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from qc.review.progress import DeadlineStatus
    from schemas.review import Review, ReviewDraft, ReviewTarget

VERDICTS_ZH = {
    ReviewVerdict.VALID: "有效",
    ReviewVerdict.INVALID: "无效",
    ReviewVerdict.SUSPECT: "存疑",
    ReviewVerdict.AS_FLAGGED: "维持自动标识",
}
REASONS_ZH = {
    ReviewReason.ROUTINE_CHECK: "例行审核",
    ReviewReason.REAL_EVENT: "真实污染过程",
    ReviewReason.FALSE_ALARM: "自动检验误报",
    ReviewReason.INSTRUMENT_FAULT: "仪器故障",
    ReviewReason.CALIBRATION: "校准",
    ReviewReason.MAINTENANCE: "维护",
    ReviewReason.SAMPLING_FAULT: "采样故障",
    ReviewReason.COMMUNICATION_FAULT: "通信故障",
    ReviewReason.CONFIGURATION_FAULT: "配置错误",
    ReviewReason.LOCAL_CONTAMINATION: "局地污染干扰",
    ReviewReason.INTERFERENCE: "测量干扰",
    ReviewReason.UNRESOLVED: "尚未查明",
    ReviewReason.OTHER: "其他",
}
STATES_ZH = {
    ReviewState.PROPOSED: "待复核",
    ReviewState.CONFIRMED: "待签发",
    ReviewState.SIGNED: "已签发",
    ReviewState.RETURNED: "已退回",
    ReviewState.WITHDRAWN: "已撤销",
}
_DUE_ZH = {"done": "已完成", "open": "未完成", "overdue": "逾期"}


def draft_text(draft: ReviewDraft) -> str:
    """One proposal that is not recorded yet."""
    verdict, reason = draft.verdict, draft.reason
    return f"{_place(draft.target)} {verdict} {VERDICTS_ZH[verdict]} ({reason} {REASONS_ZH[reason]})"


def review_text(review: Review) -> str:
    """One review on a line."""
    verdict, reason, state = review.verdict, review.reason, review.state
    return (
        f"{review.id} {state} {STATES_ZH[state]} {_place(review.target)} {verdict} {VERDICTS_ZH[verdict]} "
        f"({reason} {REASONS_ZH[reason]}) by {review.proposed.who}"
    )


def review_row(review: Review) -> dict[str, object]:
    """One review as plain JSON, without its basis."""
    target = review.target
    return {
        "id": review.id,
        "bulk_id": review.bulk_id,
        "state": review.state.value,
        "network": target.network,
        "station": target.station_id,
        "instrument": target.instrument_id,
        "parameter": target.parameter,
        "start": target.start.isoformat(),
        "end": target.end.isoformat(),
        "verdict": review.verdict.value,
        "reason": review.reason.value,
        "steps": [
            {
                "position": step.position,
                "action": step.action.value,
                "who": step.who,
                "at": step.at.isoformat(),
                "note": step.note,
            }
            for step in review.steps
        ],
    }


def due_text(due: DeadlineStatus, language: str, zone: ZoneInfo) -> str:
    """One deadline of a station on a line."""
    rule, at = due.deadline.rule, due.deadline.due.astimezone(zone)
    if language == "zh":
        doubt = "" if rule.verified else "（依据未核实）"
        return (
            f"{_DUE_ZH[due.state]} {due.station_id} {due.deadline.label} {rule.zh}{doubt}，截止 {at:%Y-%m-%d %H:%M}："
            f"{due.hours} 小时值，标记 {due.flagged}，已复核 {due.confirmed}，待处理 {due.open}"
        )
    doubt = "" if rule.verified else " (source not verified)"
    return (
        f"{due.state} {due.station_id} {due.deadline.label} {rule.en}{doubt}, due {at:%Y-%m-%d %H:%M}: {due.hours} hourly values, "
        f"flagged {due.flagged}, confirmed {due.confirmed}, left {due.open}"
    )


def filters_text() -> str:
    """Options by which reviews are chosen."""
    return "--bulk, --network, --station, --parameter, --from, --to"


def _place(target: ReviewTarget) -> str:
    span = f"{target.start:%Y-%m-%dT%H:%MZ}..{target.end:%Y-%m-%dT%H:%MZ}"
    return f"{target.network} {target.station_id} {target.parameter} {span}"
