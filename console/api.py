"""The HTTP API, ``/api/v1``: stations, series, flags, alerts, health. Times UTC in ISO 8601, intervals half-open.

Errors are ``application/problem+json`` (RFC 9457) and say which parameter was wrong, what was given and what was expected.
"""

from __future__ import annotations

import asyncio
import csv
import io
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Request, Response

from console.api_model import AlertList, FlagList, HealthReport, Problem, SeriesList, StationList, WhyModel
from console.episodes import LONGEST_PAGE, EpisodeQuery
from console.view.health import summarise
from console.view.query import QueryError, SeriesQuery, format_utc, parse_moment, parse_series
from console.view.series import POINT_COLUMNS, FlagRow, Point, flag_rows, points_of
from console.why import explain
from schemas.parameter import load_parameters
from store.error import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fastapi import FastAPI

    from alerts.outage import MailState
    from console.source import Source
    from console.view.alert import Episode
    from console.view.series import Series
    from schemas.network import Station

PREFIX = "/api/v1"
_ALERTS = 500
PROBLEM_TYPE = "application/problem+json"
_PLACE = ("station", "network", "instrument", "parameter", "unit")
_ROW_COLUMNS = ("start", *_PLACE, *POINT_COLUMNS)
_RESPONSES: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "A parameter is wrong; the problem says which and what was expected."},
    503: {"model": Problem, "description": "A database cannot be used; the problem says which and what to do."},
}


class Format(StrEnum):
    """How an answer is written."""

    JSON = "json"
    CSV = "csv"


StationWord = Annotated[str, Query(alias="station", description="Station ids, separated by commas.")]
ParameterWord = Annotated[str, Query(alias="parameter", description="Parameter codes, separated by commas.")]
FromWord = Annotated[
    str, Query(alias="from", description="Start, included: ISO 8601; without offset: the network's zone.")
]
ToWord = Annotated[str, Query(alias="to", description="End, excluded; a bare date includes that day. Absent: now.")]
PeriodWord = Annotated[str, Query(alias="period", description="Instead of `from`: 24h, 3d, 7d or 30d before `to`.")]
LevelWord = Annotated[
    str, Query(alias="level", description="`hourly` (default), `native` or `L2` (hourly after review).")
]
AtWord = Annotated[
    str, Query(alias="at", description="Any moment of the hour, ISO 8601; station and parameter: one each.")
]
AsOfWord = Annotated[str, Query(alias="as_of", description="As told at this moment. Absent: now.")]
LimitWord = Annotated[
    str, Query(alias="limit", description=f"Most ended alerts in the answer: 1 to {LONGEST_PAGE}, default {_ALERTS}.")
]
BeforeWord = Annotated[
    str, Query(alias="before", description="`next` of the answer before: the ended alerts that follow it.")
]
FormatWord = Annotated[str, Query(alias="format", description="`json` (default) or `csv`.")]


def build_router(source: Source) -> APIRouter:
    """Routes over a source."""
    router = APIRouter(prefix=PREFIX, tags=["skyground"], responses=_RESPONSES)

    @router.get("/stations", response_model=StationList, summary="Stations, their instruments and channels")
    async def stations() -> Response:
        return _json(
            {"zone": source.network.zone, "stations": [_station(item) for item in source.network.station_list]}
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
    ) -> Response:
        del station, parameter, start, end, period, level, form
        query = _complete(parse_series(request.query_params, source.network, datetime.now(UTC)))
        write = _series_csv if _format(request) is Format.CSV else _series_json
        return await asyncio.to_thread(_answer_series, source, query, write)

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
    ) -> Response:
        del station, parameter, start, end, period, level, form
        query = parse_series(request.query_params, source.network, datetime.now(UTC))
        return await asyncio.to_thread(_answer_flags, source, query, _format(request))

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
        return await asyncio.to_thread(_answer_why, source, dict(request.query_params))

    @router.get("/alerts", response_model=AlertList, summary="Alerts as episodes, open ones first")
    async def alerts(
        request: Request,
        station: StationWord = "",
        *,
        start: FromWord = "",
        end: ToWord = "",
        limit: LimitWord = "",
        before: BeforeWord = "",
    ) -> Response:
        del station, start, end, limit, before
        return await asyncio.to_thread(_answer_alerts, source, dict(request.query_params))

    @router.get(
        "/health", response_model=HealthReport, summary="Does the console reach its databases; state of the network"
    )
    async def health() -> Response:
        return await asyncio.to_thread(_answer_health, source)

    return router


def install_problems(app: FastAPI) -> None:
    """Answer wrong questions and dead databases with problem documents."""
    app.add_exception_handler(QueryError, _query_problem)
    app.add_exception_handler(StoreError, _store_problem)


async def _query_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, QueryError)
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


def _json(body: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(body), status_code=status, media_type="application/json")


def _format(request: Request) -> Format:
    text = request.query_params.get("format") or Format.JSON.value
    try:
        return Format(text)
    except ValueError:
        raise QueryError(field="format", given=text, expected="one of json, csv") from None


def _complete(query: SeriesQuery) -> SeriesQuery:
    for field, value in (("station", query.stations), ("parameter", query.parameters)):
        if not value:
            raise QueryError(field=field, given="", expected=f"at least one {field}")
    return query


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


def _answer_series(source: Source, query: SeriesQuery, write: Any) -> Response:  # noqa: ANN401 - one of the two writers below
    response: Response = write(query, source.series(query))
    return response


def _series_json(query: SeriesQuery, found: Iterable[Series]) -> Response:
    listed = [{**_place(item), "points": [_point(point) for point in points_of(item.points)]} for item in found]
    return _json({**_interval(query), "series": listed})


def _place(item: Series) -> dict[str, str | None]:
    """What a series is of: no two series of an answer share it."""
    values = (item.station_id, item.network, item.instrument or None, item.parameter)
    return dict(zip(_PLACE, (*values, load_parameters()[item.parameter].unit), strict=True))


def _interval(query: SeriesQuery) -> dict[str, str]:
    return {"from": format_utc(query.start), "to": format_utc(query.end), "level": str(query.level)}


def _point(point: Point) -> dict[str, object]:
    ratio = None if point.completeness is None else round(point.completeness, 4)
    return {**point._asdict(), "start": _text(point.start), "completeness": ratio, "status": point.status or "N"}


def _text(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    whole = moment.microsecond == 0
    return format_utc(moment) if whole else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _series_csv(query: SeriesQuery, found: Iterable[Series]) -> Response:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(_ROW_COLUMNS)
    for item in found:
        place = _place(item)
        for point in points_of(item.points):
            cells = {**place, **_point(point), "notes": point.notes.replace("\n", "; ")}
            writer.writerow([cells[name] for name in _ROW_COLUMNS])
    name = f"skyground_{query.level}_{query.start:%Y%m%dT%H%MZ}_{query.end:%Y%m%dT%H%MZ}.csv"
    return _csv(text, name)


def _csv(text: io.StringIO, name: str) -> Response:
    # the byte order mark lets spreadsheet programs see that it is UTF-8
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response("\ufeff" + text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _answer_flags(source: Source, query: SeriesQuery, form: Format) -> Response:
    frame = source.flags(query)
    rows = [{**row, "start": _text(row["start"]), "end": _text(row["end"])} for row in flag_rows(frame)]
    if form is Format.JSON:
        return _json({**_interval(query), "flags": rows})
    text = io.StringIO()
    writer = csv.DictWriter(text, tuple(FlagRow.__annotations__), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return _csv(text, f"skyground_flags_{query.level}_{query.start:%Y%m%dT%H%MZ}_{query.end:%Y%m%dT%H%MZ}.csv")


def _answer_why(source: Source, given: dict[str, str]) -> Response:
    zone = source.network.timezone
    at, as_of = parse_moment(given, "at", zone), parse_moment(given, "as_of", zone)
    station, code = given.get("station", ""), given.get("parameter", "")
    if station not in source.network.stations:
        raise QueryError(field="station", given=station, expected="a known station (GET /api/v1/stations lists them)")
    if code not in load_parameters():
        raise QueryError(field="parameter", given=code, expected="one parameter code")
    if at is None:
        raise QueryError(field="at", given="", expected="a moment of the hour, ISO 8601")
    what = {"station_id": station, "parameter": code}
    return _json(explain(source.influx, source.state, network=source.network, at=at, as_of=as_of, **what))


def _answer_alerts(source: Source, given: dict[str, str]) -> Response:
    zone = source.network.timezone
    start, end = parse_moment(given, "from", zone), parse_moment(given, "to", zone, end_of_day=True)
    stations = [part for part in given.get("station", "").split(",") if part]
    for item in stations:
        if item not in source.network.stations:
            raise QueryError(field="station", given=item, expected="a known station (GET /api/v1/stations lists them)")
    query = EpisodeQuery(
        start=start,
        end=end,
        stations=tuple(stations),
        before=_whole(given, "before", least=1),
        limit=_whole(given, "limit", least=1, most=LONGEST_PAGE) or _ALERTS,
    )
    found, now = source.alerts(query), datetime.now(UTC)
    listed = [_alert(episode, now) for episode in found.episodes]
    return _json({"limit": query.limit, "next": found.following, "alerts": listed})


def _whole(given: Mapping[str, str], field: str, *, least: int, most: int | None = None) -> int | None:
    text = given.get(field, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and least <= int(text) <= (most or 2**62)):
        expected = f"a whole number from {least}" + (f" to {most}" if most else "")
        raise QueryError(field=field, given=text, expected=expected)
    return int(text)


def _alert(episode: Episode, now: datetime) -> dict[str, object]:
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


def _answer_health(source: Source) -> Response:
    database = source.influx.health()
    report: dict[str, object] = {
        "time": format_utc(datetime.now(UTC)),
        "influxdb": {"ok": database.ok, "detail": database.detail},
    }
    try:
        health = source.health()
    except StoreError as error:
        return _json({"ok": False, **report, "detail": str(error), "summary": None, "stations": []})
    rows = health.rows
    if (mail := health.mail) is not None:
        report["mail"] = _mail(mail)
    summary = summarise(rows)
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
        for row in rows
    ]
    counts = {name: getattr(summary, name) for name in ("stations", "up", "late", "silent", "lying", "archive")}
    return _json({"ok": database.ok, **report, "detail": "", "summary": counts, "stations": listed})


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
