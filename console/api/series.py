"""``/series`` and ``/flags``: bounded answers in JSON with the address of the rest, whole ones in CSV."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.api.answer import Format, csv_answer, file_name, interval_of, json_answer, moment_text, parse_format
from console.view.part import MOST, parse_limit, parts, split
from console.view.query import SeriesQuery, SeriesQueryError
from console.view.series import POINT_COLUMNS, SeriesRow, flag_rows, points_of
from schemas.flagged import notes_text
from schemas.parameter import load_parameters

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import pandas as pd
    from fastapi import Response

    from console.query.queries import Queries
    from console.view.series import PlotSeries

_PLACE = ("station", "network", "instrument", "parameter", "unit")
ROW_COLUMNS = ("start", *_PLACE, *POINT_COLUMNS)
FLAG_COLUMNS = ("start", "station", "network", "instrument", "parameter", "test", "flag", "reason", "end")


def answer_series(queries: Queries, query: SeriesQuery, given: Mapping[str, str]) -> Response:
    """Values; raises `SeriesQueryError`, `store.error.StoreError`."""
    for field, value in (("station", query.stations), ("parameter", query.parameters)):
        if not value:
            raise SeriesQueryError(field=field, given="", expected=f"at least one {field}")
    limit = parse_limit(given)
    if parse_format(given) is Format.CSV:
        read = (series_rows(queries.series(part)) for part in parts(query, queries.network, MOST))
        return csv_answer(ROW_COLUMNS, read, file_name("", query))
    part = split(query, queries.network, limit)
    rest = _address(part.rest, "/api/v1/series", given)
    listed = [_series(item) for item in queries.series(part.query)]
    return json_answer({**interval_of(part.query), "next": rest, "series": listed}, rest=rest)


def answer_flags(queries: Queries, query: SeriesQuery, given: Mapping[str, str]) -> Response:
    """Verdicts; raises `SeriesQueryError`, `store.error.StoreError`."""
    limit = parse_limit(given)
    if parse_format(given) is Format.CSV:
        return csv_answer(FLAG_COLUMNS, map(_flags, queries.flag_parts(query)), file_name("flags", query))
    part, frame = queries.first_flags(query, limit)
    rest = _address(part.rest, "/api/v1/flags", given)
    return json_answer({**interval_of(part.query), "next": rest, "flags": _flags(frame)}, rest=rest)


def _address(rest: SeriesQuery | None, path: str, given: Mapping[str, str]) -> str | None:
    more = {"limit": given["limit"]} if given.get("limit") else {}
    return None if rest is None else rest.address(path, **more)


def _flags(frame: pd.DataFrame) -> list[dict[str, object]]:
    return [{**row, "start": moment_text(row["start"]), "end": moment_text(row["end"])} for row in flag_rows(frame)]


def _series(item: PlotSeries) -> dict[str, Any]:
    return {**_place(item), "points": [_point(point) for point in points_of(item.points)]}


def series_rows(found: Iterable[PlotSeries]) -> Iterator[dict[str, object]]:
    """Rows of a table, one a value."""
    for item in found:
        place = _place(item)
        for point in points_of(item.points):
            row = _point(point)
            yield {**place, **row, "notes": str(row["notes"]).replace("\n", "; ")}


def _place(item: PlotSeries) -> dict[str, str | None]:
    """What a series is of: no two series of an answer share it."""
    values = (item.station_id, item.network, item.instrument or None, item.parameter)
    return dict(zip(_PLACE, (*values, load_parameters()[item.parameter].unit), strict=True))


def _point(point: SeriesRow) -> dict[str, object]:
    ratio = None if point.completeness is None else round(point.completeness, 4)
    return {
        **point._asdict(),
        "start": moment_text(point.start),
        "completeness": ratio,
        "status": point.status or "N",
        "notes": notes_text(point.notes, "en"),
    }
