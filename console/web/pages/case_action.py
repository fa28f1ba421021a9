"""What a person does to a case on its page: take, give, comment, mute, resolve."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from nicegui import ui

from alerts.case.action import ActionRequest, CaseAction
from alerts.case.cause import ResolveCause
from alerts.case.life import CaseStepError
from console.web.pages.shell import PageProblem, html, load
from schemas.words import words as words_of

if TYPE_CHECKING:
    from fastapi import Request
    from nicegui.elements.mixins.value_element import ValueElement

    from console.query.queries import Queries
    from console.view.case_page import CasePageView
    from console.web.render import Page
    from schemas.alert_case import AlertCase

PERSON_COOKIE = "skyground_person"
"""Who acted last in this browser."""
_MUTE_H = (1, 4, 12, 24)
_FIELD = "outlined dense options-dense"


class CaseForm:
    """The card of actions of a case.

    Parameters
    ----------
    request : Request
        Its cookie says who acted last.
    """

    def __init__(self, request: Request, page: Page, queries: Queries, view: CasePageView) -> None:
        self._page, self._queries, self._case = page, queries, view.case
        people = queries.people.read()
        self._persons = {item.id: item.name(page.language) for item in people.persons}
        self._is_open_list = queries.people.settings.people is None
        last = unquote(request.cookies.get(PERSON_COOKIE, ""))
        self._last = last if last in self._persons or (last and self._is_open_list) else None
        if self._last:
            self._persons.setdefault(self._last, self._last)

    def build(self, view: CasePageView) -> None:
        """Make the elements inside the card."""
        t, case = self._page.words, self._case
        self._who = self._person_field(t("cases.you"), self._last)
        self._note = ui.textarea(t("alerts.note")).props("outlined dense maxlength=2000 autogrow")
        with ui.element("div").classes("actions"):
            if case.taken_by is None:
                self._button("take", CaseAction.TAKE, primary=case.is_open)
            else:
                self._button("release", CaseAction.RELEASE)
            self._button("comment", CaseAction.COMMENT)
        with self._more("give"):
            to = self._person_field(t("cases.to"), None)
            action = CaseAction.ASSIGN if case.taken_by is None else CaseAction.HAND_OVER
            self._button(action.value, action, to=to)
        if case.is_open:
            self._mute(view)
        with self._more("resolve"):
            causes = words_of(self._page.language, "word.cause")
            cause = ui.select({item.value: causes(item.value) for item in ResolveCause}, label=t("cases.cause")).props(
                _FIELD
            )
            self._button("resolve", CaseAction.RESOLVE, cause=cause, primary=not case.is_open and case.cause is None)

    def _mute(self, view: CasePageView) -> None:
        t = self._page.words
        if view.case.muted_until is not None and view.case.muted_until > self._page.now:
            with ui.element("div").classes("actions"):
                self._button("unmute", CaseAction.UNMUTE)
            return
        with self._more("mute"):
            length = ui.select(
                {hours: t("time.hours", n=hours) for hours in _MUTE_H}, value=1, label=t("cases.mute_for")
            ).props(_FIELD)
            self._button("mute", CaseAction.MUTE, length=length)

    def _more(self, name: str) -> ui.element:
        group = ui.element("details").classes("group")
        with group, ui.element("summary"):
            ui.html(self._page.words(f"cases.do_{name}"), tag="b", sanitize=False)
        return group

    def _person_field(self, label: str, value: str | None) -> ui.select:
        field = ui.select(
            dict(self._persons),
            value=value,
            label=label,
            with_input=self._is_open_list,
            new_value_mode="add-unique" if self._is_open_list else None,
        )
        return field.props(_FIELD)

    def _button(self, name: str, action: CaseAction, *, primary: bool = False, **fields: ValueElement) -> None:  # type: ignore[type-arg]
        kind = "button primary" if primary else "button"
        with ui.element("button").classes(kind).props("type=button").on("click", partial(self._act, action, fields)):
            ui.html(self._page.words(f"cases.{name}"), tag="span", sanitize=False)

    async def _act(self, action: CaseAction, fields: dict[str, ValueElement]) -> None:  # type: ignore[type-arg]
        t = self._page.words
        missing = next((item for item in (self._who, *fields.values()) if not item.value), None)
        if action is CaseAction.COMMENT and not (self._note.value or "").strip():
            missing = missing or self._note
        if missing is not None:
            missing.run_method("focus")
            ui.notify(t("cases.missing"), type="warning")
            return
        given = {name: item.value for name, item in fields.items()}
        request = ActionRequest(
            action=action,
            by=str(self._who.value).strip(),
            to=str(given["to"]) if "to" in given else None,
            text=str(self._note.value or ""),
            until=datetime.now(UTC) + timedelta(hours=given["length"]) if "length" in given else None,
            cause=ResolveCause(given["cause"]) if "cause" in given else None,
            via="page",
        )
        await self._send(request)

    async def _send(self, request: ActionRequest) -> None:
        try:
            outcome: AlertCase | PageProblem | None = await load(partial(self._queries.act, self._case.id, request))
        except CaseStepError as error:
            ui.notify(error.text(self._page.language), type="warning")
            return
        if isinstance(outcome, PageProblem) or outcome is None:
            ui.notify(self._page.words("cases.not_stored"), type="negative")
            return
        keep = f"{PERSON_COOKIE}={quote(request.by)};path=/;max-age=31536000;samesite=lax"
        ui.run_javascript(f"document.cookie={keep!r}; location.assign('/cases/{self._case.id}')")


def action_card(request: Request, page: Page, queries: Queries, view: CasePageView) -> None:
    """The card; below it, on a phone, a button that leads to it."""
    with ui.element("section").classes("card take").props("id=act"):
        html(page, "alert_case_act.html", view=view)
        CaseForm(request, page, queries, view).build(view)
