"""``skyground balance``: the reconciliation of readings, from expected to read back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli import shell
from console.cli.shell.moment import OpenFrom, ToNow, open_span
from console.cli.shell.option import OneStation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.completeness.balance import Audit, Conservation
    from ingest.process.settings import CollectorSettings
    from store.influx.store import InfluxStore
    from store.rawlog import RawLog
    from store.state import Balance, ReconciliationRow, StateStore

_HOUR = timedelta(hours=1)
SETTLE_AT_ONCE = 20_000
"""Messages that are reconciled before the table is printed, without ``--settle``."""
COLUMNS = (
    "expected",
    "not_sent",
    "sent",
    "lost_before_collector",
    "received",
    "redelivered",
    "repeated",
    "quarantined",
    "empty",
    "stored",
    "read_back",
    "rest",
)
_FURTHER = ("unreadable", "gaps")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("balance")(balance)


def balance(  # noqa: PLR0917 - typer passes them by name
    start: OpenFrom = None,
    end: ToNow = None,
    station: OneStation = None,
    by_reception: Annotated[
        bool, typer.Option("--received", help="running counts by hour of reception instead 按接收小时计数")
    ] = False,
    do_settle: Annotated[
        bool, typer.Option("--settle", help="settle however many messages wait to be 立即结算全部")
    ] = False,
    with_audit: Annotated[
        bool, typer.Option("--audit", help="decode the raw log again and read every value back 全量核对")
    ] = False,
    sent: Annotated[int | None, typer.Option(min=0, help="messages the publishers got confirmed 发送数")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line, the last sums up JSON")] = False,
) -> None:
    """Reconcile readings by hour and instrument, from expected to read back; the unexplained difference is the rest. 收支平衡表。

    Exit status 1 where something is lost.
    """
    from ingest.process.settings import CollectorSettings
    from schemas.interval import floor_hour
    from store.settings import load_settings

    settings = load_settings(CollectorSettings)
    now = datetime.now(UTC)
    asked_from, asked = open_span(start, end, settings.stations.timezone)
    first = floor_hour(asked_from or now - 24 * _HOUR)
    # whole hours: the one that has begun is part of it
    last = floor_hour(asked) if asked else floor_hour(now) + _HOUR
    from ingest.backlog.dual_cursor import CURSOR
    from ingest.completeness.balance import audit, conservation
    from store.influx.store import InfluxStore
    from store.rawlog import RawLog

    checked, rows, counts, gaps = None, None, None, {}
    with shell.opened_state("balance", settings) as state:
        log, store = RawLog(settings.rawlog_dir), InfluxStore(settings)
        if with_audit:
            checked = audit(settings, log, store, state, cursor=CURSOR, start=first, end=last, sent=sent)
        elif by_reception:
            counts = state.balance.read(first, last, station)
        else:
            rows = _reconciled_rows(settings, log, store, state, span=(first, last), station=station, whole=do_settle)
            gaps = _gaps(settings, state, (first, last), station)
        summary = conservation(log, state, start=first, end=last)
        waiting = _unsettled(log)
        store.close()
        log.close()
    if counts is not None:
        _print_counts(counts, as_json=as_json)
    totals = _print_rows(rows, gaps, as_json=as_json) if rows is not None else {}
    _print_summary(summary, checked, {**totals, "unsettled": waiting}, as_json=as_json)
    if (checked is not None and checked.lost) or totals.get("rest"):
        raise typer.Exit(1)


def _unsettled(log: RawLog) -> int:
    """Messages that are stored and not reconciled yet [1]."""
    from ingest.backlog.dual_cursor import CURSOR
    from ingest.completeness.reconciliation import CURSOR as SHEET

    return max(0, log.count_after(log.cursor(SHEET)) - log.count_after(log.cursor(CURSOR)))


def _reconciled_rows(
    settings: CollectorSettings,
    log: RawLog,
    store: InfluxStore,
    state: StateStore,
    *,
    span: tuple[datetime, datetime],
    station: str | None,
    whole: bool,
) -> list[ReconciliationRow]:
    from console.cli.shell.progress import progress_line
    from ingest.backlog.dual_cursor import CURSOR
    from ingest.completeness.expected_count import filled, up_to
    from ingest.completeness.reconciliation import reconcile

    if _unsettled(log) and (whole or _unsettled(log) <= SETTLE_AT_ONCE):
        with progress_line() as progress:

            def go_on(messages: int) -> bool:
                progress(messages)
                return True

            drained, now = log.cursor(CURSOR), datetime.now(UTC)
            reconcile(settings, log, store=store, state=state, drained=drained, now=now, go_on=go_on)
    found, now = state.reconciliation.read(*span, station_id=station), datetime.now(UTC)
    return up_to(now, filled(found, settings.stations, span[0], min(span[1], now), station), settings.stations)


def _gaps(
    settings: CollectorSettings, state: StateStore, span: tuple[datetime, datetime], station: str | None
) -> dict[tuple[datetime, str, str], dict[str, int]]:
    """What became of asking for what is missing, by hour and instrument."""
    from ingest.completeness.gap import steps_by_hour

    cadences = {key: timedelta(seconds=item.cadence_s) for key, item in settings.stations.instruments.items()}
    return steps_by_hour(state.gaps.list(start=span[0], end=span[1], station_id=station), cadences)


def _figures(row: ReconciliationRow, gaps: dict[tuple[datetime, str, str], dict[str, int]]) -> dict[str, Any]:
    from ingest.completeness.reconciliation_row import differences

    facts, named = row.facts, differences(row.facts)
    return {
        "expected": facts.expected,
        "not_sent": named["not_sent"],
        "sent": facts.sent,
        "lost_before_collector": named["lost_before_collector"],
        "received": facts.received,
        "redelivered": facts.redelivered,
        "repeated": facts.repeated,
        "decoded": facts.received,
        "quarantined": facts.quarantined,
        "empty": len(facts.empty),
        "unreadable": facts.unreadable,
        "stored": facts.stored,
        "read_back": facts.read_back,
        "rest": facts.rest,
        "gaps": gaps.get((row.hour, row.station_id, row.instrument_id), {}),
    }


def _print_rows(
    rows: Sequence[ReconciliationRow], gaps: dict[tuple[datetime, str, str], dict[str, int]], *, as_json: bool
) -> dict[str, int]:
    import msgspec

    totals = dict.fromkeys(COLUMNS, 0)
    if not as_json:
        words = shell.words()
        typer.echo("  ".join(f"{name} {words(f'balance.{name}')}" for name in (*COLUMNS, *_FURTHER)))
    for row in rows:
        figures = _figures(row, gaps)
        for name in COLUMNS:
            value = figures[name]
            totals[name] += sum(value.values()) if isinstance(value, dict) else value or 0
        if as_json:
            place = {"hour": row.hour, "station": row.station_id, "instrument": row.instrument_id}
            typer.echo(msgspec.json.encode({**place, "network": row.facts.network, **figures}))
            continue
        shown = " ".join(_shown(name, figures[name]) for name in (*COLUMNS, *_FURTHER) if figures[name])
        typer.echo(f"{row.hour:%Y-%m-%d %H:%M}Z {row.station_id or '?'}/{row.instrument_id or '?':<12} {shown}")
    return totals


def _shown(name: str, value: Any) -> str:  # noqa: ANN401 - a number, or numbers by reason
    if isinstance(value, dict):
        return (
            f"{name}={sum(value.values())}({','.join(f'{reason}:{count}' for reason, count in sorted(value.items()))})"
        )
    return f"{name}={value}"


def _print_counts(rows: Sequence[Balance], *, as_json: bool) -> None:
    import msgspec

    if as_json:
        for row in rows:
            typer.echo(msgspec.json.encode(row))
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


def _print_summary(summary: Conservation, checked: Audit | None, totals: dict[str, int], *, as_json: bool) -> None:
    import msgspec

    sums = {**totals, **msgspec.structs.asdict(summary)} | (msgspec.structs.asdict(checked) if checked else {})
    if as_json:
        typer.echo(msgspec.json.encode({"summary": True, **sums}))
        return
    words = shell.words()
    for name, value in sums.items():
        typer.echo(f"{name:<22} {words.get(f'balance.{name}', ''):<14} {value}")
