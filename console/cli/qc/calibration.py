"""``skyground qc calibration``: results of checks, and recorded, reversible corrections of a drift."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli import shell
from console.cli.qc.calibration_text import check_text, correction_text, proposal_text
from console.cli.shell.moment import OpenFrom, OpenTo, open_span
from console.cli.shell.named import refuse_unknown
from console.cli.shell.option import AsJson, OneStation, Who
from console.cli.shell.page import DEFAULT, Limit, note_limit, page
from console.cli.shell.printable import printable

if TYPE_CHECKING:
    from qc.calibration.proposal import CorrectionProposal
    from store.settings import SharedSettings

DryRun = Annotated[bool, typer.Option("--dry-run", help="show what would change, record nothing 只显示，不记录")]
Why = Annotated[str, typer.Option("--why", help="the reason 理由")]
Check = Annotated[int, typer.Argument(help="number of the check, as `list` shows it 检查编号")]
Correction = Annotated[int, typer.Argument(help="number of the correction 订正编号")]


def register(group: typer.Typer) -> None:
    """Add the command group to ``skyground qc``."""
    own = typer.Typer(help="Calibration checks and corrections. 校准检查与漂移订正。", no_args_is_help=True)
    own.command("list")(listed)
    own.command("show")(show)
    own.command("correct")(correct)
    own.command("revert")(revert)
    group.add_typer(own, name="calibration")


def listed(  # noqa: PLR0917 - typer passes them by name
    station: OneStation = None,
    network: Annotated[str | None, typer.Option("--network", help="voc ghg pm eco rad gas met 站网")] = None,
    parameter: Annotated[str | None, typer.Option("--parameter", help="code, as o3 参数")] = None,
    begin: OpenFrom = None,
    end: OpenTo = None,
    limit: Limit = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """List results of calibration checks and their outcome, then corrections, newest first. 列出校准检查结果与订正，最新在前。"""
    settings = shell.settings()
    first, last = open_span(begin, end, settings.stations.timezone)
    with shell.opened_state("qc calibration", settings) as state:
        chosen = {"network": network, "station_id": station, "parameter": parameter}
        results = state.calibration.list_checks(start=first, end=last, limit=limit + 1, **chosen)
        decisions = state.calibration.list_corrections(limit=limit + 1, **chosen)  # type: ignore[arg-type]
    checks, more_checks = page(results, limit)
    corrections, more_corrections = page(decisions, limit)
    words = shell.words()
    for check in checks:
        typer.echo(shell.to_json(check) if as_json else printable(check_text(check, words)))
    for item in corrections:
        typer.echo(shell.to_json(item) if as_json else correction_text(item, words))
    if more_checks or more_corrections:
        note_limit("qc calibration list", limit, as_json=as_json)
    if not checks and not corrections:
        named = {"stations": [station] if station else (), "parameters": [parameter] if parameter else ()}
        refuse_unknown(settings.stations, network=network, **named)
        if not as_json:
            typer.echo(words("calibration.none"))


def show(check: Check, as_json: AsJson = False) -> None:
    """Show one check and the data that it and the checks next to it make invalid or suspect. 查看一次检查及其影响的数据。"""
    from qc.calibration.check import evaluate_checks, flagged_periods
    from qc.run.limits import thresholds_of
    from schemas.words import sentence

    settings = shell.settings()
    with shell.opened_state("qc calibration", settings) as state:
        found = shell.or_exit(partial(state.calibration.get_check, check))
        if found is None:
            shell.stop(f"no calibration check {check}")
        one = found.result
        own = state.calibration.list_checks(
            network=one.network, station_id=one.station_id, instrument_id=one.instrument_id, parameter=one.parameter
        )
    thresholds = shell.or_exit(partial(thresholds_of, settings))
    evaluated = evaluate_checks([item.result for item in own], thresholds, settings.stations.timezone)
    periods = [
        item for item in flagged_periods(evaluated) if item.start <= one.at and (item.end is None or one.at <= item.end)
    ]
    if as_json:
        rendered = [replace(item, reason=sentence(item.reason, "en")) for item in periods]
        typer.echo(
            shell.to_json(
                {"check": found, "now": [item for item in evaluated if item.result == one], "doubts": rendered}
            )
        )
        return
    words = shell.words()
    typer.echo(printable(check_text(found, words)))
    for period in periods:
        until = "..." if period.end is None else f"{period.end:%Y-%m-%dT%H:%MZ}"
        text = printable(sentence(period.reason, settings.language.value))
        typer.echo(f"  {period.flag.name} {period.start:%Y-%m-%dT%H:%MZ} .. {until}: {text}")
    if not periods:
        typer.echo(words("calibration.no_effect"))


def correct(check: Check, who: Who, why: Why, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Remove the drift that a check found from the hours, linearly from the check before. 按决定线性订正漂移。

    For a zero or span check within tolerance.
    """
    from qc.run.calibration import propose

    proposal = shell.or_exit(partial(propose, shell.settings(), check, who, why, is_dry_run=dry_run), LookupError)
    _print(proposal, "would_correct" if dry_run else "corrected", as_json=as_json)


def revert(correction: Correction, who: Who, why: Why, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Revert a correction; it stays on record. 撤销订正，记录保留。"""
    from qc.run import calibration

    call = partial(calibration.revert, shell.settings(), correction, who, why, is_dry_run=dry_run)
    _print(shell.or_exit(call, LookupError), "would_revert" if dry_run else "reverted", as_json=as_json)


def _print(proposal: CorrectionProposal, key: str, *, as_json: bool) -> None:
    typer.echo(shell.to_json(proposal) if as_json else proposal_text(proposal, key, shell.words()))


def corrections_of(settings: SharedSettings, station: str, parameter: str, start: datetime) -> list[dict[str, object]]:
    """Corrections that the hour from ``start`` on was made with, in the form of ``skyground qc why``."""
    from schemas.words import LANGUAGES
    from schemas.words import words as words_of

    with shell.opened_state("qc why", settings) as state:
        held = state.calibration.list_corrections(station_id=station, only_active=True)
    return [
        {
            "kind": "correction",
            "number": item.id,
            "who": item.correction.who,
            **{
                language: words_of(language, "cli.why")(
                    "correction", number=item.id, who=item.correction.who, why=item.correction.why
                )
                for language in LANGUAGES
            },
        }
        for item in held
        if item.correction.parameter == parameter
        and item.correction.start < start + timedelta(hours=1)
        and item.correction.end > start
    ]
