"""``skyground analyse case`` and ``attribution``: case files of a moment and of a span."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli import shell
from console.cli.shell import or_exit
from console.cli.shell.moment import Moment, check_order
from console.cli.shell.moment import moment as read_moment
from console.cli.shell.option import AsJson

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

    from analysis.report.stored_case import StoredCase
    from analysis.run.case import NoEventError
    from store.settings import SharedSettings


def case(
    station: Annotated[str, typer.Argument(metavar="STATION", help="station id 站点")],
    at: Annotated[str, typer.Option("--at", help="a moment of the event, as 2026-11-22T08:00[+08:00] 事件中的时刻")],
    parameter: Annotated[str | None, typer.Option(help="default: the most deviating 参数，默认偏离最大者")] = None,
    png: Annotated[Path | None, typer.Option("--png", help="write the picture to this file 图片文件")] = None,
    as_json: AsJson = False,
) -> None:
    """Compute, store and print the case file of an event. 计算、存储并显示一次事件的研判结果。"""
    from analysis.case.case_input import CaseInputError
    from analysis.case.registry import EnterpriseError
    from analysis.run.case import NoEventError, case_at

    settings, now = shell.settings(), datetime.now(UTC)
    zone = settings.stations.timezone
    moment = read_moment(at, zone, "--at")
    _check(settings, station, parameter)
    if moment > now:
        msg = f"{_civil(moment, zone)} ({zone}) has not come, expected a moment up to now"
        raise typer.BadParameter(msg, param_hint="--at")
    try:
        found = or_exit(
            lambda: case_at(settings, station, moment, now, parameter=parameter), CaseInputError, EnterpriseError
        )
    except NoEventError as error:
        typer.echo(f"skyground: {_nothing(error, station, parameter, moment, zone)}", err=True)
        raise typer.Exit(1) from None
    if png is not None:
        _write_picture(png, found, settings, zone)
    _say_if_not_at(found, moment, zone)
    typer.echo(shell.to_json(_body(found)) if as_json else "\n".join(_lines(found, str(settings.language), zone)))
    if png is not None and not as_json:
        typer.echo(shell.text("case.picture", file=str(png)))


def attribution(start: Moment = None, end: Moment = None, as_json: AsJson = False) -> None:
    """Compute and store the case files of the events of a span. 计算并存储一段时间内各次事件的研判结果。"""
    from analysis.report.stored_case import CASE, read_case
    from analysis.run.case import cases_of_span
    from store.state import StateStore

    settings, now = shell.settings(), datetime.now(UTC)
    zone = settings.stations.timezone
    until = read_moment(end, zone, "--end", is_end=True) or now
    first = read_moment(start, zone, "--start") or until - timedelta(hours=24)
    check_order(first, until, ("--start", "--end"))
    summary = or_exit(lambda: cases_of_span(settings, first, until, now))
    with StateStore(settings.state_url) as state:
        documents = [state.documents.get(CASE, key) for key in summary.keys]
    cases = [item for document in documents if document is not None and (item := read_case(document.body))]
    if as_json:
        for found in cases:
            typer.echo(shell.to_json(_body(found)))
        return
    words = shell.words()
    for found in cases:
        typer.echo(f"{found.case.key}\n  {found.case.answer.text(words.language)}")
    for what, why in summary.failed.items():
        typer.echo(words("case.failed", what=what, why=shell.sentence(why)), err=True)
    figures = {"events": summary.events, "included": summary.included, "failed": len(summary.failed)}
    typer.echo(words("case.done", **figures))


def _check(settings: SharedSettings, station_id: str, parameter: str | None) -> None:
    """End the command where the station is not known, or does not measure the parameter."""
    station = settings.stations.stations.get(station_id)
    if station is None:
        known = sorted(settings.stations.stations)
        near = get_close_matches(station_id, known, n=10, cutoff=0.5) or known
        shown = ", ".join(near[:10]) + (" ..." if len(near) > 10 else "")  # noqa: PLR2004 - names that fit on a line
        msg = f"unknown station {station_id!r}, expected one of {shown}"
        raise typer.BadParameter(msg, param_hint="STATION")
    measured = {name for item in station.instruments for name in item.parameters}
    if parameter is not None and parameter not in measured:
        msg = f"{station_id} does not measure {parameter!r}, expected one of {', '.join(sorted(measured))}"
        raise typer.BadParameter(msg, param_hint="--parameter")


def _nothing(error: NoEventError, station: str, parameter: str | None, at: datetime, zone: ZoneInfo) -> str:
    """Why there is no case file, and the nearest event."""
    from analysis.run.case.moment import AROUND, NEAR

    words = shell.words()
    figures: dict[str, object] = {"station": station, "hours": NEAR // timedelta(hours=1), "at": _civil(at, zone)}
    first = (
        words("case.no_event_of", parameter=parameter, **figures) if parameter else words("case.no_event", **figures)
    )
    if error.nearest is None:
        return f"{first} {words('case.no_nearest', days=AROUND.days)}"
    span = error.nearest.interval
    times = {"start": _civil(span.start, zone), "end": _civil(span.end, zone)}
    return f"{first} {words('case.nearest', parameter=error.nearest.parameter, **times)}"


def _say_if_not_at(found: StoredCase, at: datetime, zone: ZoneInfo) -> None:
    """Say that the event is another than one at the moment asked for."""
    span = found.case.event
    end = span.end or found.case.computed_at
    if not span.start <= at < max(end, span.start + timedelta(hours=1)):
        times = {"at": _civil(at, zone), "start": _civil(span.start, zone), "end": _civil(end, zone)}
        typer.echo(shell.text("case.not_at", **times), err=True)


def _civil(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


def _lines(item: StoredCase, language: str, zone: ZoneInfo) -> Iterator[str]:
    """The answer, then the evidence by topic."""
    from analysis.report.case_text import basis_text, case_sections

    yield item.case.answer.text(language)
    yield basis_text(item.case, language, zone)
    for section in case_sections(item.case, language):
        yield ""
        yield section.title
        for line in section.lines:
            yield f"  {line}"


def _body(item: StoredCase) -> dict[str, Any]:
    """The case file with the sentences of its statements in both languages."""
    from analysis.run.to_json import to_json
    from schemas.statement import statement_text

    body = to_json(item.case)
    said = [one | {name: statement_text(one, name) for name in ("zh", "en")} for one in body["statements"]]
    return body | {"statements": said, "held": list(item.held)}


def _write_picture(file: Path, item: StoredCase, settings: SharedSettings, zone: ZoneInfo) -> None:
    from analysis.report.case_picture import case_picture

    if item.chart is None:
        return
    drawn = case_picture(item.case, item.chart, str(settings.language), zone)
    try:
        file.write_bytes(drawn)
    except OSError as error:
        msg = f"{file} cannot be written: {error.strerror}"
        raise typer.BadParameter(msg, param_hint="--png") from error
