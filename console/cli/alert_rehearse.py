"""``skyground alerts rehearse`` and ``scoreboard``: what a rule would have done, and what rules have done."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from console.cli import shell
from console.cli.shell.moment import From, OpenFrom, To, ToNow, span

if TYPE_CHECKING:
    from alerts.rehearsal.score import RehearsalScore
    from alerts.run.rehearsal import Rehearsal
    from alerts.settings import AlertSettings

JSON = typer.Option(False, "--json", help="One JSON object a line.")


def rehearse(  # noqa: PLR0917 - options of a command
    rule: str = typer.Argument(metavar="RULE"),
    start: From = ...,  # type: ignore[assignment]  # required
    end: To = ...,  # type: ignore[assignment]  # required
    rules: Path | None = typer.Option(None, "--rules", help="another rules file, before it is put in force 规则文件"),
    threshold: list[float] = typer.Option([], "--threshold", help="also with this one, may be repeated 另试阈值"),
    curve: bool = typer.Option(False, "--curve", help="also with 0.5 to 1.5 times the threshold 阈值曲线"),
    png: Path | None = typer.Option(None, "--png", help="picture of the curve 图片"),
    as_json: bool = JSON,
) -> None:
    """Print what the rule would have done over stored hours; nothing is stored or mailed."""
    from alerts.rules.rules import RulesFileError
    from alerts.run.rehearsal import RehearsalError, rehearse_rule

    if not all(math.isfinite(value) for value in threshold):
        msg = "expected finite numbers"
        raise typer.BadParameter(msg, param_hint="--threshold")
    settings = _settings()
    now = shell.now()
    first, last = span(start, end, settings.stations.timezone, now)
    wants_curve = curve or (png is not None and not threshold)
    found = shell.or_exit(
        lambda: rehearse_rule(
            settings,
            rule,
            first,
            last,
            now=now,
            rules=rules,
            thresholds=None if wants_curve else threshold,
            progress=lambda done, of: typer.echo(f"{done}/{of}", err=True),
        ),
        RehearsalError,
        RulesFileError,
    )
    if png is not None:
        png.write_bytes(_picture(found, settings))
    if as_json:
        typer.echo(shell.to_json(found))
        return
    for line in _lines(found, settings):
        typer.echo(line)


def scoreboard(start: OpenFrom = None, end: ToNow = None, as_json: bool = JSON) -> None:
    """Print what each rule has done: alerts, withdrawn, faults, ended, taken within, causes of resolved cases."""
    from alerts.run.scoreboard import rule_scores

    settings = _settings()
    now = shell.now()
    first, last = span(start or "2000-01-01", end, settings.stations.timezone, now)
    found = rule_scores(settings, first, last)
    if not found and not as_json:
        typer.echo(shell.text("alerts.scoreboard.none"))
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
                causes=causes,
            )
        )


def _settings() -> AlertSettings:
    from alerts.settings import AlertSettings
    from store.settings import load_settings

    return load_settings(AlertSettings)


def _lines(found: Rehearsal, settings: AlertSettings) -> list[str]:
    from schemas.words import words

    say = words(settings.language, "rehearsal")
    truth = say("truth", truth=found.truth) if found.truth else say("no_truth", parameter=found.parameter)
    head = say(
        "head",
        rule=found.rule,
        start=found.start.isoformat(),
        end=found.end.isoformat(),
        stations=found.stations,
        hours=found.hours,
    )
    return [head, truth, *(_line(item, found.unit, say) for item in (found.present, *found.curve))]


def _line(item: RehearsalScore, unit: str, say: object) -> str:
    from schemas.words.message import unit_text

    assert callable(say)
    first = say(
        "line",
        threshold=item.threshold,
        unit=unit_text(unit),
        alerts=item.alerts,
        cases=item.cases,
        mails=item.mails_a_week,
    )
    if item.events is None:
        return str(first)
    shares = {name: "-" if (value := getattr(item, name)) is None else f"{value:.2f}" for name in ("pod", "far", "csi")}
    lead = "-" if item.lead_h is None else f"{item.lead_h:.1f}"
    return f"{first}; " + str(
        say("scored", detected=item.detected, events=item.events, false=item.false_alerts, lead=lead, **shares)
    )


def _picture(found: Rehearsal, settings: AlertSettings) -> bytes:
    from alerts.rehearsal.picture import draw_curve
    from schemas.words import words
    from schemas.words.message import unit_text

    say = words(settings.language, "rehearsal")
    head = "\n".join(_lines(found, settings)[:2])
    scores = sorted((found.present, *found.curve), key=lambda item: item.threshold)
    return draw_curve(scores, head=head, unit=unit_text(found.unit), present=found.present.threshold, words=say)
