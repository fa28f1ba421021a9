"""The HTTP API, ``/api/v1``: stations, series, flags, alerts, health. Times UTC in ISO 8601, intervals half-open.

Errors are ``application/problem+json`` (RFC 9457) and name the wrong parameter, its value and the expected one.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Response

from console.api.alerts import answer_alerts
from console.api.answer import json_answer
from console.api.case_routes import add_case_file_routes, add_case_routes, add_mute_routes
from console.api.flags_why import answer_why
from console.api.health import health_in_time
from console.api.model import (
    AlertList,
    FlagList,
    HealthReport,
    Problem,
    ReportListModel,
    SeriesList,
    SourceList,
    StationList,
    WhyModel,
)
from console.api.reports import answer_report, answer_reports
from console.api.series import answer_flags, answer_series
from console.api.sources import answer_sources
from console.api.word import (
    PREFIX,
    AlertWords,
    ReportFileWords,
    ReportLanguage,
    ReportPeriodText,
    ReportPlace,
    ReportWords,
    SeriesWords,
    SourceWords,
    WhyWords,
)
from console.query.reading import CALLS, read_in
from console.view.query import parse_series

if TYPE_CHECKING:
    from console.query.queries import Queries
    from schemas.network import Station

_RESPONSES: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "A parameter is wrong; the problem names it and what was expected."},
    503: {"model": Problem, "description": "A database cannot be used; the problem names it and what to do."},
}

_NO_SOLUTION: dict[int | str, dict[str, Any]] = {
    404: {
        "model": Problem,
        "description": "No source solution is stored for these stations; the problem names the command.",
    }
}
_SOURCES = "Mass from each factor, hour by hour, with intervals"
_NO_REPORT: dict[int | str, dict[str, Any]] = {404: {"model": Problem, "description": "There is no such report."}}
_REPORT_FILES: dict[int | str, dict[str, Any]] = {200: {"content": {"text/html": {}, "application/pdf": {}}}}


def build_router(queries: Queries) -> APIRouter:
    """Routes of the API over the console's queries."""
    router = APIRouter(prefix=PREFIX, tags=["skyground"], responses=_RESPONSES)

    @router.get("/stations", response_model=StationList, summary="Stations, their instruments and channels")
    async def stations() -> Response:
        return json_answer(
            {"zone": queries.network.zone, "stations": [_station(item) for item in queries.network.station_list]}
        )

    @router.get("/series", response_model=SeriesList, summary="Values with count, completeness, flag and reasons")
    async def series(given: SeriesWords) -> Response:
        query = parse_series(given, queries.network, datetime.now(UTC))
        return await read_in(CALLS, partial(answer_series, queries, query, given))

    @router.get("/flags", response_model=FlagList, summary="Flags other than PASS, by test")
    async def flags(given: SeriesWords) -> Response:
        query = parse_series(given, queries.network, datetime.now(UTC))
        return await read_in(CALLS, partial(answer_flags, queries, query, given))

    @router.get("/flags/why", response_model=WhyModel, summary="Why an hour has its flag: limits, runs, every change")
    async def flags_why(given: WhyWords) -> Response:
        return await read_in(CALLS, partial(answer_why, queries, given))

    @router.get("/alerts", response_model=AlertList, summary="Alerts as episodes, open ones first")
    async def alerts(given: AlertWords) -> Response:
        return await read_in(CALLS, partial(answer_alerts, queries, given))

    add_case_routes(router, queries)
    add_mute_routes(router, queries)
    add_case_file_routes(router, queries)

    @router.get("/sources", response_model=SourceList, responses=_NO_SOLUTION, summary=_SOURCES)
    async def sources(given: SourceWords) -> Response:
        return await read_in(CALLS, partial(answer_sources, queries, given))

    @router.get("/health", response_model=HealthReport, summary="State of the databases and of the network")
    async def health() -> Response:
        return await health_in_time(queries)

    _add_report_routes(router, queries)
    return router


def _add_report_routes(router: APIRouter, queries: Queries) -> None:
    address = "/reports/{place}/{period}/{language}"

    @router.get("/reports", response_model=ReportListModel, summary="Published reports, the latest period first")
    async def reports(given: ReportWords) -> Response:
        return await read_in(CALLS, partial(answer_reports, queries, given))

    @router.get(address, responses=_NO_REPORT | _REPORT_FILES, summary="A published report: HTML, PDF or Excel")
    async def report(
        place: ReportPlace, period: ReportPeriodText, language: ReportLanguage, given: ReportFileWords
    ) -> Response:
        return await read_in(CALLS, partial(answer_report, queries, f"{place}/{period}/{language}", given))


def _station(station: Station) -> dict[str, object]:
    return {
        "id": station.id,
        "name_zh": station.name_zh,
        "name_en": station.name_en,
        "city": station.city,
        "lon": station.lon,
        "lat": station.lat,
        "altitude_m": station.altitude_m,
        "synthetic": station.synthetic,
        "instruments": [
            {
                "id": item.id,
                "network": str(item.network),
                "cadence_s": item.cadence_s,
                "model": item.model,
                "parameters": list(item.parameters),
            }
            for item in station.instruments
        ],
    }
