"""Lines of ``skyground review``: a proposal, a review, a deadline."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from qc.review.progress import DeadlineStatus
    from schemas.review import Review, ReviewDraft, ReviewTarget
    from schemas.words import Words


def draft_text(draft: ReviewDraft, words: Words) -> str:
    """One proposal that is not recorded yet."""
    return words("review.draft", place=_place(draft.target), verdict=draft.verdict.value, reason=draft.reason.value)


def review_text(review: Review, words: Words) -> str:
    """One review on a line."""
    return words(
        "review.line",
        id=review.id,
        state=review.state.value,
        place=_place(review.target),
        verdict=review.verdict.value,
        reason=review.reason.value,
        who=review.proposed.who,
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


def due_text(due: DeadlineStatus, words: Words, zone: ZoneInfo) -> str:
    """One deadline of a station on a line."""
    rule = due.deadline.rule
    return words(
        "review.due",
        state=due.state,
        station=due.station_id,
        label=due.deadline.label,
        rule=words.pick(rule.zh, rule.en) + ("" if rule.verified else words("review.not_verified")),
        at=f"{due.deadline.due.astimezone(zone):%Y-%m-%d %H:%M}",
        hours=due.hours,
        flagged=due.flagged,
        confirmed=due.confirmed,
        left=due.open,
    )


def filters_text() -> str:
    """Options by which reviews are chosen."""
    return "--bulk, --network, --station, --parameter, --from, --to"


def _place(target: ReviewTarget) -> str:
    span = f"{target.start:%Y-%m-%dT%H:%MZ}..{target.end:%Y-%m-%dT%H:%MZ}"
    return f"{target.network} {target.station_id} {target.parameter} {span}"
