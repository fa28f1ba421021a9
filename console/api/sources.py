"""``/sources``: mass from each factor of the stations, hour by hour, with 90 % intervals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from analysis.report.product_table import SOURCE_TYPES, SOURCE_UNITS
from analysis.run.product_export import read_source_table
from analysis.run.receptor_model import NETWORKS
from console.api.answer import Format, csv_answer, json_answer, moment_text, parse_format
from console.view.query import SeriesQueryError, expected, format_utc, query_moment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fastapi import Response

    from console.query.queries import Queries

SOURCE_COLUMNS = ("start", *SOURCE_TYPES)
_DAY = timedelta(days=1)
_LONGEST = timedelta(days=31)
"""Of one JSON answer; CSV is read in parts of this length."""


def answer_sources(queries: Queries, given: Mapping[str, str]) -> Response:
    """Rows of an hour, station and factor; raises `SeriesQueryError`, `store.error.StoreError`."""
    network, stations, (start, end) = _network(given), _stations(queries, given), _span(queries, given)
    form = parse_format(given)
    if form is Format.CSV:
        parts = (_rows(queries, network, stations, part) for part in _parts(start, end))
        name = f"skyground_sources_{network}_{start:%Y%m%dT%H%MZ}_{end:%Y%m%dT%H%MZ}.csv"
        return csv_answer(SOURCE_COLUMNS, parts, name)
    if end - start > _LONGEST:
        raise SeriesQueryError(
            field="from", given=format_utc(start), expected=f"at most {_LONGEST.days} days (CSV has no limit)"
        )
    rows = _rows(queries, network, stations, (start, end))
    return json_answer({"from": format_utc(start), "to": format_utc(end), "units": SOURCE_UNITS, "rows": rows})


def _network(given: Mapping[str, str]) -> str:
    network = given.get("network", "")
    if network not in NETWORKS:
        raise SeriesQueryError(field="network", given=network, expected=f"one of {', '.join(NETWORKS)}")
    return network


def _stations(queries: Queries, given: Mapping[str, str]) -> list[str]:
    known = queries.network.stations
    asked = [name for name in given.get("station", "").replace(",", " ").split() if name]
    for name in asked:
        if name not in known:
            raise SeriesQueryError(
                field="station", given=name, expected="known stations (GET /api/v1/stations lists them)"
            )
    return asked or list(known)


def _span(queries: Queries, given: Mapping[str, str]) -> tuple[datetime, datetime]:
    zone = queries.network.timezone
    end = query_moment(given, "to", zone, end_of_day=True) or datetime.now(UTC)
    start = query_moment(given, "from", zone) or end - _DAY
    if end <= start:
        raise SeriesQueryError(
            field="to", given=given.get("to", ""), expected=expected("later", start=format_utc(start))
        )
    return start, end


def _parts(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    while start < end:
        yield start, min(start + _LONGEST, end)
        start += _LONGEST


def _rows(
    queries: Queries, network: str, stations: list[str], span: tuple[datetime, datetime]
) -> list[dict[str, object]]:
    table = read_source_table(queries.influx, queries.state, network, stations, span)
    found: list[dict[str, object]] = [
        {str(name): None if value != value else value for name, value in row.items()}  # noqa: PLR0124 - NaN
        for row in table.to_dict("records")
    ]
    for row in found:
        start = row["start"]
        assert isinstance(start, datetime)
        row["start"] = moment_text(start)
    return found
