"""``skyground gaps``: what is missing, what became of asking the stations for it, and asking by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from console.cli.shell.moment import From, OpenFrom, OpenTo, To, open_span, span
from console.cli.shell.page import DEFAULT, Limit, page, tell_more

_JSON = Annotated[bool, typer.Option("--json", help="one JSON object a line 每行一个 JSON")]

_OUTCOMES = {
    "would_ask": "would ask 将请求",
    "will_ask": "the collector will ask 采集器将请求",
    "asking_already": "already being asked for 正在请求",
}


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="Missing readings and their repair. 缺测与补数。")
    group.command("list")(list_gaps)
    group.command("ask")(ask)
    app.add_typer(group, name="gaps")


def list_gaps(  # noqa: PLR0917 - typer passes them by name
    station: Annotated[str | None, typer.Option(help="only this station 站点")] = None,
    state: Annotated[str | None, typer.Option(help="open asked filled no_data given_up too_old 状态")] = None,
    start: OpenFrom = None,
    end: OpenTo = None,
    limit: Limit = DEFAULT,
    as_json: _JSON = False,
) -> None:
    """List gaps, newest first. 列出缺测时段，最新在前。"""
    import msgspec

    from console.cli.replay import explained
    from store.settings import SharedSettings, load_settings
    from store.state import GapState, StateStore

    settings = load_settings(SharedSettings)
    if state is not None and state not in set(GapState):
        msg = f"{state!r}, expected one of {' '.join(GapState)}"
        raise typer.BadParameter(msg, param_hint="--state")
    first, last = open_span(start, end, settings.stations.timezone)
    with explained("gaps"), StateStore(settings.state_url) as store:
        store.migrate()
        stored = store.gaps.list(
            start=first,
            end=last,
            station_id=station,
            states=[GapState(state)] if state else (),
            limit=limit + 1,
        )
    found, is_cut = page(stored, limit)
    if found and not as_json:
        typer.echo(
            f"{'id':>6}  {'instrument 仪器':<32} {'from 起':<20}  {'to 止':<20}  {'missing':>6}  found by {'state':<9} asked 次数"
        )
    for item in found:
        if as_json:
            typer.echo(msgspec.json.encode(item))
            continue
        place = f"{item.station_id}/{item.instrument_id}"
        typer.echo(
            f"{item.id:>6}  {place:<32} {item.start:%Y-%m-%d %H:%M:%S}Z  {item.end:%Y-%m-%d %H:%M:%S}Z  "
            f"{item.missing:>6}  {item.found_by:<8} {item.state:<9} {item.attempts}"
        )
    if is_cut:
        tell_more("gaps list", limit, as_json=as_json)
    if not found and not as_json:
        typer.echo("nothing is missing 无缺测")


def ask(  # noqa: PLR0917 - typer passes them by name
    station: Annotated[str, typer.Argument(help="station id 站点")],
    instrument: Annotated[str, typer.Argument(help="instrument id 仪器")],
    start: From,
    end: To,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="show, keep nothing 只显示")] = False,
    as_json: _JSON = False,
) -> None:
    """Have the collector ask a station for a time again. 人工发起补数请求。"""
    import msgspec

    from console.cli.replay import explained
    from store.settings import SharedSettings, load_settings
    from store.state import Gap, StateStore

    settings = load_settings(SharedSettings)
    first, last = span(start, end, settings.stations.timezone, datetime.now(UTC))
    known = settings.stations.instruments.get((station, instrument))
    if known is None:
        msg = f"{station}/{instrument} is not in the network file"
        raise typer.BadParameter(msg)
    now, window = datetime.now(UTC), settings.stations.late_windows[station, instrument]
    if not last <= now + timedelta(minutes=1):
        msg = f"{first.isoformat()} to {last.isoformat()}: expected a time that is over"
        raise typer.BadParameter(msg)
    if window and now - first > window:
        msg = f"{first.isoformat()}: older than the late window of {window}; what came would be refused"
        raise typer.BadParameter(msg, param_hint="--from")
    count = max(1, round((last - first) / timedelta(seconds=known.cadence_s)))
    gap = Gap(
        network=str(known.network),
        station_id=station,
        instrument_id=instrument,
        start=first,
        end=last,
        missing=count,
        found_by="person",
        found_at=now,
        due_at=now,
    )
    outcome = "would_ask"
    if not dry_run:
        with explained("gaps"), StateStore(settings.state_url) as store:
            store.migrate()
            is_new = store.gaps.add([gap]) > 0 or store.gaps.reopen(gap)
        outcome = "will_ask" if is_new else "asking_already"
    if as_json:
        line = {"station": station, "instrument": instrument, "start": first, "end": last, "missing": count}
        typer.echo(msgspec.json.encode({**line, "outcome": outcome}))
        return
    typer.echo(
        f"{_OUTCOMES[outcome]} {station}/{instrument}: {count} readings 条, {first.isoformat()} .. {last.isoformat()}"
    )
