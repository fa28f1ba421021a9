"""The answer of ``/flags/why``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.api.answer import json_answer
from console.query.flag_explanation import explain
from console.view.query import SeriesQueryError, query_moment
from schemas.parameter import load_parameters

if TYPE_CHECKING:
    from fastapi import Response

    from console.query.queries import Queries


def answer_why(queries: Queries, given: dict[str, str]) -> Response:
    """Why an hour has its flag; raises `SeriesQueryError`, `store.error.StoreError`."""
    zone = queries.network.timezone
    at, as_of = query_moment(given, "at", zone), query_moment(given, "as_of", zone)
    station, code = given.get("station", ""), given.get("parameter", "")
    if station not in queries.network.stations:
        raise SeriesQueryError(
            field="station", given=station, expected="a known station (GET /api/v1/stations lists them)"
        )
    if code not in load_parameters():
        raise SeriesQueryError(field="parameter", given=code, expected="one parameter code")
    if at is None:
        raise SeriesQueryError(field="at", given="", expected="a moment of the hour, ISO 8601")
    what = {"station_id": station, "parameter": code}
    return json_answer(explain(queries.influx, queries.state, network=queries.network, at=at, as_of=as_of, **what))
