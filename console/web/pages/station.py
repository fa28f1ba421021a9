"""``/stations/{id}``: one station's instruments, values, completeness and refusals."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from console.view.quantity import format_value, name_of, unit_of
from console.web.pages.shell import PageProblem, frame, html, load, page_for, show_problem
from schemas.flagged import notes_text

if TYPE_CHECKING:
    from fastapi import Request

    from console.query.queries import Queries
    from console.view.station import InstrumentValues
    from console.web.render import Page


async def station_page(request: Request, queries: Queries, station_id: str) -> None:
    """Build the page."""
    page = page_for(request, queries, "health")
    station = queries.network.stations.get(station_id)
    data = await load(partial(queries.station, station_id))
    with frame(page, queries, station.name(page.language) if station else station_id):
        if isinstance(data, PageProblem):
            show_problem(page, data)
        elif data is None:
            html(page, "not_found.html", what=station_id, back="/")
        else:
            groups = [_printed(group, page) for group in data.values]
            html(
                page, "station.html", row=data.row, values=groups, calendars=data.calendars, quarantine=data.quarantine
            )


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
