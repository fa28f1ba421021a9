"""``/stations/{id}``: one station's instruments, values, completeness refusals, and sources by its own hours."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from nicegui import ui

from console.query.contributions import read_sources
from console.view.contributions import contribution_chart, factor_rows, solution_notes
from console.view.quantity import format_value, name_of, unit_of
from console.web.pages.shell import PageProblem, frame, html, load, page_for, show_not_found, show_problem, theme_of
from schemas.flagged import notes_text

if TYPE_CHECKING:
    from fastapi import Request

    from console.query.contributions import StationSources
    from console.query.queries import Queries
    from console.view.station import InstrumentValues
    from console.web.render import Page


async def station_page(request: Request, queries: Queries, station_id: str) -> None:
    """Build the page."""
    page = page_for(request, queries, "health")
    station = queries.network.stations.get(station_id)
    data = await load(partial(queries.station, station_id))
    sources = [] if station is None else await load(partial(read_sources, queries, station_id, page.now))
    with frame(page, queries, station.name(page.language) if station else station_id):
        if isinstance(data, PageProblem):
            show_problem(page, data)
        elif data is None:
            show_not_found(page, station_id, "/")
        else:
            groups = [_printed(group, page) for group in data.values]
            html(
                page, "station.html", row=data.row, values=groups, calendars=data.calendars, quarantine=data.quarantine
            )
            if isinstance(sources, PageProblem):
                show_problem(page, sources)
                return
            for item in sources:
                _show_sources(page, item)


def _show_sources(page: Page, item: StationSources) -> None:
    """Mass from each factor over time, and what the factors are; or what is needed for them."""
    solution, network = item.solution, page.words(f"network.{item.solution.network}")
    with ui.element("section").classes("card sources"):
        html(page, "sources_head.html", solution=solution, network=network, notes=solution_notes(solution, page.words))
        if not solution.factors:
            return
        if len(item.hours):
            options = contribution_chart(solution, item.hours, page.words, theme_of(page), page.zone)
            chart = ui.echart(options).classes("chart")
            chart.props(f'role="img" aria-label="{page.words("factors.title", network=network)}"')
        else:
            html(page, "sources_empty.html")
        html(page, "sources_table.html", solution=solution, network=network, rows=factor_rows(solution, page.words))


def _printed(group: InstrumentValues, page: Page) -> dict[str, object]:
    rows = [
        {
            "parameter": value.parameter,
            "name": name_of(value.parameter, page.words),
            "text": format_value(value.value, value.parameter),
            "unit": unit_of(value.parameter),
            "flag": value.flag,
            "status": value.status,
            "notes": notes_text(value.notes, page.words.language, by_name=True),
            "start": value.start,
        }
        for value in group.values
    ]
    return {"network": group.network, "instrument_id": group.instrument_id, "start": group.start, "rows": rows}
