"""``/series``: any values of any stations, with what quality control thinks of them; the address holds the whole question."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

from nicegui import ui

from console.view.chart import chart_height, series_chart
from console.view.chart_line import MAX_POINTS
from console.view.drawing import Drawing
from console.view.limits import limit_lines
from console.view.part import check_drawn
from console.view.query import LENGTHS, PeriodPreset, SeriesQuery, SeriesQueryError, parse_series
from console.view.summary import summarise_series
from console.web.pages.shell import PageProblem, frame, html, load, page_for, show_problem, theme_of
from schemas.interval import Interval
from schemas.parameter import load_parameters
from store.archive.option import Level

if TYPE_CHECKING:
    from fastapi import Request

    from console.query.queries import Queries
    from console.view.series import PlotSeries
    from console.web.render import Page


async def series_page(request: Request, queries: Queries) -> None:
    """Build the page from its address."""
    page = page_for(request, queries, "series")
    try:
        query = parse_series(request.query_params, queries.network, page.now)
        check_drawn(query, queries.network)
    except SeriesQueryError as error:
        _show_wrong_query(page, queries, error)
        return
    found = await load(partial(queries.series, query)) if query.stations and query.parameters else []
    with frame(page, queries, page.words("series.title")):
        html(page, "series_head.html")
        _form(page, queries, query)
        if isinstance(found, PageProblem):
            show_problem(page, found)
        else:
            await _result(page, queries, query, found)


def _show_wrong_query(page: Page, queries: Queries, error: SeriesQueryError) -> None:
    ui.context.client.status_code = HTTPStatus.BAD_REQUEST
    with frame(page, queries, page.words("series.title")):
        html(page, "series_head.html")
        expected = error.expected_in(page.language)
        html(page, "series_wrong.html", field=error.field, given=error.given, expected=expected)


async def _result(page: Page, queries: Queries, query: SeriesQuery, found: list[PlotSeries]) -> None:
    if not any(len(item.points) for item in found):
        hints = await load(partial(queries.last_times, query.stations)) if query.stations else {}
        last = max(hints.values(), default=None) if isinstance(hints, dict) else None
        near = query.with_(period=PeriodPreset.WEEK, end=last, moving=False).address() if last else ""
        html(page, "series_empty.html", asked=bool(query.stations and query.parameters), last=last, near=near)
        return
    shown = [item for item in found if len(item.points)]
    drawing = Drawing(
        words=page.words,
        theme=theme_of(page),
        zone=page.zone,
        station_names=station_names(queries, page),
        limits=limit_lines(query.parameters, query.end.astimezone(page.zone).date(), page.words),
    )
    with ui.element("section").classes("card"):
        download = query.address("/api/v1/series", format="csv")
        thinned = any(len(item.points) > MAX_POINTS for item in shown)
        html(page, "series_tools.html", query=query, download=download, thinned=thinned, silent=len(found) - len(shown))
        chart = ui.echart(series_chart(shown, drawing)).classes("chart").style(f"height:{chart_height(shown)}px")
        chart.props(f'role="img" aria-label="{page.words("series.title")}"')
    rows = summarise_series(shown, drawing, Interval(query.start, query.end), page.now)
    html(page, "series_summary.html", rows=rows).classes("card")


def station_names(queries: Queries, page: Page) -> dict[str, str]:
    """Names of all stations in the language of the page."""
    return {station.id: station.name(page.language) for station in queries.network.station_list}


@dataclass(slots=True)
class _Asked:
    """Content of the form."""

    stations: list[str]
    parameters: list[str]
    first: str
    last: str


def _form(page: Page, queries: Queries, query: SeriesQuery) -> None:
    t = page.words
    local = "%Y-%m-%dT%H:%M"
    asked = _Asked(
        list(query.stations),
        list(query.parameters),
        query.start.astimezone(page.zone).strftime(local),
        query.end.astimezone(page.zone).strftime(local),
    )

    def show() -> None:
        changed = query.with_(stations=tuple(asked.stations), parameters=tuple(asked.parameters))
        words = changed.words()
        if (asked.first, asked.last) != before:
            words = {key: value for key, value in words.items() if key not in ("period", "to", "from")}
            words |= {"from": asked.first, "to": asked.last}
        ui.navigate.to("/series?" + "&".join(f"{key}={value}" for key, value in words.items() if value))

    before = (asked.first, asked.last)
    with ui.element("section").classes("card query"):
        _pick(t("series.stations"), station_options(queries, page), asked, "stations")
        _pick(t("series.parameters"), parameter_options(queries, query, page), asked, "parameters")
        with ui.element("div").classes("query-row"):
            html(page, "series_segments.html", **_segments(query))
            for name, key in (("first", "series.from"), ("last", "series.to")):
                ui.input(t(key)).bind_value(asked, name).props(
                    "type=datetime-local outlined dense stack-label"
                ).classes("query-date")
            with ui.element("button").classes("button primary").props("type=button").on("click", show):
                ui.html(t("series.show"), tag="span")


def _segments(query: SeriesQuery) -> dict[str, object]:
    periods = [
        (period, query.with_(period=period, moving=query.moving).address(), query.period is period)
        for period in LENGTHS
    ]
    levels = [
        (level, query.with_(level=level).address(), query.level is level) for level in (Level.HOURLY, Level.NATIVE)
    ]
    return {"periods": periods, "levels": levels}


def _pick(label: str, options: dict[str, str], asked: _Asked, name: str) -> None:
    chosen = ui.select(options, multiple=True, with_input=True, label=label, clearable=True).bind_value(asked, name)
    chosen.props("outlined dense use-chips input-debounce=0 options-dense behavior=menu").classes("query-pick")


def station_options(queries: Queries, page: Page) -> dict[str, str]:
    """Stations to pick from, by id: name in the page's language, city, id."""
    return {
        station.id: " · ".join(filter(None, (station.name(page.language), page.city(station.city), station.id)))
        for station in queries.network.station_list
    }


def parameter_options(queries: Queries, query: SeriesQuery, page: Page) -> dict[str, str]:
    """Parameters that the network observes, found by Chinese name, English name or code; those of the chosen stations first."""
    observed = {code: None for instrument in queries.network.instruments.values() for code in instrument.parameters}
    near = {
        code
        for (station, _), item in queries.network.instruments.items()
        if station in query.stations
        for code in item.parameters
    }
    known = load_parameters()
    codes = sorted({*observed, *query.parameters}, key=lambda code: (code not in near, list(known).index(code)))
    return {
        code: " · ".join(
            (
                page.words.pick(known[code].name_zh, known[code].name_en),
                code,
                page.words.pick(known[code].name_en, known[code].name_zh),
            )
        )
        for code in codes
    }
