"""``/cases/act?token=...``: where the links of a mail lead. Opening one shows a button, since mail scanners follow links; only the button acts.

A page without scripts: it works in the browser of a mail client.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from fastapi.responses import HTMLResponse

from alerts.case.cause import ResolveCause
from alerts.case.life import CaseStepError
from alerts.delivery.link import LinkAction, LinkError
from alerts.mail.line.draft import MailDraft
from alerts.mail.line.subject import subject_figures
from alerts.mail.view.recipient import recipient_name
from console.query.case_link import follow_link, open_link
from console.view.case_mail import case_mail
from console.web.pages.shell import PageProblem, load, page_for
from console.web.render import asset_url
from schemas.words import words

if TYPE_CHECKING:
    from fastapi import Request

    from alerts.delivery.link import ActionLink
    from console.query.case_link import OpenLink
    from console.query.queries import Queries
    from console.web.render import Page

MOST_BYTES = 20_000
"""Of what the button sends."""
_REFUSED = 410


async def show_link(request: Request, queries: Queries) -> HTMLResponse:
    """The page of a link: what it does, in the language of its person, and one button."""
    token = request.query_params.get("token", "")
    page = page_for(request, queries, "alerts")
    found = await _opened(queries, token)
    if not isinstance(found, tuple):
        return _answer(page, _REFUSED, why=_reason(found, page))
    link, opened = found
    own = _page_of(page, queries, link)
    return _answer(
        own,
        200,
        token=token,
        action=link.action.value,
        title=_title(own, queries, opened),
        who=recipient_name(queries.people.read(), link.person).of(own.language),
        has_text=link.action in {LinkAction.COMMENT, LinkAction.RESOLVE, LinkAction.DECLINE},
        causes=list(ResolveCause) if link.action is LinkAction.RESOLVE else [],
        case_id=link.case_id,
    )


async def use_link(request: Request, queries: Queries) -> HTMLResponse:
    """Do what the link says, once."""
    fields = parse_qs((await _body(request)).decode(errors="replace"))
    token, text, cause = (fields.get(name, [""])[0] for name in ("token", "text", "cause"))
    page = page_for(request, queries, "alerts")
    found = await _opened(queries, token)
    if not isinstance(found, tuple):
        return _answer(page, _REFUSED, why=_reason(found, page))
    link, opened = found
    own = _page_of(page, queries, link)
    try:
        outcome = await load(partial(follow_link, queries, token, text=text, cause=cause))
    except (LinkError, CaseStepError) as error:
        return _answer(own, _REFUSED, why=error.text(own.language), case_id=link.case_id)
    if isinstance(outcome, PageProblem) or outcome is None:
        return _answer(own, 503, why=own.words("cases.not_stored"), case_id=link.case_id)
    title = _title(own, queries, opened)
    return _answer(own, 200, done=own.words(f"act.do_{link.action}"), title=title, case_id=link.case_id)


async def _body(request: Request) -> bytes:
    """The first `MOST_BYTES` of what was sent; anyone can send to this address, so the rest is not read."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) >= MOST_BYTES:
            break
    return body[:MOST_BYTES]


async def _opened(queries: Queries, token: str) -> tuple[ActionLink, OpenLink] | LinkError | PageProblem:
    try:
        found = await load(partial(open_link, queries, token))
    except LinkError as error:
        return error
    return found if isinstance(found, PageProblem) else (found.link, found)


def _reason(found: LinkError | PageProblem, page: Page) -> str:
    return found.text(page.language) if isinstance(found, LinkError) else page.words("cases.not_stored")


def _page_of(page: Page, queries: Queries, link: ActionLink) -> Page:
    """The page in the language of the person who got the mail."""
    person = queries.people.read().person.get(link.person)
    return page if person is None else replace(page, words=words(person.language, "page"))


def _title(page: Page, queries: Queries, opened: OpenLink) -> str:
    view = case_mail(opened.record, queries.network, queries.people.read(), page.now)
    return subject_figures(MailDraft(view, page.language))


def _answer(page: Page, status: int, **values: object) -> HTMLResponse:
    given: dict[str, object] = {
        "token": "", "action": "", "title": "", "who": "", "has_text": False, "causes": [], "case_id": "",
        "why": "", "done": "", "css": asset_url("console.css"),
        "cause_words": words(page.language, "word.cause"),
    }  # fmt: skip
    return HTMLResponse(
        page.render("act.html", **(given | values)),
        status_code=status,
        headers={"cache-control": "no-store", "referrer-policy": "no-referrer"},
    )
