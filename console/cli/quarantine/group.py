"""``skyground quarantine``: rejected messages, why, and how they are stored after all."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli import shell
from console.cli.quarantine.entry import Ids, Preview, Reason, chosen_entries
from console.cli.quarantine.repair import repair
from console.cli.shell.option import AsJson, OneStation
from console.cli.shell.page import DEFAULT, Limit, print_page
from console.cli.shell.printable import printable

if TYPE_CHECKING:
    from ingest.quarantine.quarantine import QuarantineRow

_SHOWN_BYTES = 2_000


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="Rejected messages, why, and their replay. 隔离区。")
    group.command("list")(list_entries)
    group.command("show")(show)
    group.command("replay")(replay)
    group.command("repair")(repair)
    group.command("expire")(expire)
    group.command("status")(status)
    app.add_typer(group, name="quarantine")


def list_entries(
    reason: Reason = None, station: OneStation = None, limit: Limit = DEFAULT, as_json: AsJson = False
) -> None:
    """List entries, newest first. 列出被拒收的数据，最新在前。"""
    from ingest.quarantine.quarantine import to_row

    with shell.opened_state("quarantine", shell.settings()) as state:
        stored = state.quarantine.list_newest(reason=reason, station_id=station, limit=limit + 1)
    rows = [to_row(item) for item in stored]
    print_page("quarantine list", rows, limit, _line, as_json=as_json, filters="--station, --reason")


def _line(row: QuarantineRow) -> str:
    place = "/".join(part for part in (row.station, row.instrument, row.parameter) if part) or row.topic
    return printable(f"{row.id:>7}  {row.received_at[:19]}Z  {row.reason:<18} {place:<40} {row.detail[:120]}")


def show(entry_id: Annotated[int, typer.Argument(help="id of the list 编号")], as_json: AsJson = False) -> None:
    """Show one entry with the message it came in. 查看一条及其原始消息。"""
    import msgspec

    from ingest.quarantine.quarantine import to_row
    from schemas.words import words

    settings = shell.settings()
    with shell.opened_state("quarantine", settings) as state:
        item = state.quarantine.get(entry_id)
    if item is None:
        typer.echo(f"skyground quarantine: there is no entry {entry_id}", err=True)
        raise typer.Exit(1)
    fields = {
        **msgspec.structs.asdict(to_row(item)),
        "next_step": words(settings.language, "page.reason_do")(item.reason.value),
        "payload_bytes": item.payload_bytes,
        "payload": (item.payload or b"")[:_SHOWN_BYTES].decode("utf-8", "backslashreplace"),
    }
    if as_json:
        typer.echo(msgspec.json.encode(fields))
        return
    for name, value in fields.items():
        typer.echo(f"{name:<14} {'' if value is None else printable(value)}")


def replay(
    ids: Ids = None,
    reason: Reason = None,
    station: OneStation = None,
    dry_run: Preview = False,
    as_json: AsJson = False,
) -> None:
    """Decode entries again with today's code and network file, and store what is now valid. 修复后重放。"""
    import msgspec

    from ingest.quarantine.quarantine import replay as replay_entries

    with chosen_entries(ids, reason, station, dry_run=dry_run) as chosen:
        outcome = replay_entries(chosen.ids, chosen.settings, chosen.state, chosen.writer)
    counts = msgspec.structs.asdict(outcome)
    key = "quarantine.would_store" if dry_run else "quarantine.stored"
    typer.echo(shell.to_json({**counts, "dry_run": dry_run}) if as_json else shell.text(key, **counts))


def expire(
    older_than_days: Annotated[int | None, typer.Option(min=0, help="default: the setting 天数，默认取配置")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="count, delete nothing 只计数")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete entries that are older than the policy allows; their counts stay. 按策略过期。"""
    from datetime import UTC, datetime

    import msgspec

    from ingest.process.settings import CollectorSettings
    from store.settings import load_settings

    settings = load_settings(CollectorSettings)
    days = settings.quarantine_keep_days if older_than_days is None else older_than_days
    is_kept = not days and older_than_days is None
    if is_kept and not as_json:
        typer.echo(shell.text("quarantine.kept"))
        return
    count = 0
    if not is_kept:
        with shell.opened_state("quarantine", settings) as state:
            state.quarantine.limit_bytes = settings.quarantine_max_bytes
            count = state.quarantine.expire(datetime.now(UTC) - timedelta(days=days), dry_run=dry_run)
    if as_json:
        line = {"older_than_days": None if is_kept else days, "entries": count, "dry_run": dry_run}
        typer.echo(msgspec.json.encode(line))
        return
    typer.echo(shell.text("quarantine.would_expire" if dry_run else "quarantine.expired", count=count))


def status(as_json: AsJson = False) -> None:
    """Show size and bounds of the quarantine, by reason and state. 隔离区用量与上限。"""
    import msgspec

    from ingest.process.settings import CollectorSettings
    from store.settings import load_settings

    settings = load_settings(CollectorSettings)
    with shell.opened_state("quarantine", settings) as state:
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
