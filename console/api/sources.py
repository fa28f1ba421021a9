"""``/sources``: mass from each factor of the stations, hour by hour, with 90 % intervals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from analysis.report.product_table import SOURCE_TYPES, SOURCE_UNITS
from analysis.run.product_export import read_source_table
from analysis.run.receptor.receptor_model import NETWORKS, stations_without_solution
from console.api.answer import Format, csv_answer, json_answer, moment_text, parse_format
from console.api.problem import NotFoundProblem
from console.view.query import LONGEST, SeriesQueryError, expected, format_utc, query_moment
from store.archive.option import Level

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fastapi import Response

    from console.query.queries import Queries

SOURCE_COLUMNS = ("start", *SOURCE_TYPES)
_DAY = timedelta(days=1)
_LONGEST = timedelta(days=31)
"""Of one JSON answer; CSV is read in parts of this length, up to the longest span of hourly series."""


def answer_sources(queries: Queries, given: Mapping[str, str]) -> Response:
    """Rows of an hour, station and factor; raises `SeriesQueryError`, `NotFoundProblem`, `store.error.StoreError`."""
    network, form = _network(given), parse_format(given)
    stations, (start, end) = _stations(queries, given, network), _span(queries, given)
    _check_span(end - start, form, given.get("from", format_utc(start)))
    lacking = stations_without_solution(queries.state, network, stations)
    if len(lacking) == len(stations):
        raise NotFoundProblem(_absent(network, lacking))
    if form is Format.CSV:
        parts = (_rows(queries, network, stations, part) for part in _parts(start, end))
        name = f"skyground_sources_{network}_{start:%Y%m%dT%H%MZ}_{end:%Y%m%dT%H%MZ}.csv"
        return csv_answer(SOURCE_COLUMNS, parts, name)
    rows = _rows(queries, network, stations, (start, end))
    span = {"from": format_utc(start), "to": format_utc(end)}
    return json_answer({**span, "units": SOURCE_UNITS, "without_solution": lacking, "rows": rows})


def _check_span(length: timedelta, form: Format, given: str) -> None:
    longest = LONGEST[Level.HOURLY]
    if length > longest:
        said = expected("longest", days=longest.days, level=str(Level.HOURLY))
        raise SeriesQueryError(field="from", given=given, expected=said)
    if form is Format.JSON and length > _LONGEST:
        said_json = f"at most {_LONGEST.days} days as JSON, or format=csv"
        raise SeriesQueryError(field="from", given=given, expected=said_json)


def _absent(network: str, stations: list[str]) -> str:
    if not stations:
        return f"No station reports to the network {network}."
    command = f"skyground analyse pmf --stored {stations[0]} --network {network}"
    return f"No source solution is stored of the network {network} at {', '.join(stations)}; `{command}` makes one."


def _network(given: Mapping[str, str]) -> str:
    network = given.get("network", "")
    if network not in NETWORKS:
        raise SeriesQueryError(field="network", given=network, expected=f"one of {', '.join(NETWORKS)}")
    return network


def _stations(queries: Queries, given: Mapping[str, str], network: str) -> list[str]:
    known = queries.network.stations
    asked = [name for name in given.get("station", "").replace(",", " ").split() if name]
    for name in asked:
        if name not in known:
            raise SeriesQueryError(
                field="station", given=name, expected="known stations (GET /api/v1/stations lists them)"
            )
    return asked or [item.id for item in queries.network.stations_of(network)]


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
