"""``/cases`` and ``/cases/{station}/{parameter}/{start}``: what happened, how sure that is, and where it came from."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from console.view.case import case_view, joint_lines, split_cases
from console.web.pages.series import station_names
from console.web.pages.shell import PageProblem, frame, html, load, page_for, show_not_found, show_problem
from schemas.reason import parse_reason
from schemas.words import render
from schemas.words import words as words_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fastapi import Request

    from analysis.report.stored_case import StoredCase
    from analysis.run.coanalysis.joint_pollution import CaseEpisode
    from console.query.cases import CaseLookup
    from console.query.queries import Queries
    from console.view.alert import AlertHistory
    from console.view.case import CaseView
    from console.web.render import Page

_MOST = 100
_COMPUTED_WITHIN_S = 300
"""An alert that began so lately may get its case file with the next round."""


async def cases_page(request: Request, queries: Queries) -> None:
    """Build the list."""
    page = page_for(request, queries, "alerts")
    found = await load(partial(queries.cases, limit=_MOST))
    with frame(page, queries, page.words("case.list")):
        html(page, "page_head.html", title=page.words("case.list"), lead=page.words("case.list_lead"))
        if isinstance(found, PageProblem):
            show_problem(page, found)
            return
        names = station_names(queries, page)
        listed = split_cases(found)

        def rows(items: Iterable[StoredCase]) -> list[CaseView]:
            return [case_view(item, page.words, names, page.zone) for item in items]

        html(page, "cases.html", rows=rows(listed.decided), undecided=rows(listed.undecided), listed=listed)


async def case_page(request: Request, queries: Queries, key: str) -> None:
    """Build the page of one case file."""
    page = page_for(request, queries, "alerts")
    found = await load(partial(_read, queries, key))
    with frame(page, queries, page.words("case.title")):
        if isinstance(found, PageProblem):
            show_problem(page, found)
            return
        if found is None:
            show_not_found(page, key, "/cases")
            return
        item, versions, episodes = found
        view = case_view(item, page.words, station_names(queries, page), page.zone, versions=versions)
        joint = joint_lines(episodes, page.words, station_names(queries, page))
        titles = words_of(page.language, "report.topic")
        html(page, "case_head.html", view=view)
        html(page, "case.html", view=view, included=False, link=False, titles=titles, joint=joint)


def _read(queries: Queries, key: str) -> tuple[StoredCase, int, tuple[CaseEpisode, ...]] | None:
    found = queries.case(key)
    return None if found is None else (*found, queries.case_episodes(found[0].case))


def _why(stored: str | None, language: str) -> str | None:
    """Sentence of a stored reason; other text, such as the name of an error, unchanged."""
    reason = None if stored is None else parse_reason(stored)
    return stored if reason is None else render(reason, language)


def show_alert_case(page: Page, queries: Queries, episode: AlertHistory, found: CaseLookup) -> None:
    """The case file of an alert, or why there is none."""
    if found.item is None:
        if found.is_expected and not found.old:
            age_s = (page.now - episode.steps[0].recorded_at).total_seconds()
            html(
                page,
                "case_absent.html",
                why=_why(found.why, page.language),
                computing=episode.is_open and age_s < _COMPUTED_WITHIN_S,
            )
        return
    names, worst = station_names(queries, page), episode.worst
    view = case_view(found.item, page.words, names, page.zone, versions=found.versions, alert_id=episode.id)
    own = (found.item.case.station_id, found.item.case.parameter) == (worst.station_id, worst.parameter)
    titles = words_of(page.language, "report.topic")
    html(page, "case.html", view=view, included=not own, link=True, titles=titles, joint=())
