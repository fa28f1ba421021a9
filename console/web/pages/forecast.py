"""``/forecast?at=ID``: the next 72 h of a station or city with their bands, and the daily AQI of today and three more days."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from nicegui import ui

from console.view.forecast import day_rows, head_of, newest, plots
from console.web.pages.shell import PageProblem, frame, html, load, page_for, show_not_found, show_problem, theme_of
from schemas.city import city_name

if TYPE_CHECKING:
    import pandas as pd
    from fastapi import Request

    from analysis.run.forecast.history import IssueNote
    from console.query.queries import Queries
    from console.web.render import Page

_AHEAD, _BACK = timedelta(hours=73), timedelta(hours=24)
_DAYS_AHEAD, _DAYS_BACK = timedelta(days=5), timedelta(days=2)


async def forecast_page(request: Request, queries: Queries) -> None:
    """Build the page."""
    page = page_for(request, queries, "forecast")
    names = _names(queries, page)
    chosen = request.query_params.get("at") or next(iter(names), "")
    if chosen and chosen not in names:
        with frame(page, queries, page.words("forecast.title")):
            show_not_found(page, chosen, "/forecast")
        return
    found = await load(partial(_read, queries, page, chosen))
    with frame(page, queries, page.words("forecast.title")):
        html(page, "forecast_head.html", names=names, chosen=chosen)
        if isinstance(found, PageProblem):
            show_problem(page, found)
            return
        _show(page, *found)


def _show(page: Page, hours: pd.DataFrame, days: pd.DataFrame, note: IssueNote | None) -> None:
    if hours.empty:
        html(page, "forecast.html", head=None, days=[])
        return
    html(page, "forecast.html", head=head_of(hours, page.now, page.words, note), days=day_rows(days, page.words))
    for plot in plots(hours, theme_of(page), page.zone, page.words):
        with ui.element("section").classes("card"):
            ui.html(plot.name, sanitize=False, tag="h2")
            chart = ui.echart(plot.options).classes("chart").style("height:220px")
            chart.props(f'role="img" aria-label="{plot.name}"')


def _read(queries: Queries, page: Page, chosen: str) -> tuple[pd.DataFrame, pd.DataFrame, IssueNote | None]:
    is_station = chosen in queries.network.stations
    hourly, daily = (
        ("forecast_hourly", "forecast_daily") if is_station else ("forecast_city_hourly", "forecast_city_daily")
    )
    hours = newest(_own(queries.products(hourly, page.now - _BACK, page.now + _AHEAD), chosen))
    days = newest(_own(queries.products(daily, page.now - _DAYS_BACK, page.now + _DAYS_AHEAD), chosen))
    return hours, days, None if hours.empty else queries.issue_note(str(hours["origin"].iloc[0]))


def _own(product: pd.DataFrame, chosen: str) -> pd.DataFrame:
    return product if product.empty else product[product["station_id"] == chosen]


def _names(queries: Queries, page: Page) -> dict[str, str]:
    """Cities, then stations, by the id of the address."""
    stations = list(queries.network.stations_of("gas"))
    cities = sorted({station.city for station in stations if station.city})
    return {city: city_name(city, page.language) for city in cities} | {
        station.id: station.name(page.language) for station in stations
    }
