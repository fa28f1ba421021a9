"""``skyground gaps``: missing readings, the state of each request for them, and requests by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli import shell
from console.cli.shell.moment import From, OpenFrom, OpenTo, To, open_span, span
from console.cli.shell.option import AsJson, OneStation
from console.cli.shell.page import DEFAULT, Limit, print_page

if TYPE_CHECKING:
    from schemas.network import Network
    from store.state import Gap


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="Missing readings and their repair. 缺测与补数。")
    group.command("list")(list_gaps)
    group.command("ask")(ask)
    app.add_typer(group, name="gaps")


def list_gaps(  # noqa: PLR0917 - typer passes them by name
    station: OneStation = None,
    state: Annotated[str | None, typer.Option(help="open asked filled no_data given_up too_old 状态")] = None,
    start: OpenFrom = None,
    end: OpenTo = None,
    limit: Limit = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """List gaps, newest first. 列出缺测时段，最新在前。"""
    import msgspec

    from schemas.words import sentence
    from store.state import GapState

    settings = shell.settings()
    if state is not None and state not in set(GapState):
        msg = f"{state!r}, expected one of {' '.join(GapState)}"
        raise typer.BadParameter(msg, param_hint="--state")
    states = [GapState(state)] if state else ()
    first, last = open_span(start, end, settings.stations.timezone)
    with shell.opened_state("gaps", settings) as store:
        stored = store.gaps.list(start=first, end=last, station_id=station, states=states, limit=limit + 1)
    stored = [msgspec.structs.replace(item, detail=sentence(item.detail, settings.language)) for item in stored]
    if stored and not as_json:
        typer.echo(shell.text("gaps.head"))
    if not print_page("gaps list", stored, limit, _line, as_json=as_json) and not as_json:
        typer.echo(shell.text("gaps.none"))


def _line(item: Gap) -> str:
    place = f"{item.station_id}/{item.instrument_id}"
    return (
        f"{item.id:>6}  {place:<32} {item.start:%Y-%m-%d %H:%M:%S}Z  {item.end:%Y-%m-%d %H:%M:%S}Z  "
        f"{item.missing:>6}  {item.found_by:<8} {item.state:<9} {item.attempts}  {item.detail}"
    ).rstrip()


def ask(  # noqa: PLR0917 - typer passes them by name
    station: Annotated[str, typer.Argument(help="station id 站点")],
    instrument: Annotated[str, typer.Argument(help="instrument id 仪器")],
    start: From,
    end: To,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="show, record nothing 只显示")] = False,
    as_json: AsJson = False,
) -> None:
    """Have the collector request readings of a station again. 人工发起补数请求。"""
    settings, now = shell.settings(), datetime.now(UTC)
    bounds = span(start, end, settings.stations.timezone, now)
    gap = _gap(settings.stations, station, instrument, bounds, now)
    outcome = "would_ask"
    if not dry_run:
        with shell.opened_state("gaps", settings) as store:
            is_new = store.gaps.add([gap]) > 0 or store.gaps.reopen(gap)
        outcome = "will_ask" if is_new else "asking_already"
    if as_json:
        line = {"station": station, "instrument": instrument, "start": gap.start, "end": gap.end}
        typer.echo(shell.to_json({**line, "missing": gap.missing, "outcome": outcome}))
        return
    place = f"{station}/{instrument}"
    times = {"first": gap.start.isoformat(), "last": gap.end.isoformat()}
    typer.echo(shell.text(f"gaps.{outcome}", place=place, count=gap.missing, **times))


def _gap(network: Network, station: str, instrument: str, bounds: tuple[datetime, datetime], now: datetime) -> Gap:
    """The gap that a person reports; ends the command with status 2 where it cannot be requested."""
    from store.state import Gap as NewGap

    first, last = bounds
    known = network.instruments.get((station, instrument))
    if known is None:
        msg = f"{station}/{instrument} is not in the network file"
        raise typer.BadParameter(msg)
    window = network.late_windows[station, instrument]
    if not last <= now + timedelta(minutes=1):
        msg = f"{first.isoformat()} to {last.isoformat()}: expected a time that is over"
        raise typer.BadParameter(msg)
    if window and now - first > window:
        msg = f"{first.isoformat()}: older than the late window of {window}; an answer would be rejected"
        raise typer.BadParameter(msg, param_hint="--from")
    return NewGap(
        network=str(known.network),
        station_id=station,
        instrument_id=instrument,
        start=first,
        end=last,
        missing=max(1, round((last - first) / timedelta(seconds=known.cadence_s))),
        found_by="person",
        found_at=now,
        due_at=now,
    )
