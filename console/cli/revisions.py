"""``skyground revisions``: what late and corrected readings have changed, when, and what stood there before."""

from __future__ import annotations

from typing import Annotated

import typer

from console.cli.shell.moment import OpenFrom, OpenTo, open_span
from console.cli.shell.page import DEFAULT, Limit, page, tell_more


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("revisions")(revisions)


def revisions(  # noqa: PLR0917 - typer passes them by name
    station: Annotated[str | None, typer.Option(help="only this station 站点")] = None,
    instrument: Annotated[str | None, typer.Option(help="only this instrument 仪器")] = None,
    start: OpenFrom = None,
    end: OpenTo = None,
    corrections: Annotated[bool, typer.Option("--corrections", help="without late readings 只看更正")] = False,
    limit: Limit = DEFAULT,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line 每行一个 JSON")] = False,
) -> None:
    """List revisions, those received last first. 列出数据修订历史，最新在前。"""
    import msgspec

    from console.cli.replay import explained
    from store.settings import SharedSettings, load_settings
    from store.state import StateStore

    settings = load_settings(SharedSettings)
    first, last = open_span(start, end, settings.stations.timezone)
    with explained("revisions"), StateStore(settings.state_url) as state:
        state.migrate()
        stored = state.revisions.list(
            start=first,
            end=last,
            station_id=station,
            instrument_id=instrument,
            only_corrections=corrections,
            limit=limit + 1,
        )
    found, is_cut = page(stored, limit)
    for item in found:
        if as_json:
            typer.echo(msgspec.json.encode(item))
            continue
        place = f"{item.station_id}/{item.instrument_id}"
        head = f"{item.received_at:%Y-%m-%d %H:%M:%S}Z  {item.origin:<10} {place:<28} {item.first:%Y-%m-%d %H:%M:%S}Z"
        if item.before is None:
            typer.echo(f"{head}  {item.readings} late readings 迟到, until 至 {item.last:%Y-%m-%d %H:%M:%S}Z")
            continue
        old = {**item.before.values, **{f"{code} status": letter for code, letter in item.before.status.items()}}
        words = ", ".join(f"{name} was 原为 {'nothing 无' if value is None else value}" for name, value in old.items())
        typer.echo(f"{head}  {words}")
    if is_cut:
        tell_more("revisions", limit, as_json=as_json)
    if not found and not as_json:
        typer.echo("nothing was revised 无修订")
