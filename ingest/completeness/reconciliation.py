"""Reconciliation of readings: from the count the cadence expects to the count the database returns, a name for each difference.

Rows are of the hour in which readings start. Of each row holds::

    expected = not_sent + lost_before_collector + quarantined + empty + stored   (not_sent may be negative: more than expected)
    received = redelivered + repeated + quarantined + empty + stored
    stored   = read_back + rest                                              (rest must be 0)

Lost readings are requested again; `ingest.completeness.gap.steps_by_hour` counts the outcome by hour.

It works from the raw log, independently of the drain: `reconcile` continues at its own cursor, decodes each message again and
queries the database for every time. Collectors of a share group update the same rows; one whose rows were changed meanwhile
does its part again.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
import pandas as pd

from ingest.completeness.expected_count import HOUR, expected_in
from ingest.completeness.reconciliation_finding import end_findings, report_rests
from ingest.completeness.reconciliation_row import RowKey, by_instrument, count_sent, enter_message, offset_ms, rows_of
from ingest.decode.error_finding import error_finding
from ingest.decode.message import decode_and_validate
from ingest.decode.refusal import refused_after_decoding
from ingest.process.guard import describe, divide, say
from schemas.interval import floor_hour
from store.error import StateError
from store.file_lock import exclusive
from store.state import ReconciliationFigures, ReconciliationRow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ingest.decode.message import DecodedMessage
    from ingest.process.settings import CollectorSettings
    from schemas.network import Network
    from store.influx.store import InfluxStore
    from store.rawlog import Position, RawLog
    from store.state import StateStore

CURSOR = "sheet"
_NEIGHBOUR_SPAN = timedelta(hours=48)
"""How far away a neighbouring row may be; a longer hole counts as not sent."""
_PAGE = 4_000
_PAGE_BYTES = 16 << 20
_PART_MESSAGES = 40_000
"""Messages reconciled together: bounds the memory."""
_ATTEMPTS = 20


class Reconciled(msgspec.Struct):
    """Outcome: messages read, rows updated, accepted readings not found in the database."""

    messages: int = 0
    rows: int = 0
    rest: int = 0


def reconcile(  # noqa: PLR0913 - the stores by keyword
    settings: CollectorSettings,
    log: RawLog,
    *,
    store: InfluxStore,
    state: StateStore,
    drained: Position,
    now: datetime,
    go_on: Callable[[int], bool] = lambda _: True,
    takes: Callable[[Position], bool] | None = None,
) -> Reconciled:
    """Reconcile everything between its own cursor and the drain's.

    Parameters
    ----------
    drained : Position
        Position up to which the drain has stored the log.
    now : datetime
        Findings are reported with this time, aware.
    go_on : callable
        Called with the number of messages so far after each part; False ends the work.
    takes : callable or None
        Whether to process a message; then one at a time. None: all, many together.

    Raises
    ------
    StoreError
        The part at hand is not counted then; earlier parts are.
    """
    done = Reconciled()
    with exclusive(settings.rawlog_dir / "sheet.lock"):
        while True:
            part = list(_part(log, drained, _PART_MESSAGES if takes is None else 1))
            if not part:
                _look_again(settings.stations, store, state, now)
                return done
            position = part[-1][0]
            decoded = [decode_and_validate(message, settings) for at, message in part if takes is None or takes(at)]
            rows = _reconcile_sound(decoded, settings, store, state, now)
            log.advance(CURSOR, position)
            done.messages += len(part)
            done.rows += len(rows)
            done.rest += sum(row.facts.rest for row in rows)
            report_rests(rows, state, now)
            if not go_on(done.messages):
                return done


def _reconcile_sound(
    decoded: list[DecodedMessage], settings: CollectorSettings, store: InfluxStore, state: StateStore, now: datetime
) -> list[ReconciliationRow]:
    """Reconcile; a message that raises is not counted, but logged and reported as a finding."""
    rows: list[ReconciliationRow] = []
    left_out: list[str] = []

    def leave_out(item: DecodedMessage, error: Exception) -> None:
        left_out.append(f"survey, {item.message.topic}: {describe(error)}")
        say("message_not_settled", error, topic=item.message.topic, received_at=item.message.received_at.isoformat())

    divide(lambda part: rows.extend(_reconcile_part(part, settings, store, state)), decoded, leave_out)
    if left_out:
        state.findings.report([error_finding(settings.process_name, left_out[-1], len(left_out), now)])
    return rows


def _look_again(network: Network, store: InfluxStore, state: StateStore, now: datetime) -> None:
    """Query rests again: the readings may have been restored from the raw log.

    Rows of instruments that left the network file cannot be restored; their findings end.
    """
    last: ReconciliationRow | None = None
    seen: list[ReconciliationRow] = []
    while page := state.reconciliation.list_rests(last):
        last = page[-1]
        for part in _near_in_time({(row.hour, row.station_id, row.instrument_id) for row in page}):
            seen += _put(partial(_looked_at, part, network, store, state), state)
    report_rests(seen, state, now)
    end_findings(network, state)


def _looked_at(keys: list[RowKey], network: Network, store: InfluxStore, state: StateStore) -> list[ReconciliationRow]:
    """Rows with a rest, read back again."""
    hours = [hour for hour, _, _ in keys]
    wanted = [key for key in {key[1:] for key in keys} if key in network.instruments]
    rows = state.reconciliation.read(min(hours), max(hours) + HOUR, instruments=wanted) if wanted else []
    rows = [row for row in rows if row.facts.rest]
    figures = by_instrument({(row.hour, row.station_id, row.instrument_id): row.facts for row in rows})
    for own, facts in figures.items():
        _read_back(facts, (str(network.instruments[own].network), *own), store)
    return rows


def _put(make: Callable[[], list[ReconciliationRow]], state: StateStore) -> list[ReconciliationRow]:
    """Store updated rows; repeated where another collector of the share group has changed them meanwhile."""
    for _ in range(_ATTEMPTS):
        rows = make()
        if state.reconciliation.put(rows):
            return rows
    msg = f"reconciliation: other collectors changed the same rows {_ATTEMPTS} times meanwhile; tried again later"
    raise StateError(msg)


def _part(log: RawLog, drained: Position, most: int) -> Iterator[tuple[Position, Any]]:
    position, count = log.cursor(CURSOR), 0
    while count < most and (page := log.read(position, min(_PAGE, most), max_bytes=_PAGE_BYTES)):
        for logged in page:
            if logged.position > drained:
                return
            yield logged.position, logged.message
        position, count = page[-1].position, count + len(page)


def _reconcile_part(
    decoded: Sequence[DecodedMessage], settings: CollectorSettings, store: InfluxStore, state: StateStore
) -> list[ReconciliationRow]:
    touched = {key for item in decoded for key in rows_of(item)}
    refusals = refused_after_decoding(state, min(item.message.received_at for item in decoded))

    def make() -> list[ReconciliationRow]:
        rows, versions = _load(touched, state, settings.stations)
        for item in decoded:
            enter_message(rows, item, refusals, settings.stations)
        return _counted(rows, versions, settings.stations, store)

    return _put(make, state)


def _counted(
    rows: dict[RowKey, ReconciliationFigures],
    versions: dict[RowKey, datetime | None],
    network: Network,
    store: InfluxStore,
) -> list[ReconciliationRow]:
    figures = by_instrument(rows)
    for (station_id, instrument_id), own in figures.items():
        instrument = network.instruments.get((station_id, instrument_id))
        if instrument is None:
            continue
        cadence = timedelta(seconds=instrument.cadence_s)
        count_sent(own, cadence)
        for hour, facts in own.items():
            facts.expected = expected_in(hour, cadence, instrument.since, instrument.until)
        _read_back(own, (str(instrument.network), station_id, instrument_id), store)
    return [
        ReconciliationRow(
            hour=hour, station_id=own[0], instrument_id=own[1], facts=facts, settled_at=versions.get((hour, *own))
        )
        for own, hours in figures.items()
        for hour, facts in hours.items()
    ]


def _load(
    touched: set[RowKey], state: StateStore, network: Network
) -> tuple[dict[RowKey, ReconciliationFigures], dict[RowKey, datetime | None]]:
    """Stored rows and the nearest before and after each, whose numbers bound what is missing between; all versions."""
    rows: dict[RowKey, ReconciliationFigures] = {}
    versions: dict[RowKey, datetime | None] = {}
    for part in _near_in_time(touched):
        hours = [hour for hour, _, _ in part]
        instruments = sorted({(station_id, instrument_id) for _, station_id, instrument_id in part})
        known = state.reconciliation.read(
            min(hours) - _NEIGHBOUR_SPAN, max(hours) + _NEIGHBOUR_SPAN, instruments=instruments
        )
        versions |= {(row.hour, row.station_id, row.instrument_id): row.settled_at for row in known}
        known_figures = by_instrument({(row.hour, row.station_id, row.instrument_id): row.facts for row in known})
        for hour, station_id, instrument_id in part:
            own = known_figures.get((station_id, instrument_id), {})
            before = max((item for item in own if item < hour), default=None)
            after = min((item for item in own if item > hour), default=None)
            for item in (before, hour, after):
                if item is not None and item in own:
                    rows.setdefault((item, station_id, instrument_id), own[item])
    for key in touched:
        instrument = network.instruments.get(key[1:])
        rows.setdefault(key, ReconciliationFigures(network="" if instrument is None else str(instrument.network)))
    return rows, versions


def _near_in_time(touched: set[RowKey]) -> Iterator[list[RowKey]]:
    """Keys in groups that lie far apart in time: the rows of the years between are not read."""
    part: list[RowKey] = []
    for key in sorted(touched):
        if part and key[0] - part[-1][0] > 2 * _NEIGHBOUR_SPAN:
            yield part
            part = []
        part.append(key)
    if part:
        yield part


def _read_back(rows: dict[datetime, ReconciliationFigures], key: tuple[str, str, str], store: InfluxStore) -> None:
    """Count the accepted readings that the database holds, one query a stretch of hours."""
    for stretch in _stretches(sorted(rows)):
        frame = store.read_native(*key, stretch[0], stretch[-1] + HOUR)
        held = {(floor_hour(start), offset_ms(start)) for start in pd.DatetimeIndex(frame.index).to_pydatetime()}
        for hour in stretch:
            facts = rows[hour]
            facts.read_back = sum((hour, offset) in held for offset in facts.seen)


def _stretches(hours: list[datetime]) -> Iterator[list[datetime]]:
    part: list[datetime] = []
    for hour in hours:
        if part and hour - part[-1] > HOUR:
            yield part
            part = []
        part.append(hour)
    if part:
        yield part
