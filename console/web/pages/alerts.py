"""``/alerts`` and ``/alerts/{id}``: what happened, how sure are we, what caused it, who has taken it."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from nicegui import ui

from console.query.episodes import EpisodeQuery
from console.view.alert_event import alert_events, event_row
from console.view.alert_row import alert_row, timeline
from console.view.attribution import statements
from console.view.chart import chart_height, series_chart
from console.view.drawing import Drawing, LimitLine
from console.view.query import SeriesQuery
from console.web.pages.cases import show_alert_case
from console.web.pages.series import station_names
from console.web.pages.shell import PageProblem, frame, html, load, page_for, show_not_found, show_problem, theme_of
from store.archive.option import Level

if TYPE_CHECKING:
    from fastapi import Request

    from console.query.queries import Queries
    from console.view.alert import AlertHistory
    from console.web.render import Page

_PAST = 200
_BEFORE, _AFTER, _LONGEST = timedelta(hours=36), timedelta(hours=12), timedelta(days=14)


async def alerts_page(request: Request, queries: Queries) -> None:
    """Build the list."""
    page = page_for(request, queries, "alerts")
    found = await load(partial(queries.alerts, EpisodeQuery(limit=_PAST)))
    with frame(page, queries, page.words("alerts.title")):
        html(page, "alerts.html")
        if isinstance(found, PageProblem):
            show_problem(page, found)
            return
        names = station_names(queries, page)
        read = await load(partial(queries.alert_cases, found.episodes))
        cases = {} if isinstance(read, PageProblem) else read
        events = alert_events(found.episodes, queries.network.stations, page.now)
        opened, past = (
            [event_row(item, page.words, names, page.now, cases) for item in events if item.is_open is is_open]
            for is_open in (True, False)
        )
        count = sum(row.open_count for row in opened)
        html(page, "alert_rows.html", open=opened, open_alerts=count, past=past, more=found.following is not None)


async def alert_page(request: Request, queries: Queries, alert_id: str) -> None:
    """Build the page of one episode; an id that is no whole number names none."""
    page = page_for(request, queries, "alerts")
    # a mail links to the transition it reports, which need not be the first
    number = _whole(alert_id)
    found = None if number is None else await load(partial(queries.alert, number))
    with frame(page, queries, page.words("alerts.title")):
        if isinstance(found, PageProblem):
            show_problem(page, found)
            return
        if found is None:
            show_not_found(page, alert_id, "/alerts")
            return
        await _detail(page, queries, found)


def _whole(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None


async def _detail(page: Page, queries: Queries, episode: AlertHistory) -> None:
    row = alert_row(episode, page.words, station_names(queries, page), page.now)
    html(page, "alert_head.html", row=row)
    with ui.element("section").classes("card"):
        html(page, "alert_facts.html", row=row)
    found = await load(partial(queries.alert_case, episode))
    with ui.element("div").classes("split flush"):
        with ui.element("div").classes("stack"):
            if isinstance(found, PageProblem):
                show_problem(page, found)
            else:
                show_alert_case(page, queries, episode, found)
            await _plot(page, queries, episode)
            old = [] if isinstance(found, PageProblem) else statements(found.old, page.language)
            html(page, "alert_side.html", detail=row.detail, statements=old)
        with ui.element("div").classes("stack"):
            if episode.is_open:
                _acknowledge_form(page, queries, episode)
            html(page, "alert_timeline.html", steps=timeline(episode, page.words)).classes("card")


async def _plot(page: Page, queries: Queries, episode: AlertHistory) -> None:
    worst = episode.worst
    if worst.parameter is None or worst.station_id not in queries.network.stations:
        return
    query = _query(page, episode, worst.station_id, worst.parameter)
    found = await load(partial(queries.series, query))
    if isinstance(found, PageProblem):
        show_problem(page, found)
        return
    shown = [item for item in found if len(item.points)]
    if not shown:
        return
    label = page.words("alerts.threshold", value=alert_row(episode, page.words, {}, page.now).threshold)
    limits = (
        [LimitLine(parameter=worst.parameter, value=worst.threshold, label=label)]
        if worst.threshold is not None
        else []
    )
    names = station_names(queries, page)
    drawing = Drawing(words=page.words, theme=theme_of(page), zone=page.zone, station_names=names, limits=limits)
    with ui.element("section").classes("card"):
        html(page, "alert_plot.html", address=query.address())
        ui.echart(series_chart(shown, drawing)).classes("chart").style(f"height:{chart_height(shown)}px")


def _query(page: Page, episode: AlertHistory, station_id: str, parameter: str) -> SeriesQuery:
    end = min(page.now, (episode.ended or episode.last.at) + _AFTER)
    start = max(episode.since - _BEFORE, end - _LONGEST)
    return SeriesQuery(
        stations=(station_id,),
        parameters=(parameter,),
        start=min(start, end - _AFTER),
        end=end,
        level=Level.HOURLY,
        moving=False,
    )


def _acknowledge_form(page: Page, queries: Queries, episode: AlertHistory) -> None:
    t = page.words

    async def take() -> None:
        if not who.value.strip():
            who.run_method("focus")
            ui.notify(t("alerts.who_missing"), type="warning")
            return
        outcome = await load(
            partial(queries.state.alerts.acknowledge, episode.alert_key, who.value.strip(), note.value.strip())
        )
        if isinstance(outcome, PageProblem):
            ui.notify(outcome.detail, type="negative")
        else:
            ui.navigate.to(f"/alerts/{episode.id}")

    with ui.element("section").classes("card take"):
        html(page, "alert_take.html", taken=episode.acknowledged)
        who = ui.input(t("alerts.who"), value="").props("outlined dense maxlength=80 autocomplete=name")
        note = ui.textarea(t("alerts.note"), value="").props("outlined dense maxlength=2000 autogrow")
        with ui.element("button").classes("button primary").props("type=button").on("click", take):
            ui.html(t("alerts.take"), tag="span")
