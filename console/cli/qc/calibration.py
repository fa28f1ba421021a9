"""``skyground qc calibration``: results of checks, and recorded, reversible corrections of a drift."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from console.cli.qc.moment import AsJson, settings_of, stop, to_json
from console.cli.shell.moment import OpenFrom, OpenTo, open_span
from console.cli.shell.named import refuse_unknown
from console.cli.shell.page import DEFAULT, Limit, page, tell_more
from console.cli.shell.printable import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from qc.calibration.proposal import CorrectionProposal
    from store.settings import SharedSettings
    from store.state import StateStore, StoredCheck, StoredCorrection

_Result = TypeVar("_Result")
DryRun = Annotated[bool, typer.Option("--dry-run", help="show what would change, record nothing 只显示，不记录")]
Who = Annotated[str, typer.Option("--who", help="who decides 决定人")]
Why = Annotated[str, typer.Option("--why", help="the reason 理由")]


def register(group: typer.Typer) -> None:
    """Add the command group to ``skyground qc``."""
    own = typer.Typer(help="Calibration checks and corrections. 校准检查与漂移订正。", no_args_is_help=True)
    own.command("list")(listed)
    own.command("show")(show)
    own.command("correct")(correct)
    own.command("revert")(revert)
    group.add_typer(own, name="calibration")


def listed(  # noqa: PLR0917 - typer passes them by name
    station: Annotated[str | None, typer.Option("--station", help="station id 站点")] = None,
    network: Annotated[str | None, typer.Option("--network", help="voc ghg pm eco rad gas met 站网")] = None,
    parameter: Annotated[str | None, typer.Option("--parameter", help="code, as o3 参数")] = None,
    begin: OpenFrom = None,
    end: OpenTo = None,
    limit: Limit = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """List results of calibration checks and their outcome, then corrections, newest first. 列出校准检查结果与订正，最新在前。"""
    settings = settings_of()
    first, last = open_span(begin, end, settings.stations.timezone)
    with _state(settings) as state:
        results = state.calibration.list_checks(
            network=network,
            station_id=station,
            parameter=parameter,
            start=first,
            end=last,
            limit=limit + 1,
        )
        decisions = state.calibration.list_corrections(
            network=network, station_id=station, parameter=parameter, limit=limit + 1
        )
    checks, more_checks = page(results, limit)
    corrections, more_corrections = page(decisions, limit)
    for check in checks:
        typer.echo(to_json(check) if as_json else printable(_check_text(check, settings)))
    for item in corrections:
        typer.echo(to_json(item) if as_json else _correction_text(item, settings))
    if more_checks or more_corrections:
        tell_more("qc calibration list", limit, as_json=as_json)
    if not checks and not corrections:
        named = {"stations": [station] if station else (), "parameters": [parameter] if parameter else ()}
        refuse_unknown(settings.stations, network=network, **named)
        if not as_json:
            typer.echo("no calibration result 无校准结果")


def show(
    check: Annotated[int, typer.Argument(help="number of the check, as `list` shows it 检查编号")],
    as_json: AsJson = False,
) -> None:
    """Show one check, and the data that it and its neighbours make invalid or suspect. 查看一次检查及其影响的数据。"""
    from qc.calibration.check import evaluate_checks, flagged_periods
    from qc.run.limits import thresholds_of
    from schemas.words import sentence

    settings = settings_of()
    with _state(settings) as state:
        found = _or_stop(partial(state.calibration.get_check, check))
        if found is None:
            stop(f"no calibration check {check}")
        one = found.result
        own = state.calibration.list_checks(
            network=one.network, station_id=one.station_id, instrument_id=one.instrument_id, parameter=one.parameter
        )
    thresholds = _or_stop(partial(thresholds_of, settings))
    judged = evaluate_checks([item.result for item in own], thresholds, settings.stations.timezone)
    periods = [
        item for item in flagged_periods(judged) if item.start <= one.at and (item.end is None or one.at <= item.end)
    ]
    if as_json:
        rendered = [replace(item, reason=sentence(item.reason, "en")) for item in periods]
        typer.echo(
            to_json({"check": found, "now": [item for item in judged if item.result == one], "doubts": rendered})
        )
        return
    typer.echo(printable(_check_text(found, settings)))
    is_chinese = settings.language.value == "zh"
    for period in periods:
        until = "..." if period.end is None else f"{period.end:%Y-%m-%dT%H:%MZ}"
        text = sentence(period.reason, settings.language.value)
        typer.echo(f"  {period.flag.name} {period.start:%Y-%m-%dT%H:%MZ} .. {until}: {text}")
    if not periods:
        typer.echo("  数据不受影响" if is_chinese else "  no data are in doubt for it")


def correct(
    check: Annotated[int, typer.Argument(help="number of a zero or span check within tolerance 检查编号")],
    who: Who,
    why: Why,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Take the drift that a check found out of the hours, linearly from the check before. 按决定线性订正漂移。"""
    from qc.run.calibration import propose

    settings = settings_of()
    proposal = _or_stop(partial(propose, settings, check, who, why, is_dry_run=dry_run))
    typer.echo(to_json(proposal) if as_json else _proposal_text(proposal, settings, is_dry_run=dry_run, sign="correct"))


def revert(
    correction: Annotated[int, typer.Argument(help="number of the correction 订正编号")],
    who: Who,
    why: Why,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Take a correction back; it stays on record. 撤销订正，记录保留。"""
    from qc.run import calibration

    settings = settings_of()
    proposal = _or_stop(partial(calibration.revert, settings, correction, who, why, is_dry_run=dry_run))
    typer.echo(to_json(proposal) if as_json else _proposal_text(proposal, settings, is_dry_run=dry_run, sign="revert"))


def _check_text(check: StoredCheck, settings: SharedSettings) -> str:
    from schemas.words import words
    from schemas.words.message import number_text

    item = check.result
    is_chinese = settings.language.value == "zh"
    kind = words(settings.language.value, "word.check")(item.kind.value)
    waiting = "待判定" if is_chinese else "not judged yet"
    outcomes = {"pass": "合格", "adjust": "需校准", "invalid": "不合格", "unknown": "无限值"}
    outcome = waiting if check.outcome is None else check.outcome.value
    outcome = outcomes.get(outcome, outcome) if is_chinese else outcome
    drift = "" if check.drift is None else f" ({check.drift:+.3g})"
    return (
        f"{check.id:>6} {item.at:%Y-%m-%dT%H:%MZ} {item.network}/{item.station_id}/{item.instrument_id} {item.parameter} {kind}: "
        f"{number_text(item.reference, settings.language)} -> {number_text(item.response, settings.language)} {item.gas} {outcome}{drift}"
    )


def _correction_text(item: StoredCorrection, settings: SharedSettings) -> str:
    one = item.correction
    is_chinese = settings.language.value == "zh"
    words = ("订正", "撤销") if is_chinese else ("correction", "reverted by")
    back = f"; {words[1]} {item.reverted_by}: {item.reverted_why}" if item.reverted_by else ""
    return (
        f"{words[0]} {item.id}: {one.network}/{one.station_id}/{one.instrument_id} {one.parameter} {one.start:%Y-%m-%dT%H:%MZ} .. "
        f"{one.end:%Y-%m-%dT%H:%MZ}, zero {one.zero_start:.4g} .. {one.zero_end:.4g}, gain {one.gain_start:.4g} .. {one.gain_end:.4g}; "
        f"{one.who}: {one.why}{back}"
    )


def _proposal_text(proposal: CorrectionProposal, settings: SharedSettings, *, is_dry_run: bool, sign: str) -> str:
    from schemas.words.message import number_text

    one = proposal.correction
    is_chinese = settings.language.value == "zh"
    what = {
        ("correct", True): ("would correct", "将订正"),
        ("correct", False): (f"correction {proposal.number} is recorded", f"已记录订正 {proposal.number}"),
        ("revert", True): (f"would revert correction {proposal.number}", f"将撤销订正 {proposal.number}"),
        ("revert", False): (f"correction {proposal.number} is reverted", f"已撤销订正 {proposal.number}"),
    }[sign, is_dry_run][is_chinese]
    head = (
        f"{what}: {one.network}/{one.station_id}/{one.instrument_id} {one.parameter} {one.start:%Y-%m-%dT%H:%MZ} .. "
        f"{one.end:%Y-%m-%dT%H:%MZ}, zero {one.zero_start:.4g} .. {one.zero_end:.4g}, gain {one.gain_start:.4g} .. {one.gain_end:.4g}"
    )
    if proposal.mean_before is None or proposal.mean_after is None or proposal.largest_change is None:
        return f"{head}\n" + ("  该时段没有数据" if is_chinese else "  no values in that time")
    pair = (proposal.mean_before, proposal.mean_after)
    before, after = pair if sign == "correct" else pair[::-1]
    change = proposal.largest_change if sign == "correct" else -proposal.largest_change
    tail = (
        f"  {proposal.hours} 个小时，均值 {number_text(before, settings.language)} -> {number_text(after, settings.language)}，最大变化 {change:+.4g}"
        if is_chinese
        else f"  {proposal.hours} hours, mean {number_text(before, settings.language)} -> {number_text(after, settings.language)}, largest change {change:+.4g}"
    )
    after_words = (
        "\n  运行 skyground qc reopened 以重新生成小时值"
        if is_chinese
        else "\n  `skyground qc reopened` recomputes the hours"
    )
    return f"{head}\n{tail}{'' if is_dry_run else after_words}"


def _state(settings: SharedSettings) -> StateStore:
    from store.state import StateStore as Store

    state = Store(settings.state_url)
    state.migrate()
    return state


def _or_stop(call: Callable[[], _Result]) -> _Result:
    from qc.calibration.correction import CalibrationError
    from qc.limits.load import ThresholdError
    from store.error import StoreError

    try:
        return call()
    except (CalibrationError, ThresholdError, LookupError, StoreError) as error:
        stop(str(error.args[0] if error.args else error))


def corrections_of(settings: SharedSettings, station: str, parameter: str, start: datetime) -> list[dict[str, object]]:
    """Corrections that the hour from ``start`` on was made with, in the form of ``skyground qc why``."""
    with _state(settings) as state:
        held = state.calibration.list_corrections(station_id=station, only_active=True)
    return [
        {
            "kind": "correction",
            "number": item.id,
            "who": item.correction.who,
            "en": f"  corrected by decision {item.id} of {item.correction.who}: {item.correction.why}",
            "zh": f"  按 {item.correction.who} 的决定 {item.id} 订正：{item.correction.why}",
        }
        for item in held
        if item.correction.parameter == parameter
        and item.correction.start < start + timedelta(hours=1)
        and item.correction.end > start
    ]
