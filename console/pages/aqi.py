"""``/aqi``: the air quality index of every city, its primary pollutant, and days on which PM2.5 and O3 exceed together."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import TYPE_CHECKING

from console.pages.shell import Problem, frame, html, load, page_for, show_problem
from console.view.aqi import city_rows

if TYPE_CHECKING:
    from fastapi import Request

    from console.render import Page
    from console.source import Source

_BACK = timedelta(hours=48)
_DAYS = 30


async def aqi_page(request: Request, source: Source) -> None:
    """Build the page."""
    page = page_for(request, source, "aqi")
    hourly = await load(partial(source.products, "aqi_hourly", page.now - _BACK, page.now))
    joint = await load(partial(source.products, "copollution_daily", _first_day(page), page.now))
    with frame(page, source, page.words("aqi.title")):
        html(page, "aqi_head.html")
        for found in (hourly, joint):
            if isinstance(found, Problem):
                show_problem(page, found)
                return
        assert not isinstance(hourly, Problem)
        assert not isinstance(joint, Problem)
        html(page, "aqi.html", rows=city_rows(source.network, hourly, joint, page.words, _DAYS))


def _first_day(page: Page) -> datetime:
    """Beginning of the first of the last days, today included, in the network's zone."""
    first = page.now.astimezone(page.zone).date() - timedelta(days=_DAYS - 1)
    return datetime.combine(first, time(), page.zone).astimezone(UTC)
