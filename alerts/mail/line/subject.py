"""The subject: severity, place, parameter, value with arrow and limit, since when, local or regional, who has it. Pure.

At most 60 characters. A Chinese letter counts one, a mark that combines with the letter before it none (`subject_width`). Where a
subject is too long, its parts take shorter forms in a fixed order, and at last names are cut; figures never are.
"""

from __future__ import annotations

import unicodedata
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from alerts.mail.line.reach import reach_forms
from alerts.mail.line.tendency import ARROWS
from alerts.mail.view.case_mail import MailNews
from alerts.wording import tight, without_addition
from schemas.alert_case import CaseKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from alerts.mail.line.draft import MailDraft

WIDTH = 60
LEAST_NAME = 2
SHORT_NAME = 5
"""Characters of a cut name, without the sign that says so; shorter names are never cut."""
CUT = "…"
DAYS_FROM_H = 72
"""Longer times are written in days."""
LAST = -1
"""Number of the form that is taken at last."""


class _Part(NamedTuple):
    """A part of the subject: its forms, the longest first. ``{}`` in a form is the name, which may be cut.

    ``last`` is a form that is taken only where cut names do not suffice.
    """

    forms: tuple[str, ...]
    name: str = ""
    last: str | None = None


def subject_width(text: str) -> int:
    r"""Width of a subject in characters.

    Examples
    --------
    >>> subject_width("[严重] PM2.5"), subject_width("e\u0301")
    (10, 1)
    """
    return sum(unicodedata.category(letter) not in {"Mn", "Me", "Cf"} for letter in text)


def subject(draft: MailDraft) -> str:
    """Subject of a mail, on one line."""
    label = _forms(f"[{label_text(draft)}]", f"[{brief_label(draft)}]")
    if draft.view.is_over:
        has_ended = draft.view.news in {MailNews.ENDED, MailNews.ENDED_LATE}
        label = label._replace(last=f"[{draft.t('label.ended')}]" if has_ended else None)
    head, *groups = _parts(draft)
    text = _fitted([(label, *head), *groups], draft.t("subject.bar"))
    return tight(text)


def subject_figures(draft: MailDraft, width: int = WIDTH) -> str:
    """The subject's first part without its label: place, parameter, value with arrow and limit, since when.

    Parameters
    ----------
    draft : MailDraft
    width : int
        Characters at most, as far as figures are not cut.
    """
    head, *_ = _parts(draft)
    return tight(_fitted([head], draft.t("subject.bar"), width))


def label_text(draft: MailDraft) -> str:
    """Severity, or what became of the case, as the subject and the head of the mail show it."""
    view, t = draft.view, draft.t
    if view.warning is not None:
        return _proposal_label(draft, "proposal")
    severity = t(f"severity_{view.severity}")
    if view.news in _OWN_LABELS:
        return t(f"label.{view.news}")
    if view.is_over or view.is_back:
        return t("label.ended" if view.is_over else "label.back")
    if view.news in _JOINED_LABELS:
        return t("label.joined", severity=severity, news=t(f"label.{view.news}"))
    if (
        view.kind in {CaseKind.FAULT, CaseKind.SYSTEM, CaseKind.FORECAST, CaseKind.WARNING}
        and not view.is_silent_station
    ):
        return t("label.joined", severity=severity, news=t(f"label.{view.kind}"))
    return severity


_OWN_LABELS = {
    MailNews.AMENDED,
    MailNews.WITHDRAWN,
    MailNews.MOVED,
    MailNews.ENDED,
    MailNews.ENDED_LATE,
    MailNews.RESOLVED,
}
_JOINED_LABELS = {MailNews.RAISED, MailNews.REOPENED, MailNews.ESCALATED, MailNews.REMINDED, MailNews.ASSIGNED}


def _proposal_label(draft: MailDraft, kind: str) -> str:
    warning, t = draft.view.warning, draft.t
    assert warning is not None, "asked of a proposal only"
    return t("label.proposal", act=t(f"label.{kind}_{warning.act}"), level=t(f"label.{warning.level}"))


def brief_label(draft: MailDraft) -> str:
    """The label without the news: the severity is in every subject."""
    view = draft.view
    if view.warning is not None:
        return _proposal_label(draft, "brief")
    has_own = view.is_over or view.is_back or view.news in _OWN_LABELS
    return label_text(draft) if has_own else draft.t(f"severity_{view.severity}")


def _fitted(groups: list[tuple[_Part, ...]], bar: str, width: int = WIDTH) -> str:
    """The longest forms that fit; groups are joined by the bar, parts of a group by a space."""
    chosen = [[0] * len(group) for group in groups]

    def text(cut: int | None = None) -> str:
        written = [
            " ".join(_form(part, number, cut) for part, number in zip(group, numbers, strict=True))
            for group, numbers in zip(groups, chosen, strict=True)
        ]
        return bar.join(item for item in (" ".join(line.split()) for line in written) if item)

    # the last groups lose first: cause, then who has it, then since when
    for row in (*range(1, len(groups)), 0):
        for column in reversed(range(len(groups[row]))):
            while subject_width(text()) > width and chosen[row][column] + 1 < len(groups[row][column].forms):
                chosen[row][column] += 1
    names = [part.name for group in groups for part in group]
    found = _cut_names(text, names, width)
    if subject_width(found) > width:
        for group, numbers in zip(groups, chosen, strict=True):
            numbers[:] = [
                LAST if part.last is not None else number for part, number in zip(group, numbers, strict=True)
            ]
        found = _cut_names(text, names, width)
    return found


def _cut_names(text: Callable[[int | None], str], names: list[str], width: int) -> str:
    """The text with its names cut to the longest length at which it fits."""
    if subject_width(text(None)) <= width:
        return text(None)
    longest = max(map(subject_width, names), default=0)
    lengths = range(longest, LEAST_NAME, -1)
    return next((text(length) for length in lengths if subject_width(text(length)) <= width), text(LEAST_NAME))


def _form(part: _Part, number: int, cut: int | None) -> str:
    name = part.name
    if cut is not None and subject_width(name) > cut:
        name = without_addition(name)
    if cut is not None and subject_width(name) > max(cut + 1, SHORT_NAME):
        name = name[:cut].rstrip() + CUT
    form = part.last if number == LAST and part.last is not None else part.forms[number]
    return form.replace("{}", name)


def brief_length(duration: timedelta) -> str:
    """Length of a time in one unit, by its symbol.

    Examples
    --------
    >>> [brief_length(timedelta(minutes=minutes)) for minutes in (35, 188, 7_000)]
    ['35 min', '3 h', '5 d']
    """
    minutes = round(duration / timedelta(minutes=1))
    if minutes < 60:  # noqa: PLR2004 - an hour
        return f"{minutes} min"
    hours = round(minutes / 60)
    return f"{hours} h" if hours < DAYS_FROM_H else f"{round(hours / 24)} d"


def _plain(text: str) -> str:
    """On one line: a name may hold line ends, which a header must not."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _name(text: str, *forms: str) -> _Part:
    """A name that may be cut, in texts with ``{}`` for it."""
    return _Part(tuple(dict.fromkeys(forms)) or ("{}",), name=_plain(text).replace("{}", ""))


def _forms(*texts: str) -> _Part:
    return _Part(tuple(dict.fromkeys(_plain(text).replace("{}", "") for text in texts)))


def _place(draft: MailDraft) -> _Part:
    """The station, or the city and how many stations: these figures are not cut with the name."""
    view, t = draft.view, draft.t
    cities, count = view.cities, len(view.stations)
    if count < 2 or not cities or view.silence is not None:  # noqa: PLR2004 - several stations
        return _name(draft.place())
    many = t("place.cities", city="{}", cities=len(cities), count=count)
    few = t("place.stations", city="{}", count=count)
    return _name(
        cities[0].of(draft.language),
        many if len(cities) > 1 else few,
        t("place.brief", city="{}", count=count),
    )


def _parts(draft: MailDraft) -> list[tuple[_Part, ...]]:
    view = draft.view
    is_measured = view.kind in {CaseKind.POLLUTION, CaseKind.RADIATION}
    if view.is_back and view.lead is not None and view.news not in _OWN_LABELS:
        return _ended(draft)
    if is_measured and view.news in {MailNews.ENDED, MailNews.ENDED_LATE} and view.lead is not None:
        return _ended(draft)
    figures = _FIGURES.get(view.kind, _value)(draft)
    if view.is_over:
        brief = draft.t("subject.moved_brief") if view.news is MailNews.MOVED else ""
        return [figures, (_forms(_result(draft), brief),)]
    return [figures, (_forms(*reach_forms(draft)),), _who(draft)]


def _result(draft: MailDraft) -> str:
    """What became of a case that is over, in a few words."""
    view, t = draft.view, draft.t
    if view.news is MailNews.MOVED:
        return t("subject.moved")
    if view.news is MailNews.WITHDRAWN:
        return t("subject.withdrawn")
    if view.ended_at is None:
        return t("subject.resolved")
    if view.ended_at <= view.since:
        return t("subject.not_expected")
    return t("subject.lasted", length=brief_length(view.ended_at - view.since))


def _value(draft: MailDraft) -> tuple[_Part, ...]:
    """Place, parameter, value with arrow and limit, since when."""
    view, t = draft.view, draft.t
    if view.lead is None:
        return (_place(draft), _since(draft))
    lead = view.lead
    shown = draft.value_now or draft.extreme
    arrow = "" if view.is_over else ARROWS[draft.tendency]
    value = draft.shown(shown)
    if view.news is MailNews.AMENDED and view.changes:
        value, arrow = _changed(draft), ""
    key = "subject.below" if lead.is_below else "subject.limit"
    figure = t(key, value=value + arrow, limit=draft.limit) if lead.threshold is not None else value + arrow
    most = t("subject.most", value=figure) if len(view.stations) > 1 else figure
    return (_place(draft), _name(draft.parameter()), _forms(most, figure), _since(draft))


def _changed(draft: MailDraft) -> str:
    from alerts.mail.view.mail_value import MailValue

    change = draft.view.changes[0]
    before, after = (draft.shown(MailValue(value=item)) for item in (change.before, change.after))
    return draft.t("subject.changed", before=before, after=after)


def _since(draft: MailDraft) -> _Part:
    when = draft.clock(draft.view.since)
    day = when.partition(" ")[0]
    is_old = draft.view.now - draft.view.since > timedelta(days=1)
    return _forms(draft.t("subject.since", when=when), when, *([day] if is_old else []))._replace(last=day)


def _ended(draft: MailDraft) -> list[tuple[_Part, ...]]:
    """``PM2.5 peak 299 · 11-27 20:00–01:00 over 150 for 5 h · now 25``."""
    view, t, lead = draft.view, draft.t, draft.lead
    ended = view.ended_at or view.back_at or view.now
    first = draft.clock(view.since)
    last = f"{ended.astimezone(view.zone):%H:%M}"
    if ended.astimezone(view.zone).date() != view.since.astimezone(view.zone).date():
        last = draft.clock(ended)
    length = brief_length(lead.beyond if lead.beyond is not None else ended - view.since)
    key = "subject.beyond_below" if lead.is_below else "subject.beyond"
    span = t(key, first=first, last=last, limit=draft.limit, length=length)
    brief, last_form = (
        t(f"{key}_brief", first=item, limit=draft.limit, length=length) for item in (first, first.partition(" ")[0])
    )
    now = t("subject.now", value=draft.shown(lead.latest)) if lead.latest else ""
    peak = t("subject.lowest" if lead.is_below else "subject.peak", value=draft.shown(draft.extreme))
    dot = t("subject.dot")
    whole, briefer, least = (f"{dot}{item}{dot if now else ''}{now}" for item in (span, brief, last_form))
    when = _forms(whole, briefer)._replace(last=_plain(least))
    return [(_place(draft), _name(draft.parameter()), _forms(peak), when)]


def _silence(draft: MailDraft) -> tuple[_Part, ...]:
    silence = draft.view.silence
    if silence is None:
        return (_place(draft), _since(draft))
    key = "subject.silent_all" if silence.silent == silence.total else "subject.silent"
    figures = {"silent": silence.silent, "total": silence.total}
    counts = _forms(draft.t(key, **figures), draft.t("subject.silent_brief", **figures))
    return (_place(draft), counts, _since(draft))


def _failure(draft: MailDraft) -> tuple[_Part, ...]:
    failure = draft.view.failure
    if failure is None:
        return _silence(draft)
    stations = draft.t("subject.stations_dark", count=failure.stations) if failure.stations else ""
    return (_name(failure.title.of(draft.language)), _forms(stations), _since(draft))


def _fault(draft: MailDraft) -> tuple[_Part, ...]:
    view = draft.view
    if view.is_silent_station:
        return (_place(draft), _forms(draft.t("subject.silent_station")), _since(draft))
    instrument = view.fault.instrument_id if view.fault else ""
    parameter = draft.parameter() if view.lead else ""
    value = draft.shown(view.lead.latest) if view.lead and view.lead.latest else ""
    return (_place(draft), _name(instrument), _name(parameter, f"{{}} {value}"), _since(draft))


def _forecast(draft: MailDraft) -> tuple[_Part, ...]:
    if draft.view.lead is None:
        return (_place(draft), _since(draft))
    t, lead = draft.t, draft.lead
    value = t("subject.expected", value=draft.shown(lead.extreme), limit=draft.limit)
    return (_place(draft), _name(draft.parameter()), _forms(value), _since(draft))


def _proposal(draft: MailDraft) -> tuple[_Part, ...]:
    view, t = draft.view, draft.t
    if view.warning is None:
        return (_place(draft), _since(draft))
    first, last = (item.astimezone(view.zone) for item in (view.warning.first, view.warning.last))
    span = _forms(f"{first:%m-%d %H:%M}–{last:%m-%d %H:%M}", f"{first:%m-%d}–{last:%m-%d}")
    place = draft.listed(item.of(draft.language) for item in view.cities) or draft.place()
    aqi = [] if view.warning.aqi is None else [_forms(t("subject.aqi", value=round(view.warning.aqi)))]
    return (_name(place), *aqi, span)


def _who(draft: MailDraft) -> tuple[_Part, ...]:
    people, t = draft.view.people, draft.t
    if draft.view.kind is CaseKind.WARNING:
        return (_forms(t("subject.to_issue"), t("subject.to_issue_brief")),)
    if people.taken_by is None:
        return (_forms(t("subject.open"), t("subject.open_brief")),)
    return (_name(people.taken_by.of(draft.language), t("subject.taken", name="{}"), t("subject.taken_brief")),)


_FIGURES: dict[CaseKind, Callable[[MailDraft], tuple[_Part, ...]]] = {
    CaseKind.LINE: _silence,
    CaseKind.SYSTEM: _failure,
    CaseKind.FAULT: _fault,
    CaseKind.FORECAST: _forecast,
    CaseKind.WARNING: _proposal,
}
