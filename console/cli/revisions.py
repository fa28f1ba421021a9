"""``skyground revisions``: what late and corrected readings changed, when, and the former values."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli import shell
from console.cli.shell.moment import OpenFrom, OpenTo, open_span
from console.cli.shell.named import refuse_unknown
from console.cli.shell.option import AsJson, OneStation
from console.cli.shell.page import DEFAULT, Limit, print_page

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from analysis.run.report.outdated import OutdatedPublication
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
    published: Annotated[
        bool,
        typer.Option("--published", help="reports, products and mails that rest on changed hours 受影响的已发布结果"),
    ] = False,
    kind: Annotated[
        list[str] | None, typer.Option("--kind", help="with --published: report, mail, ...; may be repeated 类别")
    ] = None,
    limit: Limit = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """List revisions, those received last first. 列出数据修订历史，最新在前。"""
    settings = shell.settings()
    first, last = open_span(start, end, settings.stations.timezone)
    if published:
        _check(instrument, corrections=corrections)
        _published(first, last, station, tuple(kind or ()), limit, as_json=as_json)
        return
    if kind:
        shell.stop("--kind has a meaning with --published only")
    chosen = {"station_id": station, "instrument_id": instrument, "only_corrections": corrections}
    with shell.opened_state("revisions", settings) as state:
        stored = state.revisions.list(start=first, end=last, limit=limit + 1, **chosen)  # type: ignore[arg-type]
    words = shell.words()
    if not print_page("revisions", stored, limit, partial(_line, words=words), as_json=as_json) and not as_json:
        typer.echo(words("revisions.none"))


def _check(instrument: str | None, *, corrections: bool) -> None:
    for name, is_given in (("--instrument", instrument is not None), ("--corrections", corrections)):
        if is_given:
            shell.stop(f"{name} has no meaning with --published")


def _published(
    start: datetime | None,
    end: datetime | None,
    station: str | None,
    kinds: tuple[str, ...],
    limit: int,
    *,
    as_json: bool,
) -> None:
    from analysis.run.report.outdated import EVER, MAIL, PUBLICATIONS, outdated_publications
    from schemas.interval import Interval

    known = (*PUBLICATIONS, MAIL)
    if wrong := [name for name in kinds if name not in known]:
        msg = f"{wrong[0]!r}: expected one of {', '.join(known)}"
        raise typer.BadParameter(msg, param_hint="--kind")
    settings, span = shell.settings(), Interval(start or EVER.start, end or EVER.end)
    with shell.opened_state("revisions", settings) as state:
        found = outdated_publications(state, settings.stations, span, station_id=station, kinds=kinds)
    words = shell.words()
    line = partial(_published_line, words=words, zone=settings.stations.timezone)
    if not found:
        refuse_unknown(settings.stations, stations=[station] if station else ())
    options = "--kind, --station, --from, --to"
    if not print_page("revisions", found[: limit + 1], limit, line, as_json=as_json, filters=options) and not as_json:
        typer.echo(words("revisions.published_none"))


def _published_line(item: OutdatedPublication, words: Words, zone: ZoneInfo) -> str:
    version = "" if item.version is None else f" v{item.version}"
    stated = "" if item.stated is None else " " + words("revisions.stated", value=item.stated, unit=item.unit)
    issued = f"{item.issued_at.astimezone(zone):%Y-%m-%d %H:%M}"
    lines = [f"{item.kind:<12} {item.key}{version}  {words('revisions.issued', at=issued)}{stated}"]
    for change in item.changes:
        text = words(
            f"revisions.change_{change.cause.value}",
            count=change.count,
            station=change.station_id,
            parameters=",".join(change.parameters),
            first=f"{change.first.astimezone(zone):%Y-%m-%d %H:%M}",
            last=f"{change.last.astimezone(zone):%Y-%m-%d %H:%M}",
            at=f"{change.at.astimezone(zone):%Y-%m-%d %H:%M}",
        )
        former = ", ".join(
            f"{one.parameter} {one.start.astimezone(zone):%m-%d %H:%M} {'-' if one.value is None else f'{one.value:g}'}"
            for one in change.former[:3]
        )
        lines.append(f"    {text}" + (f" {words('revisions.former', values=former)}" if former else ""))
    return "\n".join(lines)


def _line(item: Revision, words: Words) -> str:
    place = f"{item.station_id}/{item.instrument_id}"
    head = f"{item.received_at:%Y-%m-%d %H:%M:%S}Z  {item.origin:<10} {place:<28} {item.first:%Y-%m-%d %H:%M:%S}Z"
    if item.before is None:
        text = words("revisions.late", count=item.readings, last=f"{item.last:%Y-%m-%d %H:%M:%S}Z")
        return f"{head}  {text}"
    old = {**item.before.values, **{f"{code} status": letter for code, letter in item.before.status.items()}}
    former = ", ".join(f"{name} {'-' if value is None else value}" for name, value in old.items())
    return f"{head}  {words('revisions.former', values=former)}"
