"""``/aqi``: the air quality index of every city, its primary pollutant, and days on which PM2.5 and O3 exceed together."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from console.view.aqi import city_rows
from console.web.pages.shell import PageProblem, frame, html, load, page_for, show_problem
from schemas.interval import midnight

if TYPE_CHECKING:
    import pandas as pd
    from fastapi import Request

    from console.query.queries import Queries
    from console.web.render import Page

_BACK = timedelta(hours=48)
_DAYS = 30


async def aqi_page(request: Request, queries: Queries) -> None:
    """Build the page."""
    page = page_for(request, queries, "aqi")
    found = await load(partial(_read, queries, page))
    with frame(page, queries, page.words("aqi.title")):
        html(page, "aqi_head.html")
        if isinstance(found, PageProblem):
            show_problem(page, found)
            return
        hourly, joint = found
        html(page, "aqi.html", rows=city_rows(queries.network, hourly, joint, page.words, _DAYS))


def _read(queries: Queries, page: Page) -> tuple[pd.DataFrame, pd.DataFrame]:
    hourly = queries.products("aqi_hourly", page.now - _BACK, page.now)
    return hourly, queries.products("copollution_daily", _first_day(page), page.now)


def _first_day(page: Page) -> datetime:
    """Beginning of the first of the last days, today included, in the network's zone."""
    first = page.now.astimezone(page.zone).date() - timedelta(days=_DAYS - 1)
    return midnight(first, page.zone)
