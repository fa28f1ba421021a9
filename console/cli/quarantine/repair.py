"""``skyground quarantine repair``: store what was refused, with codes or units renamed or times moved."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli import shell
from console.cli.quarantine.entry import Ids, Preview, Reason, chosen_entries
from console.cli.shell.option import AsJson, OneStation
from console.cli.shell.printable import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingest.quarantine.repair import RepairedEntry
    from schemas.words import Words

_MOST_HOURS = 87_840.0
"""Largest correction of a clock: ten years [h]."""


def repair(  # noqa: PLR0917 - typer passes them by name
    ids: Ids = None,
    reason: Reason = None,
    station: OneStation = None,
    codes: Annotated[
        list[str] | None, typer.Option("--map", help="WRONG=right, an unknown code and its correct one 代码映射")
    ] = None,
    units: Annotated[
        list[str] | None,
        typer.Option("--map-unit", help="WRONG=right, a unit text and its correct unit 单位映射"),
    ] = None,
    move_hours: Annotated[
        float,
        typer.Option(
            min=-_MOST_HOURS,
            max=_MOST_HOURS,
            help="added to the times of readings: a station 8 h ahead needs -8 加到时间上，快 8 小时填 -8",
        ),
    ] = 0.0,
    who: Annotated[str, typer.Option(help="responsible person 责任人")] = "",
    note: Annotated[str, typer.Option(help="why 说明")] = "",
    dry_run: Preview = False,
    as_json: AsJson = False,
) -> None:
    """Store rejected messages with codes or units renamed or times moved; the message stays as received. 修复后入库。"""
    from ingest.quarantine.repair import MessageRepair, repair_entries

    if not (ids or reason or station):
        msg = "expected ids, --reason or --station: a repair is for chosen entries"
        raise typer.BadParameter(msg)
    if not codes and not units and not move_hours:
        msg = "expected --map WRONG=right, --map-unit WRONG=right or --move-hours; without any, use replay"
        raise typer.BadParameter(msg)
    if not who and not dry_run:
        msg = "expected the responsible person"
        raise typer.BadParameter(msg, param_hint="--who")
    rewrite = MessageRepair(
        codes=_mapped(codes or [], "--map", _code_fault),
        units=_mapped(units or [], "--map-unit", _unit_fault),
        move=timedelta(hours=move_hours),
        who=who,
        note=note,
    )
    with chosen_entries(ids, reason, station, dry_run=dry_run) as chosen:
        outcomes = repair_entries(chosen.ids, rewrite, chosen.settings, chosen.state, writer=chosen.writer)
    words = shell.words()
    for outcome in outcomes:
        typer.echo(shell.to_json(outcome) if as_json else _line(outcome, words))
    if not as_json:
        count = sum(outcome.values for outcome in outcomes)
        typer.echo(words("quarantine.would_repair" if dry_run else "quarantine.repaired", count=count))


def _line(outcome: RepairedEntry, words: Words) -> str:
    starts = ", ".join(f"{start:%Y-%m-%d %H:%M}Z" for start in outcome.starts[:3])
    values = words("quarantine.values", count=outcome.values)
    return printable(f"{outcome.id:>7}  {values}  {starts}  {'; '.join(outcome.refused)}")


def _mapped(items: list[str], option: str, fault: Callable[[str], str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for item in items:
        wrong, equals, right = item.rpartition("=")
        if not equals or not wrong:
            msg = f"{item!r}, expected WRONG=right"
            raise typer.BadParameter(msg, param_hint=option)
        if words := fault(right):
            raise typer.BadParameter(words, param_hint=option)
        found[wrong] = right
    return found


def _code_fault(text: str) -> str:
    """Why a text is no parameter code; empty where it is one."""
    from schemas.parameter import ParameterError, parameter

    try:
        parameter(text)
    except ParameterError as error:
        return str(error)
    return ""


def _unit_fault(text: str) -> str:
    """Why a text is no unit; empty where it is one."""
    from schemas.units import unit_named

    return "" if unit_named(text) is not None else f"unknown unit {text!r}"
