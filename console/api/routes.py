"""The HTTP API, ``/api/v1``: stations, series, flags, alerts, health. Times UTC in ISO 8601, intervals half-open.

Errors are ``application/problem+json`` (RFC 9457) and say which parameter was wrong, what was given and what was expected.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

import msgspec
from fastapi import APIRouter, Query, Request, Response

from console.api.answer import json_answer
from console.api.model import AlertList, FlagList, HealthReport, Problem, SeriesList, StationList, WhyModel
from console.api.series import answer_flags, answer_series
from console.query.episodes import LONGEST_PAGE, EpisodeQuery
from console.query.flag_explanation import explain
from console.query.reading import CALLS, HEALTH, read_in
from console.view.health import summarise
from console.view.part import MOST
from console.view.query import SeriesQueryError, check_words, format_utc, parse_series, parse_whole, query_moment
from schemas.parameter import load_parameters
from store.error import StoreError
from store.state import LARGEST_ID

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI

    from alerts.channels.outage import MailState
    from console.query.queries import Queries
    from console.view.alert import AlertHistory
    from schemas.network import Station

PREFIX = "/api/v1"
_ALERTS = 500
_SERIES_WORDS = ("station", "parameter", "from", "to", "period", "level", "format", "limit", "bands")
_WHY_WORDS = ("station", "parameter", "at", "as_of")
_ALERT_WORDS = ("station", "from", "to", "limit", "before")
_HEALTH_WITHIN_S = 4.0
"""Below the patience of what asks for it: `console.local.process.http_answers` and the health check of compose [s]."""
PROBLEM_TYPE = "application/problem+json"
_RESPONSES: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "A parameter is wrong; the problem says which and what was expected."},
    503: {"model": Problem, "description": "A database cannot be used; the problem says which and what to do."},
}


StationWord = Annotated[str, Query(alias="station", description="Station ids, separated by commas.")]
ParameterWord = Annotated[str, Query(alias="parameter", description="Parameter codes, separated by commas.")]
FromWord = Annotated[
    str,
    Query(alias="from", description="Start, included: a date or time of ISO 8601; without offset: the network's zone."),
]
ToWord = Annotated[str, Query(alias="to", description="End, excluded; a date includes that day. Absent: now.")]
PeriodWord = Annotated[str, Query(alias="period", description="Instead of `from`: 24h, 3d, 7d or 30d before `to`.")]
LevelWord = Annotated[
    str, Query(alias="level", description="`hourly` (default), `native` or `L2` (hourly after review).")
]
AtWord = Annotated[
    str, Query(alias="at", description="Any moment of the hour, ISO 8601; station and parameter: one each.")
]
AsOfWord = Annotated[str, Query(alias="as_of", description="As told at this moment. Absent: now.")]
LimitWord = Annotated[
    str,
    Query(
        alias="limit",
        description=f"Values or verdicts of one JSON answer, at most and by default {MOST}; `next` is the address of the rest. "
        "CSV is whole.",
    ),
]
AlertLimitWord = Annotated[
    str, Query(alias="limit", description=f"Most ended alerts in the answer: 1 to {LONGEST_PAGE}, default {_ALERTS}.")
]
BeforeWord = Annotated[
    str, Query(alias="before", description="`next` of the answer before: the ended alerts that follow it.")
]
FormatWord = Annotated[str, Query(alias="format", description="`json` (default) or `csv`.")]


def build_router(queries: Queries) -> APIRouter:
    """Routes over a queries."""
    router = APIRouter(prefix=PREFIX, tags=["skyground"], responses=_RESPONSES)

    @router.get("/stations", response_model=StationList, summary="Stations, their instruments and channels")
    async def stations() -> Response:
        return json_answer(
            {"zone": queries.network.zone, "stations": [_station(item) for item in queries.network.station_list]}
        )

    @router.get("/series", response_model=SeriesList, summary="Values with count, completeness, flag and reasons")
    async def series(  # noqa: PLR0913 - one argument a word of the address, for the documentation
        request: Request,
        station: StationWord = "",
        parameter: ParameterWord = "",
        *,
        start: FromWord = "",
        end: ToWord = "",
        period: PeriodWord = "",
        level: LevelWord = "hourly",
        form: FormatWord = "json",
        limit: LimitWord = "",
    ) -> Response:
        del station, parameter, start, end, period, level, form, limit
        given = check_words(request.query_params.multi_items(), _SERIES_WORDS)
        query = parse_series(given, queries.network, datetime.now(UTC))
        return await read_in(CALLS, partial(answer_series, queries, query, given))

    @router.get("/flags", response_model=FlagList, summary="Verdicts other than PASS, by test")
    async def flags(  # noqa: PLR0913 - one argument a word of the address, for the documentation
        request: Request,
        station: StationWord = "",
        parameter: ParameterWord = "",
        *,
        start: FromWord = "",
        end: ToWord = "",
        period: PeriodWord = "",
        level: LevelWord = "hourly",
        form: FormatWord = "json",
        limit: LimitWord = "",
    ) -> Response:
        del station, parameter, start, end, period, level, form, limit
        given = check_words(request.query_params.multi_items(), _SERIES_WORDS)
        query = parse_series(given, queries.network, datetime.now(UTC))
        return await read_in(CALLS, partial(answer_flags, queries, query, given))

    @router.get(
        "/flags/why", response_model=WhyModel, summary="Why an hour has its flag: limits, runs and every change"
    )
    async def flags_why(
        request: Request,
        station: StationWord = "",
        parameter: ParameterWord = "",
        *,
        at: AtWord = "",
        as_of: AsOfWord = "",
    ) -> Response:
        del station, parameter, at, as_of
        given = check_words(request.query_params.multi_items(), _WHY_WORDS)
        return await read_in(CALLS, partial(_answer_why, queries, given))

    @router.get("/alerts", response_model=AlertList, summary="Alerts as episodes, open ones first")
    async def alerts(
        request: Request,
        station: StationWord = "",
        *,
        start: FromWord = "",
        end: ToWord = "",
        limit: AlertLimitWord = "",
        before: BeforeWord = "",
    ) -> Response:
        del station, start, end, limit, before
        given = check_words(request.query_params.multi_items(), _ALERT_WORDS)
        return await read_in(CALLS, partial(_answer_alerts, queries, given))

    @router.get(
        "/health", response_model=HealthReport, summary="Does the console reach its databases; state of the network"
    )
    async def health() -> Response:
        return await _health_in_time(queries)

    return router


def install_problems(app: FastAPI) -> None:
    """Answer wrong questions and dead databases with problem documents."""
    app.add_exception_handler(SeriesQueryError, _query_problem)
    app.add_exception_handler(StoreError, _store_problem)


async def _query_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, SeriesQueryError)
    extra = {"parameter": error.field, "given": error.given, "expected": error.expected}
    return _problem(request, 400, "Wrong parameter", f"{error}.", extra)


async def _store_problem(request: Request, error: Exception) -> Response:
    return _problem(request, 503, "A database cannot be used", str(error), {})


def _problem(request: Request, status: int, title: str, detail: str, extra: Mapping[str, str]) -> Response:
    body = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": str(request.url.path),
        **extra,
    }
    return Response(msgspec.json.encode(body), status_code=status, media_type=PROBLEM_TYPE)


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


def _answer_why(queries: Queries, given: dict[str, str]) -> Response:
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


def _answer_alerts(queries: Queries, given: dict[str, str]) -> Response:
    zone = queries.network.timezone
    start, end = query_moment(given, "from", zone), query_moment(given, "to", zone, end_of_day=True)
    if start is not None and end is not None and end <= start:
        raise SeriesQueryError(field="to", given=given["to"], expected=f"a moment after 'from' ({format_utc(start)})")
    stations = [part for part in given.get("station", "").split(",") if part]
    for item in stations:
        if item not in queries.network.stations:
            raise SeriesQueryError(
                field="station", given=item, expected="a known station (GET /api/v1/stations lists them)"
            )
    query = EpisodeQuery(
        start=start,
        end=end,
        stations=tuple(stations),
        before=parse_whole(given, "before", least=1, most=LARGEST_ID),
        limit=parse_whole(given, "limit", least=1, most=LONGEST_PAGE) or _ALERTS,
    )
    found, now = queries.alerts(query), datetime.now(UTC)
    listed = [_alert(episode, now) for episode in found.episodes]
    more = {**given, "before": str(found.following)}
    rest = f"{PREFIX}/alerts?{urlencode(more, safe=',:')}" if found.following else None
    return json_answer({"limit": query.limit, "next": found.following, "alerts": listed}, rest=rest)


def _alert(episode: AlertHistory, now: datetime) -> dict[str, object]:
    worst, taken = episode.worst, episode.acknowledged
    extreme, latest = episode.extreme(now), episode.latest
    return {
        "id": episode.id,
        "alert_key": episode.alert_key,
        "rule": worst.rule,
        "kind": str(worst.kind),
        "severity": str(worst.severity),
        "station": worst.station_id,
        "parameter": worst.parameter,
        "state": str(episode.state),
        "since": format_utc(episode.since),
        "ended": format_utc(episode.ended) if episode.ended else None,
        "end_reason": str(episode.reason) if episode.reason else None,
        "value": extreme.value if extreme else None,
        "value_at": format_utc(extreme.at) if extreme and extreme.at else None,
        "latest": latest.value if latest else None,
        "latest_at": format_utc(latest.at) if latest and latest.at else None,
        "threshold": worst.threshold,
        "unit": worst.unit,
        "acknowledged_by": taken.who if taken else None,
        "note": taken.note if taken else None,
    }


async def _health_in_time(queries: Queries) -> Response:
    """State of the network; without an answer of the databases within `_HEALTH_WITHIN_S` just that."""
    try:
        return await read_in(HEALTH, partial(_answer_health, queries), within_s=_HEALTH_WITHIN_S)
    except TimeoutError:
        detail = f"no answer of the databases within {_HEALTH_WITHIN_S:g} s"
        database = {"ok": False, "detail": detail}
        return json_answer(_unknown({"time": format_utc(datetime.now(UTC)), "influxdb": database}, detail))


def _unknown(report: Mapping[str, object], detail: str) -> dict[str, object]:
    """The answer where the state of the network cannot be read."""
    return {"ok": False, **report, "detail": detail, "summary": None, "stations": [], "processes": []}


def _answer_health(queries: Queries) -> Response:
    database = queries.influx.health()
    report: dict[str, object] = {
        "time": format_utc(datetime.now(UTC)),
        "influxdb": {"ok": database.ok, "detail": database.detail},
    }
    try:
        data = queries.health()
    except StoreError as error:
        return json_answer(_unknown(report, str(error)))
    if (mail := data.mail) is not None:
        report["mail"] = _mail(mail)
    summary = summarise(data.rows)
    listed = [
        {
            "id": row.station.id,
            "state": str(row.state),
            "last_seen": format_utc(row.last_seen) if row.last_seen else None,
            "lag_s": None if row.lag is None else row.lag.total_seconds(),
            "since": format_utc(row.since) if row.since else None,
            "rejected_24h": row.rejected.count,
            "completeness_24h": row.completeness,
        }
        for row in data.rows
    ]
    processes = [
        {
            "name": item.name,
            "host": item.host,
            "state": item.state(data.read_at).value,
            "beat_at": format_utc(item.beat_at),
            "restarts": item.restarts,
            "complaint": item.complaint,
        }
        for item in data.processes
    ]
    counts = {name: getattr(summary, name) for name in ("stations", "up", "late", "silent", "lying", "archive")}
    report |= {"detail": "", "summary": counts, "stations": listed, "processes": processes}
    return json_answer({"ok": database.ok, **report})


def _mail(mail: MailState) -> dict[str, object]:
    return {
        "ok": False if mail.is_troubled else mail.ok,
        "detail": mail.detail,
        "since": format_utc(mail.since) if mail.since else None,
        "checked_at": format_utc(mail.checked_at) if mail.checked_at else None,
        "waiting": mail.waiting,
        "oldest": format_utc(mail.oldest) if mail.oldest else None,
        "failed_24h": mail.failed,
    }
