"""``skyground quarantine``: what was refused and why, and its way back."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Annotated

import typer

from schemas.reading import RejectReason

if TYPE_CHECKING:
    from store.state import StateStore

_SHOWN_BYTES = 2_000
_JSON = Annotated[bool, typer.Option("--json", help="one JSON object a line 每行一个 JSON")]
_REASON = Annotated[RejectReason | None, typer.Option(help="only this reason 原因")]
_STATION = Annotated[str | None, typer.Option(help="only this station 站点")]


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="What was refused, why, and its replay. 隔离区。")
    group.command("list")(list_entries)
    group.command("show")(show)
    group.command("replay")(replay)
    app.add_typer(group, name="quarantine")


def list_entries(
    reason: _REASON = None,
    station: _STATION = None,
    limit: Annotated[int | None, typer.Option(min=1, help="at most so many; default: all 条数")] = None,
    as_json: _JSON = False,
) -> None:
    """List entries, oldest first. 列出被拒收的数据。"""
    import msgspec

    from console.cli.replay import explained
    from ingest.quarantine import entries, to_row

    with explained("quarantine"), _state() as state:
        for item in entries(state, reason=reason, station_id=station, limit=limit):
            row = to_row(item)
            if as_json:
                typer.echo(msgspec.json.encode(row))
                continue
            place = "/".join(part for part in (row.station, row.instrument, row.parameter) if part) or row.topic
            typer.echo(f"{row.id:>7}  {row.received_at[:19]}Z  {row.reason:<18} {place:<40} {row.detail[:120]}")


def show(entry_id: Annotated[int, typer.Argument(help="id of the list 编号")], as_json: _JSON = False) -> None:
    """Show one entry with the message it came in. 查看一条及其原始消息。"""
    import msgspec

    from console.cli.replay import explained
    from ingest.quarantine import to_row

    with explained("quarantine"), _state() as state:
        item = state.get_quarantine(entry_id)
    if item is None:
        typer.echo(f"skyground quarantine: there is no entry {entry_id}", err=True)
        raise typer.Exit(1)
    payload = (item.payload or b"")[:_SHOWN_BYTES].decode("utf-8", "backslashreplace")
    fields = {**msgspec.structs.asdict(to_row(item)), "payload_bytes": item.payload_bytes, "payload": payload}
    if as_json:
        typer.echo(msgspec.json.encode(fields))
        return
    for name, value in fields.items():
        typer.echo(f"{name:<14} {'' if value is None else value}")


def replay(
    ids: Annotated[list[int] | None, typer.Argument(help="ids; none: all that were not replayed 编号")] = None,
    reason: _REASON = None,
    station: _STATION = None,
    as_json: _JSON = False,
) -> None:
    """Decode entries again with today's code and network file, and store what is now sound. 修复后重放。"""
    import msgspec

    from console.cli.replay import explained
    from ingest.quarantine import entries
    from ingest.quarantine import replay as replay_entries
    from ingest.settings import CollectorSettings
    from ingest.stop import stop_on_signals
    from ingest.writer import Writer
    from store.influx import InfluxStore
    from store.settings import load_settings
    from store.state import QuarantineState

    settings = load_settings(CollectorSettings)
    stop = threading.Event()
    stop_on_signals(stop)
    with explained("quarantine"), _state() as state:
        found = entries(state, reason=reason, station_id=station)
        chosen = ids or [item.id for item in found if item.state is QuarantineState.NEW]
        store = InfluxStore(settings)
        outcome = replay_entries(chosen, settings, state, Writer(store, stop))
        store.close()
    if as_json:
        typer.echo(msgspec.json.encode(outcome))
    else:
        typer.echo(
            f"stored 已入库 {outcome.stored}, still refused 仍被拒收 {outcome.refused}, incomplete 不完整 {outcome.incomplete}"
        )


def _state() -> StateStore:
    from store.settings import SharedSettings, load_settings
    from store.state import StateStore

    state = StateStore(load_settings(SharedSettings).state_url)
    state.migrate()
    return state
