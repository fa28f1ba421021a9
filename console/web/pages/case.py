"""``/cases/{id}``: what happened, how sure that is, what caused it, whether it goes on and who has it; what to do about it."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from fastapi.responses import RedirectResponse
from nicegui import ui

from console.view.case_page import case_page_view
from console.view.chart import chart_height, series_chart
from console.view.drawing import Drawing, LimitLine
from console.view.query import SeriesQuery
from console.web.pages.case_action import action_card
from console.web.pages.case_file import show_file_of
from console.web.pages.series import station_names
from console.web.pages.shell import PageProblem, frame, html, load, page_for, show_not_found, show_problem, theme_of
from store.archive.option import Level

if TYPE_CHECKING:
    from fastapi import Request

    from console.query.queries import Queries
    from console.view.case_page import CasePageView
    from console.web.render import Page
    from schemas.alert_case import AlertCase, CaseAlert

_BEFORE, _AFTER, _LONGEST = timedelta(hours=36), timedelta(hours=12), timedelta(days=14)
_YOUNG = timedelta(hours=3)
"""A case that began so lately has hardly an hourly mean: its readings are drawn."""
_MOST_LINES = 4


async def alert_case_page(request: Request, queries: Queries, case_id: str) -> RedirectResponse | None:
    """Build the page of one case; one that is part of another leads there."""
    page = page_for(request, queries, "alerts")
    found = await load(partial(queries.whole_case, case_id))
    if not isinstance(found, PageProblem) and found is not None and found.case.merged_into is not None:
        return RedirectResponse(f"/cases/{found.case.merged_into}", status_code=302)
    with frame(page, queries, page.words("alerts.title")):
        if isinstance(found, PageProblem):
            show_problem(page, found)
        elif found is None:
            show_not_found(page, case_id, "/alerts")
        else:
            view = case_page_view(found, queries.network, queries.people.read(), page.words, page.now)
            await _show(request, page, queries, view)
    return None


async def _show(request: Request, page: Page, queries: Queries, view: CasePageView) -> None:
    html(page, "alert_case_head.html", view=view)
    with ui.element("div").classes("case-page"):
        html(page, "alert_case_answer.html", view=view).classes("stack")
        with ui.element("div").classes("stack"):
            action_card(request, page, queries, view)
            html(page, "alert_case_side.html", view=view).classes("stack")
        with ui.element("div").classes("stack"):
            await _plot(page, queries, view.case)
            html(page, "alert_case_place.html", view=view).classes("stack")
            found = await load(partial(queries.file_of, view.case))
            if isinstance(found, PageProblem):
                show_problem(page, found)
            else:
                show_file_of(page, queries, view.case, found)


async def _plot(page: Page, queries: Queries, case: AlertCase) -> None:
    lead = next((item for item in case.alerts if item.parameter and item.station_id in queries.network.stations), None)
    if lead is None:
        return
    query = _query(page, queries, case, lead)
    found = await load(partial(queries.series, query))
    if isinstance(found, PageProblem):
        show_problem(page, found)
        return
    shown = [item for item in found if len(item.points)]
    if not shown:
        return
    limits = []
    if lead.threshold is not None and lead.parameter is not None:
        label = page.words("alerts.threshold", value=f"{lead.threshold:g}")
        limits = [LimitLine(parameter=lead.parameter, value=lead.threshold, label=label)]
    names = station_names(queries, page)
    drawing = Drawing(words=page.words, theme=theme_of(page), zone=page.zone, station_names=names, limits=limits)
    with ui.element("section").classes("card"):
        html(page, "alert_case_plot.html", address=query.address(), native=query.level is Level.NATIVE)
        chart = ui.echart(series_chart(shown, drawing)).classes("chart").style(f"height:{chart_height(shown)}px")
        chart.props(f'role="img" aria-label="{page.words("alerts.plot")}"')


def _query(page: Page, queries: Queries, case: AlertCase, lead: CaseAlert) -> SeriesQuery:
    """Hours of the leading parameter at the worst stations around the case; of a young case its readings."""
    end = min(page.now, (case.ended_at or page.now) + _AFTER)
    is_young = page.now - case.since < _YOUNG
    start = max(case.since - _BEFORE, end - _LONGEST)
    places = [
        name
        for name in dict.fromkeys((lead.station_id, *case.stations))
        if name in queries.network.stations
        and any(lead.parameter in item.parameters for item in queries.network.stations[name].instruments)
    ]
    return SeriesQuery(
        stations=tuple(places[:_MOST_LINES]),
        parameters=(lead.parameter or "",),
        start=case.since - _YOUNG if is_young else min(start, end - _AFTER),
        end=end,
        level=Level.NATIVE if is_young else Level.HOURLY,
        moving=False,
    )
