"""``skyground alerts rehearse`` and ``scoreboard``: what a rule would have done, and what rules have done."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from console.cli import shell
from console.cli.alert_rehearsal_text import line_of, rehearsal_lines
from console.cli.shell.moment import From, OpenFrom, To, ToNow, span

if TYPE_CHECKING:
    from alerts.settings import AlertSettings
    from alerts.stream.rehearsal import Rehearsal

JSON = typer.Option(False, "--json", help="One JSON object a line.")


def rehearse(  # noqa: PLR0917 - options of a command
    rule: str = typer.Argument(metavar="RULE"),
    start: From = ...,  # type: ignore[assignment]  # required
    end: To = ...,  # type: ignore[assignment]  # required
    rules: Path | None = typer.Option(None, "--rules", help="another rules file, before it is put in force 规则文件"),
    against: str = typer.Option("", "--against", help="rule in force to compare with; default: of this name 对照规则"),
    truth: str = typer.Option("auto", "--truth", help="auto, limit, day, labels, none or rule:NAME 真值"),
    threshold: list[float] = typer.Option([], "--threshold", help="also with this one, may be repeated 另试阈值"),
    curve: bool = typer.Option(False, "--curve", help="also with 0.5 to 1.5 times the threshold 阈值曲线"),
    verdicts: bool = typer.Option(False, "--verdicts", help="also tell fault from event, a second an alert 区分故障"),
    together: bool = typer.Option(False, "--together", help="mails of all rules, now and with this one 全部规则"),
    png: Path | None = typer.Option(None, "--png", help="calendar; with --curve the curve 图片"),
    as_json: bool = JSON,
) -> None:
    """Print what the rule would have done over stored data; nothing is stored or mailed."""
    from alerts.people.file import PeopleFileError
    from alerts.rules.rules import RulesFileError
    from alerts.stream.rehearsal import RULE_PREFIX, TRUTHS, RehearsalError, RehearsalPlan
    from alerts.stream.rehearsal import rehearse as rehearse_rule
    from analysis.run.hour_source import NoHoursError

    if not all(math.isfinite(value) for value in threshold):
        msg = "expected finite numbers"
        raise typer.BadParameter(msg, param_hint="--threshold")
    if truth not in TRUTHS and not truth.startswith(RULE_PREFIX):
        msg = f"{truth!r}, expected one of {', '.join(TRUTHS)}"
        raise typer.BadParameter(msg, param_hint="--truth")
    settings = _settings()
    now = shell.now()
    first, last = span(start, end, settings.stations.timezone, now)
    plan = RehearsalPlan(
        name=rule,
        start=first,
        end=last,
        now=now,
        rules=rules,
        against=against,
        truth=truth,
        thresholds=None if curve else threshold,
        with_verdicts=verdicts,
        is_together=together,
    )
    found = shell.or_exit(
        lambda: rehearse_rule(
            settings,
            plan,
            progress=lambda step, done, of: typer.echo(f"{step}: {done}/{of}", err=True),
        ),
        RehearsalError,
        RulesFileError,
        PeopleFileError,
        NoHoursError,
    )
    if png is not None:
        png.write_bytes(_picture(found, settings))
    if as_json:
        typer.echo(shell.to_json(found))
        return
    for line in rehearsal_lines(found, settings):
        typer.echo(line)


def scoreboard(start: OpenFrom = None, end: ToNow = None, as_json: bool = JSON) -> None:
    """Print what each rule has done: alerts, withdrawn, faults, ended, taken within, causes of resolved cases."""
    from alerts.run.scoreboard import rule_scores

    settings = _settings()
    now = shell.now()
    first, last = span(start or "2000-01-01", end, settings.stations.timezone, now)
    found = rule_scores(settings, first, last, now=now)
    if not as_json:
        moments = {"start": first.isoformat(), "end": last.isoformat(), "now": now.isoformat()}
        typer.echo(shell.text("alerts.scoreboard.head" if found else "alerts.scoreboard.none", **moments))
    for item in found:
        if as_json:
            typer.echo(shell.to_json(item))
            continue
        causes = ", ".join(f"{cause} {count}" for cause, count in item.causes.items()) or "-"
        taken = "-" if item.taken_min is None else f"{item.taken_min:.0f}"
        typer.echo(
            shell.text(
                "alerts.scoreboard.line",
                rule=item.rule,
                alerts=item.alerts,
                open=item.open,
                ended=item.ended,
                withdrawn=item.withdrawn,
                faults=item.faults,
                cases=item.cases,
                taken=item.taken,
                minutes=taken,
                resolved=item.resolved,
                causes=causes,
                newest=item.newest_at.isoformat(),
                days=f"{(now - item.newest_at).total_seconds() / 86_400:.1f}",
            )
        )


def _settings() -> AlertSettings:
    from alerts.settings import AlertSettings
    from store.settings import load_settings

    return load_settings(AlertSettings)


def _picture(found: Rehearsal, settings: AlertSettings) -> bytes:
    from alerts.rehearsal.picture import CalendarPart, draw_calendar, draw_curve
    from schemas.words import words
    from schemas.words.message import unit_text

    say = words(settings.language, "rehearsal")
    lines = rehearsal_lines(found, settings)
    if found.curve and found.present.threshold is not None:
        scores = sorted((found.present, *found.curve), key=lambda item: item.threshold or 0.0)
        head = "\n".join(lines[:2])
        return draw_curve(
            scores, head=head, unit=unit_text(found.unit or "1"), present=found.present.threshold, words=say
        )
    parts = [CalendarPart(line_of(found.present, found, settings.language, "then"), found.days)]
    if found.in_force is not None:
        parts.insert(0, CalendarPart(line_of(found.in_force, found, settings.language, "now"), found.in_force_days))
    return draw_calendar(parts, head="\n".join(lines[:2]), words=say)
