"""How sure a case is: the grade, and what it rests on, in short. Pure.

The grade counts reasons for doubt, it is no probability: suspect values, completeness under 20 of 24 values (GB 3095-2012
table 4, as a ratio), no station near that rose as well, instruments of one station that disagree. None, and a neighbour or a second
instrument that agrees: high; one, or nothing to compare with: medium; more: low. A probable fault is low, a measured silence high.
Of a forecast it is where the threshold lies in the band.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from alerts.mail.line.quantity import decimals_of
from alerts.mail.view.case_mail import MailNews
from alerts.wording import number_text
from schemas.alert_case import CaseKind
from schemas.reason import reason_of
from schemas.words import render

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.mail.line.draft import MailDraft
    from alerts.mail.view.case_mail import CaseMail
    from alerts.mail.view.finding import DataQuality
    from alerts.mail.view.mail_value import LeadValue

COMPLETE_SHARE = 20 / 24
SURE, LIKELY = 0.9, 0.7
"""Probabilities from which a verdict is of high and of medium certainty [1]. Project's choice."""
SHOWN_REASONS = 2
MINUTE = timedelta(minutes=1)


class CertaintyGround(NamedTuple):
    """One thing that was checked; ``is_doubt`` None: undetermined."""

    text: str
    is_doubt: bool | None


def grade_of(view: CaseMail) -> str:
    """``high``, ``medium`` or ``low``."""
    is_measured = view.kind in {CaseKind.LINE, CaseKind.SYSTEM} or view.is_silent_station
    if is_measured or view.news is MailNews.WITHDRAWN:
        return "high"
    if (view.kind is CaseKind.FAULT or view.news is MailNews.MOVED) and view.verdict is not None:
        return _by_probability(view.verdict.probability)
    if view.kind in {CaseKind.FORECAST, CaseKind.WARNING}:
        return _by_band(view.lead)
    return _by_doubts(view)


def _by_probability(probability: float) -> str:
    if probability >= SURE:
        return "high"
    return "medium" if probability >= LIKELY else "low"


def _by_band(lead: LeadValue | None) -> str:
    if lead is None or not lead.forecast or lead.threshold is None:
        return "medium"
    limit = lead.threshold
    if any(item.low is not None and item.low > limit for item in lead.forecast):
        return "high"
    return "medium" if any(item.median > limit for item in lead.forecast) else "low"


def _by_doubts(view: CaseMail) -> str:
    quality = view.quality
    if quality is None or (view.verdict is not None and view.verdict.is_fault):
        return "low"
    doubts = sum(
        (
            quality.suspect > 0,
            _completeness(quality) < COMPLETE_SHARE,
            quality.near_total > 0 and quality.near_beyond == 0,
            quality.do_agree is False,
        )
    )
    is_confirmed = quality.near_beyond > 0 or quality.do_agree is True
    if doubts == 0:
        return "high" if is_confirmed else "medium"
    return "medium" if doubts == 1 else "low"


def _completeness(quality: DataQuality) -> float:
    return quality.observed / quality.expected if quality.expected else 1.0


def grounds_of(draft: MailDraft) -> list[CertaintyGround]:
    """What the grade rests on, in the reader's language."""
    view = draft.view
    if view.news is MailNews.WITHDRAWN:
        return [CertaintyGround(draft.t("sure.withdrawn"), is_doubt=False)]
    if view.news is MailNews.MOVED:
        return [item._replace(is_doubt=False) for item in _of_verdict(draft)]
    if view.silence is not None:
        return list(_of_silence(draft))
    if view.kind is CaseKind.SYSTEM or view.is_silent_station:
        return [CertaintyGround(draft.t("sure.measured"), is_doubt=False)]
    found = list(_of_quality(draft, view.quality)) if view.quality else []
    if view.kind in {CaseKind.FORECAST, CaseKind.WARNING}:
        found.append(CertaintyGround(_outlook(draft), None))
    if view.kind is not CaseKind.FAULT:
        return [*found, *_of_verdict(draft)]
    # what would be a doubt about an event supports a fault
    return [item._replace(is_doubt=False) for item in (*_of_verdict(draft), *found)]


def _outlook(draft: MailDraft) -> str:
    """What a forecast or a proposed warning rests on."""
    warning = draft.view.warning
    if draft.view.lead is None and warning is not None and warning.observed_h is not None:
        return draft.t("sure.proposal", observed=warning.observed_h, forecast=warning.forecast_h or 0)
    return draft.t(f"sure.band_{grade_of(draft.view)}")


def _of_silence(draft: MailDraft) -> Iterator[CertaintyGround]:
    silence = draft.view.silence
    assert silence is not None, "asked of a silence only"
    if silence.within is not None and silence.silent > 1:
        key = "sure.together" if silence.within >= MINUTE else "sure.at_once"
        text = draft.t(key, count=silence.silent, length=draft.length(silence.within))
        yield CertaintyGround(text, is_doubt=False)
    if silence.others:
        yield CertaintyGround(draft.t("sure.others_report", count=silence.others), is_doubt=False)


def _of_quality(draft: MailDraft, quality: DataQuality) -> Iterator[CertaintyGround]:
    t = draft.t
    if draft.view.lead is not None and any(
        item is not None and item.is_at_least for item in (draft.lead.extreme, draft.lead.latest)
    ):
        yield CertaintyGround(t("sure.over_range"), None)
    if quality.suspect:
        yield CertaintyGround(t("sure.suspect", suspect=quality.suspect, total=quality.total), is_doubt=True)
    elif quality.passed < quality.total:
        yield CertaintyGround(t("sure.untested", passed=quality.passed, total=quality.total), None)
    elif quality.total:
        yield CertaintyGround(t("sure.passed", total=quality.total), is_doubt=False)
    if quality.do_agree is not None:
        key = "sure.agree" if quality.do_agree else "sure.disagree"
        yield CertaintyGround(
            t(
                key,
                count=len(quality.instruments),
                agreeing=quality.agreeing,
                values=_values(draft, quality.instruments),
            ),
            not quality.do_agree,
        )
    if quality.near_total:
        key = "sure.near" if quality.near_beyond else "sure.alone"
        figures = {"count": quality.near_beyond, "total": quality.near_total, "radius": round(quality.radius_km)}
        yield CertaintyGround(t(key, **figures), quality.near_beyond == 0)
    share = _completeness(quality)
    if share < COMPLETE_SHARE:
        yield CertaintyGround(t("sure.incomplete", observed=quality.observed, expected=quality.expected), is_doubt=True)


def _values(draft: MailDraft, values: tuple[float, ...]) -> str:
    decimals = draft.view.lead.decimals if draft.view.lead else 1
    return " / ".join(number_text(item, decimals_of(item, decimals), draft.language) for item in values)


def _of_verdict(draft: MailDraft) -> Iterator[CertaintyGround]:
    verdict = draft.view.verdict
    if verdict is None:
        return
    word = {True: "fault", False: "event", None: "undecided"}[verdict.is_fault]
    reasons = draft.listed(
        render(reason_of(item.key or "", item.figures), draft.language) for item in verdict.reasons[:SHOWN_REASONS]
    )
    text = draft.t(f"sure.{word}", percent=verdict.percent)
    yield CertaintyGround(f"{text}{draft.t('colon')}{reasons}" if reasons else text, verdict.is_fault is not False)
