"""Lines of a rehearsal for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.words import words
from schemas.words.message import unit_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alerts.rehearsal.case import GroupMails
    from alerts.rehearsal.score import RehearsalScore
    from alerts.settings import AlertSettings
    from alerts.stream.rehearsal import Rehearsal
    from schemas.words import Words


def rehearsal_lines(found: Rehearsal, settings: AlertSettings) -> list[str]:
    """Period and denominators, truth, the rule in force, the rule, other thresholds, all rules together, what is left out."""
    language = settings.language
    say = words(language, "rehearsal")
    lines = [_head(found, say), _truth(found, say)]
    if found.in_force is not None:
        lines.append(line_of(found.in_force, found, language, "now"))
    lines.append(line_of(found.present, found, language, "then" if found.in_force is not None else "alone"))
    lines += [line_of(item, found, language, "varied") for item in found.curve]
    for name, item in (("together_now", found.together_now), ("together_then", found.together_then)):
        if item is not None:
            lines.append(say(name, rules=item.rules, cases=item.cases, mails=_mails(item.mails, say)))
    lines += [say("note.cases" if found.with_verdicts else "note.cases_unsorted"), say("note.mails")]
    return lines


def line_of(item: RehearsalScore, found: Rehearsal, language: str, which: str) -> str:
    """One rule: what it is, alerts, cases, mails, and the scores with their denominators.

    Parameters
    ----------
    which : str
        ``now`` (in force), ``then``, ``alone`` (nothing to compare with) or ``varied``.
    """
    say = words(language, "rehearsal")
    name = found.in_force_rule if which == "now" else found.rule
    number = "" if item.threshold is None else f" {item.threshold:g} {unit_text(found.unit or '1')}".rstrip()
    label = say(f"which.{which}", rule=name) + number
    text = say("line", label=label, alerts=item.alerts, cases=item.cases, mails=_mails(item.mails, say))
    if item.events is None:
        return text
    figures = {
        name: "–" if (value := getattr(item, name)) is None else f"{value:.2f}" for name in ("pod", "far", "csi")
    }
    scored = say(
        "scored",
        detected=item.detected,
        events=item.events,
        pod_range=_range(item.pod_interval),
        false=item.false_alerts,
        scored=item.scored_alerts,
        far_range=_range(item.far_interval),
        denominator=(item.events or 0) + (item.false_alerts or 0),
        **figures,
    )
    parts = [text, scored]
    if item.lead_h is not None:
        parts.append(say("lead", lead=f"{item.lead_h:.1f}", detected=item.detected))
    if item.false_cases is not None:
        parts.append(say("false_cases", false=item.false_cases, cases=item.cases))
    return say("join").join(parts)


def _head(found: Rehearsal, say: Words) -> str:
    looked = [
        say(f"looked.{name}", count=count)
        for name, count in (
            ("hours", found.hours),
            ("readings", found.readings),
            ("links", found.links),
            ("issued", found.issued),
        )
        if count
    ]
    return say(
        "head",
        rule=found.rule,
        kind=say(f"kind.{found.kind}"),
        start=found.start.isoformat(),
        end=found.end.isoformat(),
        days=round((found.end - found.start).total_seconds() / 86_400, 1),
        stations=found.stations,
        looked=say("comma").join(looked),
    )


def _truth(found: Rehearsal, say: Words) -> str:
    if found.truth is None:
        return say("no_truth")
    return say(f"truth.{found.truth}", **found.truth_figures)


def _mails(mails: Sequence[GroupMails], say: Words) -> str:
    if not mails:
        return say("no_mail")
    parts = [
        say("group", a_week=item.a_week, mails=item.mails, audience=say(f"audience.{item.audience}"), team=item.team)
        for item in mails
    ]
    return say("comma").join(parts)


def _range(interval: tuple[float, float] | None) -> str:
    return "–" if interval is None else f"{interval[0]:.2f}–{interval[1]:.2f}"
