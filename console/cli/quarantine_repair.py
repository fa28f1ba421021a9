"""``skyground quarantine repair``: store what was refused, with codes or units renamed or times moved."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.shell.printable import printable
from schemas.reading import RejectReason

if TYPE_CHECKING:
    from collections.abc import Callable

    from store.state import StateStore

AsJson = Annotated[bool, typer.Option("--json", help="one JSON object a line 每行一个 JSON")]
Reason = Annotated[RejectReason | None, typer.Option(help="only this reason 原因")]
Station = Annotated[str | None, typer.Option(help="only this station 站点")]
_MOST_HOURS = 87_840.0
"""Largest correction of a clock: ten years [h]."""


def repair(  # noqa: PLR0917 - typer passes them by name
    ids: Annotated[list[int] | None, typer.Argument(help="ids; none: all that fit the filters 编号")] = None,
    reason: Reason = None,
    station: Station = None,
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
    dry_run: Annotated[bool, typer.Option("--dry-run", help="show what would be stored, store nothing 只预览")] = False,
    as_json: AsJson = False,
) -> None:
    """Store what was refused, with codes or units renamed or times moved; the message stays as received. 修复后入库。"""
    import msgspec

    from console.cli.replay import explained
    from ingest.process.settings import CollectorSettings
    from ingest.process.shutdown import shutdown_on_signals
    from ingest.quarantine.quarantine import entries
    from ingest.quarantine.repair import MessageRepair, repair_entries
    from ingest.writer import Writer
    from store.influx.store import InfluxStore
    from store.settings import load_settings
    from store.state import QuarantineState

    if not (ids or reason or station):
        msg = "expected ids, --reason or --station: a repair is for chosen entries"
        raise typer.BadParameter(msg)
    if not codes and not units and not move_hours:
        msg = "expected --map WRONG=right, --map-unit WRONG=right or --move-hours; without any, use replay"
        raise typer.BadParameter(msg)
    if not who and not dry_run:
        msg = "expected the responsible person"
        raise typer.BadParameter(msg, param_hint="--who")
    settings = load_settings(CollectorSettings)
    rewrite = MessageRepair(
        codes=_mapped(codes or [], "--map", _code_fault),
        units=_mapped(units or [], "--map-unit", _unit_fault),
        move=timedelta(hours=move_hours),
        who=who,
        note=note,
    )
    stop = threading.Event()
    shutdown_on_signals(stop)
    with explained("quarantine"), open_state() as state:
        found = entries(state, reason=reason, station_id=station)
        chosen = ids or [item.id for item in found if item.state is QuarantineState.NEW]
        store = InfluxStore(settings)
        outcomes = repair_entries(chosen, rewrite, settings, state, writer=None if dry_run else Writer(store, stop))
        store.close()
    for outcome in outcomes:
        if as_json:
            typer.echo(msgspec.json.encode(outcome))
            continue
        starts = ", ".join(f"{start:%Y-%m-%d %H:%M}Z" for start in outcome.starts[:3])
        typer.echo(printable(f"{outcome.id:>7}  {outcome.values} values 个值  {starts}  {'; '.join(outcome.refused)}"))
    stored = sum(outcome.values for outcome in outcomes)
    if not as_json:
        typer.echo(f"{'would store 将入库' if dry_run else 'stored 已入库'} {stored} values 个值")


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


def open_state() -> StateStore:
    """The state store, with its schema at the newest revision."""
    from store.settings import SharedSettings, load_settings
    from store.state import StateStore

    state = StateStore(load_settings(SharedSettings).state_url)
    state.migrate()
    return state
