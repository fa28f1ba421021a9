"""The six lines of a mail, in this order: what, how sure, why, what to do, who, still so. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from alerts.mail.line.action import actions
from alerts.mail.line.certainty import grade_of, grounds_of
from alerts.mail.line.still import still
from alerts.mail.line.what import what
from alerts.mail.view.case_mail import MailNews
from alerts.wording import without_stop
from analysis.receptor.wind import CALM_BELOW_M_S, SECTORS, sector_code
from schemas.alert_case import CaseKind
from schemas.reason import reason_of
from schemas.words import name_of, render, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alerts.mail.line.draft import MailDraft
    from alerts.mail.view.finding import FailedTest
    from alerts.mail.view.mail_value import WindValue

NUMBERS = "①②③④⑤"
SHOWN_GROUNDS = 3
LONGEST_REPORT = 200
"""Characters of a report of the system that a line holds; longer ones stand below."""
SHOWN_TESTS = 2


class MailLine(NamedTuple):
    """A line: its key (``what``, ``sure``, ``why``, ``act``, ``who``, ``still``), its label, its text."""

    key: str
    label: str
    text: str


def six_lines(draft: MailDraft) -> tuple[MailLine, ...]:
    """The lines in the reader's language."""
    texts = {
        "what": what(draft),
        "sure": sure(draft),
        "why": why(draft),
        "act": _numbered(actions(draft)),
        "who": who(draft),
        "still": still(draft),
    }
    return tuple(MailLine(key, draft.t(f"label.{key}"), draft.begun(text)) for key, text in texts.items())


def _numbered(steps: Sequence[str]) -> str:
    """The steps in their order; a single one has no number."""
    if len(steps) == 1:
        return steps[0]
    return " ".join(f"{sign} {item}" for sign, item in zip(NUMBERS, steps, strict=False))


def sure(draft: MailDraft) -> str:
    """Grade, and what it rests on."""
    grounds = [item.text for item in grounds_of(draft)[:SHOWN_GROUNDS]]
    grade = draft.t(f"grade.{grade_of(draft.view)}")
    return grade + (draft.t("colon") + draft.joined(grounds) if grounds else "")


def why(draft: MailDraft) -> str:
    """Cause: why it was withdrawn or resolved, else the case file's first line, else what is known of wind and companions."""
    view, t = draft.view, draft.t
    if view.reason is not None:
        return render(reason_of(view.reason.key or "", view.reason.figures), draft.language)
    if view.kind in _OWN_CAUSES:
        return _own_cause(draft)
    if view.warning is not None:
        return t("why.proposal", edition=view.warning.edition)
    if view.kind is CaseKind.FORECAST:
        return draft.joined([t("why.forecast"), wind_text(draft)])
    if view.case_file is None:
        return draft.joined([_rain(draft) or t("why.none"), wind_text(draft)])
    answer = without_stop(view.case_file.case.answer.text(draft.language), draft.language)
    return answer if view.case_file.case.bearing is not None else draft.joined([answer, wind_text(draft)])


_OWN_CAUSES = {CaseKind.LINE, CaseKind.SYSTEM, CaseKind.FAULT}


def _own_cause(draft: MailDraft) -> str:
    view, t = draft.view, draft.t
    if view.is_silent_station:
        return t("why.silent")
    if view.kind is CaseKind.LINE:
        return t("why.line")
    if view.kind is CaseKind.SYSTEM:
        return _reported(draft)
    failed = view.fault.failed if view.fault else ()
    return draft.joined(failed_text(draft, item) for item in failed[:SHOWN_TESTS]) or t("why.fault")


_FAILED = {
    (False, True): "failed.readings",
    (False, False): "failed.readings_suspect",
    (True, True): "failed.hours",
    (True, False): "failed.hours_suspect",
}


def failed_text(draft: MailDraft, item: FailedTest) -> str:
    """A test that an instrument failed, how often and since when."""
    return draft.t(
        _FAILED[item.is_hourly, item.is_fail],
        test=name_of(item.test, draft.language),
        count=item.count,
        when=draft.clock(item.since),
    )


def failure_text(draft: MailDraft) -> str:
    """What a part of the system reported; empty for other cases."""
    failure = draft.view.failure
    if failure is None:
        return ""
    reason = failure.reason
    text = render(reason_of(reason.key or "", reason.figures), draft.language) if reason else failure.detail
    return text.strip()


def _reported(draft: MailDraft) -> str:
    """The report itself where it is short; of stations without data what keeps their readings."""
    failure, t = draft.view.failure, draft.t
    if failure is None or failure.stations:
        return t("why.system")
    text = failure_text(draft)
    is_short = bool(text) and "\n" not in text and len(text) <= LONGEST_REPORT
    return without_stop(text, draft.language) if is_short else t("why.report")


def _rain(draft: MailDraft) -> str:
    """What rain says of a dose rate; empty for other cases, and where it is not known."""
    view, t = draft.view, draft.t
    if view.kind is not CaseKind.RADIATION or view.dry_for is None:
        return ""
    return t("why.dry", length=draft.length(view.dry_for)) if view.dry_for else t("why.rain")


def wind_text(draft: MailDraft, wind: WindValue | None = None) -> str:
    """``Wind from WNW (292°), 3.2 m/s``; by default the wind now, else as the case began; empty where it is not known."""
    shown = wind or draft.view.wind or draft.view.wind_at_begin
    if shown is None:
        return ""
    speed = f"{shown.speed_m_s:.1f}"
    if shown.speed_m_s < CALM_BELOW_M_S:
        return draft.t("calm", speed=speed)
    sector = sector_code(round(shown.from_deg / (360 / SECTORS)) % SECTORS)
    name = words(draft.language, "word.sector")(sector)
    return draft.t("wind", sector=name, degrees=round(shown.from_deg) % 360, speed=speed)


def who(draft: MailDraft) -> str:
    """Who has the case, who knows of it, who is next."""
    people, t = draft.view.people, draft.t
    parts = [_owner(draft)]
    notified = draft.listed(
        t("who.team", name=item.name.of(draft.language), count=item.count)
        if item.count > 1
        else item.name.of(draft.language)
        for item in people.notified
    )
    if notified:
        parts.append(t("who.notified", names=notified))
    is_waiting = people.taken_by is None and not draft.view.is_over
    if is_waiting and people.next_person is not None and people.next_at is not None:
        parts.append(t("who.next", when=draft.clock(people.next_at), name=people.next_person.of(draft.language)))
    return draft.joined(parts)


def _owner(draft: MailDraft) -> str:
    people, t = draft.view.people, draft.t
    if people.taken_by is None and people.assigned_to is not None:
        return t("who.assigned", name=people.assigned_to.of(draft.language))
    if people.taken_by is None:
        if draft.view.news is MailNews.ESCALATED and people.waited is not None:
            return t("who.waited", length=draft.length(people.waited))
        return t("who.open")
    when = draft.clock(people.taken_at) if people.taken_at else ""
    if people.is_reader:
        return t("who.reader", when=when)
    return t("who.taken", name=people.taken_by.of(draft.language), when=when)
