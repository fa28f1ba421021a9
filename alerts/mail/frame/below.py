"""What a mail shows below the six lines: grounds, stations, the case file's figures, the history, the source of the rule. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from alerts.mail.line.certainty import CertaintyGround, grounds_of
from alerts.mail.line.lines import failed_text, wind_text
from alerts.mail.line.quantity import figure, with_unit
from alerts.mail.line.tendency import ARROWS
from alerts.mail.view.case_mail import MailNews
from alerts.mail.view.mail_value import MailValue
from alerts.mail.view.station import StationState
from analysis.case.case_file import stated_shares
from analysis.report.case_text import answer_confidence, basis_text
from schemas.alert_case import CaseKind
from schemas.reason import reason_of
from schemas.words import render, words
from schemas.words.message import unit_text

if TYPE_CHECKING:
    from alerts.mail.line.draft import MailDraft
    from alerts.mail.view.finding import FailedTest
    from alerts.mail.view.mail_value import WindValue
    from alerts.mail.view.people import HistoryStep
    from alerts.mail.view.station import CaseStation

MOST_STATIONS = 12
MOST_BARS = 4
MOST_STEPS = 8
MOST_REMEDIES = 3


class Headline(NamedTuple):
    """The large figure with its unit and arrow, and the line below it; empty texts where a case has no value."""

    figure: str
    unit: str
    arrow: str
    below: str


class StationRow(NamedTuple):
    """A station of the table."""

    name: str
    state: str
    state_key: str
    peak: str
    latest: str
    since: str


class Bar(NamedTuple):
    """A share with its 90 % interval [%]."""

    name: str
    percent: int
    interval: str


class FileFigures(NamedTuple):
    """The case file in a mail: first line, confidence, figures."""

    answer: str
    confidence: str
    basis: str
    kinds: list[Bar]
    shares: list[Bar]


class HistoryLine(NamedTuple):
    """A step of the history."""

    when: str
    text: str


def headline(draft: MailDraft) -> Headline:
    """The figure of the mail: the value now, of many stations the worst one, after the end the extreme, of a silence the counts."""
    view, t = draft.view, draft.t
    if view.warning is not None and view.warning.aqi is not None:
        return Headline(str(round(view.warning.aqi)), "AQI", "", t("evidence.aqi"))
    if view.silence is not None:
        return Headline(f"{view.silence.silent}/{view.silence.total}", t("station.silent"), "", "")
    lead = view.lead
    if lead is None:
        return Headline("", "", "", "")
    now = draft.value_now
    is_peak = view.is_over or now is None or view.kind is CaseKind.FORECAST
    shown = draft.extreme if is_peak and draft.extreme is not None else now
    arrow = "" if is_peak or view.worst_now else ARROWS[draft.tendency]
    key = "evidence.against_below" if lead.is_below else "evidence.against"
    below = [t(key, limit=draft.limit_quantity)] if lead.threshold is not None else []
    if is_peak and view.kind is not CaseKind.FORECAST:
        below.insert(0, t("evidence.peak"))
    elif view.worst_now is not None and not lead.is_below:
        below.insert(0, t("evidence.highest_now"))
    return Headline(draft.shown(shown), unit_text(lead.unit), arrow, " · ".join(below))


def as_of(draft: MailDraft) -> str:
    """Up to when the data go, and the zone of all times."""
    view = draft.view
    at = view.lead.latest.at if view.lead and view.lead.latest and view.lead.latest.at else view.now
    local = at.astimezone(view.zone)
    offset = f"{local:%z}"
    return draft.t("evidence.as_of", when=f"{local:%Y-%m-%d %H:%M}", zone=f"UTC{offset[:3]}:{offset[3:]}")


def grounds(draft: MailDraft) -> list[CertaintyGround]:
    """All grounds of the certainty; the six lines have the first three."""
    return [item._replace(text=draft.begun(item.text)) for item in grounds_of(draft)]


def conditions(draft: MailDraft) -> list[str]:
    """Wind as the case began and now, and what is usual at this hour; what is not known, and of no use any more, is left out."""
    view, t = draft.view, draft.t
    if view.news in {MailNews.WITHDRAWN, MailNews.MOVED}:
        return []
    found = []
    if view.wind_at_begin is not None:
        when = draft.clock(view.wind_at_begin.at or view.since)
        found.append(t("condition.wind_begin", when=when, wind=_wind(draft, view.wind_at_begin)))
    if view.wind is not None and view.wind.at is not None and not view.is_over:
        age = draft.moment_age(view.wind.at)
        found.append(t("condition.wind_now", age=age, wind=_wind(draft, view.wind)))
    usual = view.lead.usual if view.lead else None
    if usual is not None:
        low, median, high = (MailValue(value=item) for item in (usual.low, usual.median, usual.high))
        text = t(
            "condition.usual",
            first=_hour(usual.first_h, draft),
            last=_hour(usual.last_h, draft),
            value=draft.quantity(median),
            low=draft.shown(low),
            high=draft.shown(high),
            count=usual.count,
            days=usual.days,
        )
        found.append(text)
    return [draft.begun(item) for item in found]


def _hour(hour: int, draft: MailDraft) -> str:
    return str(hour) if draft.language == "zh" else f"{hour:02}:00"


def _wind(draft: MailDraft, wind: WindValue) -> str:
    text = wind_text(draft, wind)
    if wind.station is None or wind.distance_km is None:
        return text
    return draft.t(
        "condition.wind_from", wind=text, station=wind.station.of(draft.language), km=round(wind.distance_km)
    )


def failed_tests(draft: MailDraft) -> list[str]:
    """Tests that the instrument of a fault failed, each with its newest reason, and what to do about them."""
    view = draft.view
    failed = view.fault.failed if view.fault else ()
    found = [_failed_test(draft, item) for item in failed]
    remedies = dict.fromkeys(key for item in failed if (key := _REMEDIES.get(item.test)))
    if remedies and not view.is_over:
        steps = draft.joined(draft.t(f"remedy.{key}") for key in list(remedies)[:MOST_REMEDIES])
        found.append(draft.t("remedy.line", steps=steps))
    return found


def _failed_test(draft: MailDraft, item: FailedTest) -> str:
    text = draft.begun(failed_text(draft, item))
    if item.reason.key is None:
        return text
    return text + draft.t("colon") + render(reason_of(item.reason.key, item.reason.figures), draft.language)


_REMEDIES = {
    **dict.fromkeys(("calibration", "target_gas", "voc_pattern"), "calibration"),
    **dict.fromkeys(("flat_line", "hourly_flat", "resolution", "rollover"), "frozen"),
    **dict.fromkeys(("gross_range", "climatology", "detection_limit"), "range"),
    **dict.fromkeys(("gap", "completeness"), "gap"),
    **dict.fromkeys(("drift", "buddy", "spatial_consistency", "step", "attenuated_signal", "pm_inversion"), "inlet"),
    "status": "status",
    "clock": "clock",
}
"""What an operator does about a test, by its name; the project's choice."""


def station_rows(draft: MailDraft) -> list[StationRow]:
    """Stations of a case of several, the worst first; empty for one."""
    if len(draft.view.stations) < 2:  # noqa: PLR2004 - several
        return []
    return [_row(draft, item) for item in draft.view.stations[:MOST_STATIONS]]


def _row(draft: MailDraft, item: CaseStation) -> StationRow:
    lead = draft.view.lead
    values = [
        "" if lead is None or value is None else figure(value, lead.decimals, draft.language, lead.threshold)
        for value in (item.extreme, item.latest)
    ]
    since = draft.clock(item.since) if item.since else ""
    is_silence = draft.view.silence is not None or draft.view.is_silent_station
    word = "heard" if is_silence and item.state is StationState.BACK else item.state
    return StationRow(
        item.name.of(draft.language), draft.t(f"station.{word}"), item.state.value, values[0], values[1], since
    )


def left_off(draft: MailDraft) -> str:
    """How many stations the table leaves off; empty for none."""
    rest = len(draft.view.stations) - MOST_STATIONS
    return draft.t("evidence.more", count=rest) if rest > 0 else ""


def file_figures(draft: MailDraft) -> FileFigures | None:
    """The case file's first line and figures; None without one, and of a fault: its kinds of event would stand against the verdict."""
    stored = draft.view.case_file
    if stored is None or draft.view.kind is CaseKind.FAULT:
        return None
    case = stored.case
    kinds, sources = words(draft.language, "word.event_kind"), words(draft.language, "word.source_kind")
    return FileFigures(
        answer=case.answer.text(draft.language),
        confidence=answer_confidence(case, draft.language),
        basis=basis_text(case, draft.language, draft.view.zone),
        kinds=[
            Bar(kinds.get(item.kind, item.kind), min(round(100 * item.probability), 99), "")
            for item in sorted(case.kinds, key=lambda item: -item.probability)[:3]
            if round(100 * item.probability)
        ],
        shares=[
            Bar(
                sources.get(item.kind, item.kind),
                round(item.percent.value),
                f"{max(item.percent.low, 0):.0f}–{min(item.percent.high, 100):.0f}",
            )
            for item in stated_shares(case.sources)[:MOST_BARS]
        ],
    )


def history(draft: MailDraft) -> list[HistoryLine]:
    """The newest steps of the case, ascending."""
    view, t = draft.view, draft.t
    found = []
    for item in view.history[-MOST_STEPS:]:
        parts = [_step_text(draft, item)]
        if item.value is not None and view.lead is not None:
            parts.append(
                with_unit(figure(MailValue(value=item.value), view.lead.decimals, draft.language), view.lead.unit)
            )
        if item.stations is not None and not item.ended:
            parts.append(t("step.stations", count=item.stations))
        if item.by is not None:
            parts.append(item.by.of(draft.language))
        text = " · ".join(parts)
        found.append(HistoryLine(draft.clock(item.at), f"{text}{t('colon')}{item.text}" if item.text else text))
    return found


def _step_text(draft: MailDraft, item: HistoryStep) -> str:
    """What the step was; one that only brought ends or a verdict has a name of its own."""
    if item.ended:
        return draft.t("step.back", count=item.ended)
    return draft.t("step.verdict" if item.is_verdict else f"step.{item.kind}")
