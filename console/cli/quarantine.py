"""``skyground quarantine``: what was refused and why, and its way back."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Annotated

import typer

from console.cli.quarantine_repair import AsJson, Reason, Station, open_state, repair
from console.cli.shell.page import DEFAULT, Limit, page, tell_more
from console.cli.shell.printable import printable
from schemas.reading import RejectReason

_SHOWN_BYTES = 2_000
#: What to do about an entry, by its reason.
HINTS = {
    RejectReason.TOO_LARGE: "send fewer readings a message 减少每条消息的读数",
    RejectReason.BAD_UTF8: "correct the station's encoding 修正站点编码",
    RejectReason.NOT_JSON: "correct the station's software 修正站点软件",
    RejectReason.BAD_SCHEMA: "correct the station's software 修正站点软件",
    RejectReason.UNKNOWN_NETWORK: "correct the topic 修正主题",
    RejectReason.UNKNOWN_STATION: "add the station to the network file, then replay 补站网文件后 replay",
    RejectReason.UNKNOWN_INSTRUMENT: "add the instrument to the network file, then replay 补站网文件后 replay",
    RejectReason.TOPIC_MISMATCH: "check the station's configuration and credentials 核对站点配置与凭据",
    RejectReason.UNKNOWN_PARAMETER: "add the channel, then replay; or repair --map WRONG=right 补通道后 replay，或 repair --map",
    RejectReason.BAD_UNIT: "correct the unit sent by the station, or repair --map-unit WRONG=right 修正站点单位，或 repair --map-unit",
    RejectReason.BAD_VALUE: "check the instrument 检查仪器",
    RejectReason.BAD_STATUS: "correct the status letter 修正状态标识",
    RejectReason.TIME_FUTURE: "set the station's clock; repair --move-hours 校时，repair --move-hours",
    RejectReason.TIME_LATE: "widen late_window_h of the station, then replay 放宽 late_window_h 后 replay",
    RejectReason.CLOCK_SUSPECT: "set the station's clock; repair --move-hours 校时，repair --move-hours",
    RejectReason.BAD_FRAME: "check line and device 检查线路与设备",
    RejectReason.REFUSED_BY_STORE: "correct the field's type in the database, then replay 修正字段类型后 replay",
    RejectReason.INTERNAL_ERROR: "report the detail, replay after the update 上报详情，升级后 replay",
}


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="What was refused, why, and its replay. 隔离区。")
    group.command("list")(list_entries)
    group.command("show")(show)
    group.command("replay")(replay)
    group.command("repair")(repair)
    group.command("expire")(expire)
    group.command("status")(status)
    app.add_typer(group, name="quarantine")


def list_entries(
    reason: Reason = None,
    station: Station = None,
    limit: Limit = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """List entries, newest first. 列出被拒收的数据，最新在前。"""
    import msgspec

    from console.cli.replay import explained
    from ingest.quarantine.quarantine import to_row

    with explained("quarantine"), open_state() as state:
        stored = state.quarantine.list_newest(reason=reason, station_id=station, limit=limit + 1)
    found, is_cut = page(stored, limit)
    for row in map(to_row, found):
        if as_json:
            typer.echo(msgspec.json.encode(row))
            continue
        place = "/".join(part for part in (row.station, row.instrument, row.parameter) if part) or row.topic
        typer.echo(printable(f"{row.id:>7}  {row.received_at[:19]}Z  {row.reason:<18} {place:<40} {row.detail[:120]}"))
    if is_cut:
        tell_more("quarantine list", limit, as_json=as_json, filters="--station, --reason")


def show(entry_id: Annotated[int, typer.Argument(help="id of the list 编号")], as_json: AsJson = False) -> None:
    """Show one entry with the message it came in. 查看一条及其原始消息。"""
    import msgspec

    from console.cli.replay import explained
    from ingest.quarantine.quarantine import to_row

    with explained("quarantine"), open_state() as state:
        item = state.quarantine.get(entry_id)
    if item is None:
        typer.echo(f"skyground quarantine: there is no entry {entry_id}", err=True)
        raise typer.Exit(1)
    hint = HINTS[item.reason]
    payload = (item.payload or b"")[:_SHOWN_BYTES].decode("utf-8", "backslashreplace")
    fields = {
        **msgspec.structs.asdict(to_row(item)),
        "next_step": hint,
        "payload_bytes": item.payload_bytes,
        "payload": payload,
    }
    if as_json:
        typer.echo(msgspec.json.encode(fields))
        return
    for name, value in fields.items():
        typer.echo(f"{name:<14} {'' if value is None else printable(value)}")


def replay(
    ids: Annotated[list[int] | None, typer.Argument(help="ids; none: all that were not replayed 编号")] = None,
    reason: Reason = None,
    station: Station = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="count what would be stored, store nothing 只预览")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Decode entries again with today's code and network file, and store what is now sound. 修复后重放。"""
    import msgspec

    from console.cli.replay import explained
    from ingest.process.settings import CollectorSettings
    from ingest.process.shutdown import shutdown_on_signals
    from ingest.quarantine.quarantine import entries
    from ingest.quarantine.quarantine import replay as replay_entries
    from ingest.writer import Writer
    from store.influx.store import InfluxStore
    from store.settings import load_settings
    from store.state import QuarantineState

    settings = load_settings(CollectorSettings)
    stop = threading.Event()
    shutdown_on_signals(stop)
    with explained("quarantine"), open_state() as state:
        found = entries(state, reason=reason, station_id=station)
        chosen = ids or [item.id for item in found if item.state is QuarantineState.NEW]
        store = InfluxStore(settings)
        outcome = replay_entries(chosen, settings, state, None if dry_run else Writer(store, stop))
        store.close()
    if as_json:
        typer.echo(msgspec.json.encode({**msgspec.structs.asdict(outcome), "dry_run": dry_run}))
    else:
        typer.echo(
            f"{'would store 将入库' if dry_run else 'stored 已入库'} {outcome.stored}, still refused 仍被拒收 {outcome.refused}, incomplete 不完整 {outcome.incomplete}"
        )


def expire(
    older_than_days: Annotated[int | None, typer.Option(min=0, help="default: the setting 天数，默认取配置")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="count, delete nothing 只计数")] = False,
    as_json: AsJson = False,
) -> None:
    """Let entries go that are older than the policy allows; they stay counted. 按策略过期。"""
    from datetime import UTC, datetime

    import msgspec

    from console.cli.replay import explained
    from ingest.process.settings import CollectorSettings
    from store.settings import load_settings

    settings = load_settings(CollectorSettings)
    days = settings.quarantine_keep_days if older_than_days is None else older_than_days
    is_kept = not days and older_than_days is None
    if is_kept and not as_json:
        typer.echo("SKYGROUND_QUARANTINE_KEEP_DAYS=0: entries are kept 永久保留")
        return
    count = 0
    if not is_kept:
        with explained("quarantine"), open_state() as state:
            state.quarantine.limit_bytes = settings.quarantine_max_bytes
            count = state.quarantine.expire(datetime.now(UTC) - timedelta(days=days), dry_run=dry_run)
    if as_json:
        line = {"older_than_days": None if is_kept else days, "entries": count, "dry_run": dry_run}
        typer.echo(msgspec.json.encode(line))
        return
    typer.echo(f"{'would go 将删除' if dry_run else 'gone 已删除'} {count}")


def status(as_json: AsJson = False) -> None:
    """How full the quarantine is, of what, and where its bounds are. 隔离区用量与上限。"""
    import msgspec

    from console.cli.replay import explained
    from ingest.process.settings import CollectorSettings
    from store.settings import load_settings

    settings = load_settings(CollectorSettings)
    with explained("quarantine"), open_state() as state:
        size = state.quarantine.size()
        figures = {
            "items": size.items,
            "items_max": settings.quarantine_max_items,
            "payload_bytes": size.payload_bytes,
            "payload_bytes_max": settings.quarantine_max_bytes,
            "keep_days": settings.quarantine_keep_days,
            "by_reason": state.quarantine.count("reason"),
            "by_state": state.quarantine.count("state"),
            "expired": state.quarantine.count_expired(),
        }
    if as_json:
        typer.echo(msgspec.json.encode(figures))
        return
    for name, value in figures.items():
        typer.echo(f"{name:<18} {value}")
