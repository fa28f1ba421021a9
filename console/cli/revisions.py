"""``skyground revisions``: what late and corrected readings changed, when, and the former values."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli import shell
from console.cli.shell.moment import OpenFrom, OpenTo, open_span
from console.cli.shell.option import AsJson, OneStation
from console.cli.shell.page import DEFAULT, Limit, print_page

if TYPE_CHECKING:
    from schemas.words import Words
    from store.state import Revision


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("revisions")(revisions)


def revisions(  # noqa: PLR0917 - typer passes them by name
    station: OneStation = None,
    instrument: Annotated[str | None, typer.Option(help="only this instrument 仪器")] = None,
    start: OpenFrom = None,
    end: OpenTo = None,
    corrections: Annotated[bool, typer.Option("--corrections", help="without late readings 只看更正")] = False,
    limit: Limit = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """List revisions, those received last first. 列出数据修订历史，最新在前。"""
    settings = shell.settings()
    first, last = open_span(start, end, settings.stations.timezone)
    chosen = {"station_id": station, "instrument_id": instrument, "only_corrections": corrections}
    with shell.opened_state("revisions", settings) as state:
        stored = state.revisions.list(start=first, end=last, limit=limit + 1, **chosen)  # type: ignore[arg-type]
    words = shell.words()
    if not print_page("revisions", stored, limit, partial(_line, words=words), as_json=as_json) and not as_json:
        typer.echo(words("revisions.none"))


def _line(item: Revision, words: Words) -> str:
    place = f"{item.station_id}/{item.instrument_id}"
    head = f"{item.received_at:%Y-%m-%d %H:%M:%S}Z  {item.origin:<10} {place:<28} {item.first:%Y-%m-%d %H:%M:%S}Z"
    if item.before is None:
        text = words("revisions.late", count=item.readings, last=f"{item.last:%Y-%m-%d %H:%M:%S}Z")
        return f"{head}  {text}"
    old = {**item.before.values, **{f"{code} status": letter for code, letter in item.before.status.items()}}
    former = ", ".join(f"{name} {'-' if value is None else value}" for name, value in old.items())
    return f"{head}  {words('revisions.former', values=former)}"
