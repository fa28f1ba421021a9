"""``skyground balance``: what came in against what was kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ingest.balance import Audit, Conservation
    from store.state import Balance

_HOUR = timedelta(hours=1)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("balance")(balance)


def balance(  # noqa: PLR0917 - typer passes them by name
    start: Annotated[str | None, typer.Option("--from", help="received from, ISO 8601; default: 24 h ago 起始")] = None,
    end: Annotated[str | None, typer.Option("--to", help="default: now 截止")] = None,
    station: Annotated[str | None, typer.Option(help="only this station 站点")] = None,
    with_audit: Annotated[
        bool, typer.Option("--audit", help="decode the raw log again and read every value back 全量核对")
    ] = False,
    sent: Annotated[int | None, typer.Option(min=0, help="messages the publishers got confirmed 发送数")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line, the last sums up JSON")] = False,
) -> None:
    """Messages, readings and values by hour and instrument, and what cannot be explained. 收支平衡。

    Exit status 1 where something is lost.
    """
    from console.cli.replay import explained, moment
    from ingest.settings import CollectorSettings
    from schemas.interval import floor_hour
    from store.settings import load_settings

    settings = load_settings(CollectorSettings)
    now = datetime.now(UTC)
    first = floor_hour(moment(start, settings.zone, "--from") or now - 24 * _HOUR)
    asked = moment(end, settings.zone, "--to")
    # whole hours: the one that has begun is part of it
    last = floor_hour(asked) if asked else floor_hour(now) + _HOUR
    from ingest.balance import audit, conservation
    from ingest.pipeline import CURSOR
    from store.influx import InfluxStore
    from store.rawlog import RawLog
    from store.state import StateStore

    with explained("balance"), StateStore(settings.state_url) as state:
        state.migrate()
        rows = state.read_balance(first, last, station)
        log, store = RawLog(settings.rawlog_dir), InfluxStore(settings)
        summary = conservation(log, state, CURSOR, start=first, end=last)
        checked = (
            audit(settings, log, store, state, cursor=CURSOR, start=first, end=last, sent=sent) if with_audit else None
        )
        store.close()
        log.close()
    _print(rows, summary, checked, as_json=as_json)
    if checked is not None and checked.lost:
        raise typer.Exit(1)


def _print(rows: list[Balance], summary: Conservation, checked: Audit | None, *, as_json: bool) -> None:
    import msgspec

    sums = msgspec.structs.asdict(summary) | (msgspec.structs.asdict(checked) if checked else {})
    if as_json:
        for row in rows:
            typer.echo(msgspec.json.encode(row))
        typer.echo(msgspec.json.encode({"summary": True, **sums}))
        return
    typer.echo(
        f"{'hour':<17} {'station':<20} {'instrument':<12} {'messages':>9} {'again':>6} {'readings':>9} {'values':>10}  rejected"
    )
    for row in rows:
        rejected = " ".join(f"{reason}={count}" for reason, count in sorted(row.rejected.items()))
        typer.echo(
            f"{row.hour:%Y-%m-%d %H:%M}Z {row.station_id or '?':<20} {row.instrument_id or '?':<12} "
            f"{row.messages:>9} {row.redelivered:>6} {row.readings:>9} {row.values_stored:>10}  {rejected}"
        )
    for name, value in sums.items():
        typer.echo(f"{name:<16} {value}")
