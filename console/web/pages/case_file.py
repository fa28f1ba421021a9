"""``/case-files`` and ``/case-files/{station}/{parameter}/{start}``: what happened, how sure that is, and where it came from."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from console.view.case_file import case_view, joint_lines, split_cases
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
    from console.query.case_file import CaseFileLookup
    from console.query.queries import Queries
    from console.view.case_file import CaseView
    from console.web.render import Page
    from schemas.alert_case import AlertCase

_MOST = 100
_COMPUTED_WITHIN_S = 300
"""A case that opened so lately may get its case file with the next round."""


async def case_files_page(request: Request, queries: Queries) -> None:
    """Build the list."""
    page = page_for(request, queries, "alerts")
    found = await load(partial(queries.case_files, limit=_MOST))
    with frame(page, queries, page.words("case.list")):
        html(page, "page_head.html", title=page.words("case.list"), lead=page.words("case.list_lead"))
        if isinstance(found, PageProblem):
            show_problem(page, found)
            return
        names = station_names(queries, page)
        listed = split_cases(found)

        def rows(items: Iterable[StoredCase]) -> list[CaseView]:
            return [case_view(item, page.words, names, page.zone) for item in items]

        html(page, "case_files.html", rows=rows(listed.decided), undecided=rows(listed.undecided), listed=listed)


async def case_file_page(request: Request, queries: Queries, key: str) -> None:
    """Build the page of one case file."""
    page = page_for(request, queries, "alerts")
    found = await load(partial(_read, queries, key))
    with frame(page, queries, page.words("case.title")):
        if isinstance(found, PageProblem):
            show_problem(page, found)
            return
        if found is None:
            show_not_found(page, key, "/case-files")
            return
        item, versions, episodes = found
        view = case_view(item, page.words, station_names(queries, page), page.zone, versions=versions)
        joint = joint_lines(episodes, page.words, station_names(queries, page))
        titles = words_of(page.language, "report.topic")
        html(page, "case_file_head.html", view=view)
        html(page, "case_file.html", view=view, included=False, link=False, titles=titles, joint=joint)


def _read(queries: Queries, key: str) -> tuple[StoredCase, int, tuple[CaseEpisode, ...]] | None:
    found = queries.case_file(key)
    return None if found is None else (*found, queries.case_episodes(found[0].case))


def _why(stored: str | None, language: str) -> str | None:
    """Sentence of a stored reason; other text, such as the name of an error, unchanged."""
    reason = None if stored is None else parse_reason(stored)
    return stored if reason is None else render(reason, language)


def show_file_of(page: Page, queries: Queries, case: AlertCase, found: CaseFileLookup) -> None:
    """The case file of a case, or why there is none."""
    if found.item is None:
        if found.is_expected:
            age_s = (page.now - case.opened_at).total_seconds()
            is_computing = case.is_open and age_s < _COMPUTED_WITHIN_S
            html(page, "case_file_absent.html", why=_why(found.why, page.language), computing=is_computing)
        return
    names, worst = station_names(queries, page), case.alerts[0]
    view = case_view(found.item, page.words, names, page.zone, versions=found.versions, alert_id=found.alert_id)
    own = (found.item.case.station_id, found.item.case.parameter) == (worst.station_id, worst.parameter)
    titles = words_of(page.language, "report.topic")
    html(page, "case_file.html", view=view, included=not own, link=True, titles=titles, joint=())
