"""Lines of ``skyground qc calibration``: a check, a correction, a proposed change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.words.message import number_text

if TYPE_CHECKING:
    from qc.calibration.proposal import CorrectionProposal
    from schemas.calibration import Correction
    from schemas.words import Words
    from store.state import StoredCheck, StoredCorrection


def check_text(check: StoredCheck, words: Words) -> str:
    """One check with its outcome and drift."""
    item = check.result
    return words(
        "calibration.check",
        id=f"{check.id:>6}",
        at=f"{item.at:%Y-%m-%dT%H:%MZ}",
        place=f"{item.network}/{item.station_id}/{item.instrument_id} {item.parameter}",
        kind=item.kind.value,
        reference=item.reference,
        response=item.response,
        gas=item.gas,
        outcome="waiting" if check.outcome is None else check.outcome.value,
        drift="" if check.drift is None else f" ({check.drift:+.3g})",
    )


def correction_text(item: StoredCorrection, words: Words) -> str:
    """One correction, and its reversal where it was reverted."""
    one = item.correction
    head = words("calibration.correction", id=item.id, what=_what(one), who=one.who, why=one.why)
    if not item.reverted_by:
        return head
    return head + words("calibration.by", who=item.reverted_by, why=item.reverted_why)


def proposal_text(proposal: CorrectionProposal, key: str, words: Words) -> str:
    """A correction or its reversal, with its effect on the hours.

    Parameters
    ----------
    proposal : CorrectionProposal
    key : str
        ``would_correct``, ``corrected``, ``would_revert`` or ``reverted``.
    words : Words
        Of the commands.
    """
    head = f"{words(f'calibration.{key}', number=proposal.number)}: {_what(proposal.correction)}"
    if proposal.mean_before is None or proposal.mean_after is None or proposal.largest_change is None:
        return f"{head}\n{words('calibration.no_values')}"
    sign = 1 if key in {"would_correct", "corrected"} else -1
    before, after = (proposal.mean_before, proposal.mean_after)[::sign]
    effect = words(
        "calibration.effect",
        hours=proposal.hours,
        before=number_text(before, words.language),
        after=number_text(after, words.language),
        change=f"{sign * proposal.largest_change:+.4g}",
    )
    is_done = key in {"corrected", "reverted"}
    return "\n".join([head, effect, *([words("calibration.next")] if is_done else [])])


def _what(one: Correction) -> str:
    return (
        f"{one.network}/{one.station_id}/{one.instrument_id} {one.parameter} {one.start:%Y-%m-%dT%H:%MZ} .. "
        f"{one.end:%Y-%m-%dT%H:%MZ}, zero {one.zero_start:.4g} .. {one.zero_end:.4g}, gain {one.gain_start:.4g} .. {one.gain_end:.4g}"
    )
