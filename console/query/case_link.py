"""Links of mails: what one allows, and doing it once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from alerts.case.action import ActionRequest, CaseAction, step_of
from alerts.case.cause import ResolveCause
from alerts.case.life import follow
from alerts.delivery.link import LinkError, LinkReason, link_digest, read_link
from alerts.run.case_action import case_now
from alerts.run.link_key import load_link_key

if TYPE_CHECKING:
    from alerts.delivery.link import ActionLink
    from console.query.queries import Queries
    from console.view.case_mail import CaseRecord
    from schemas.alert_case import AlertCase


class OpenLink(NamedTuple):
    """A link that is in order, and its case."""

    link: ActionLink
    record: CaseRecord


def open_link(queries: Queries, token: str) -> OpenLink:
    """What a token allows now; changes nothing.

    Raises
    ------
    alerts.delivery.link.LinkError
        It is not ours, has expired, was used, or its person is in the people file no longer.
    store.error.StoreError
    """
    key = load_link_key(queries.people.settings)
    link = read_link(token, key, now=datetime.now(UTC))
    if queries.state.mutes.is_link_used(link_digest(link, key)):
        raise LinkError(LinkReason.USED)
    if link.person not in queries.people.read().person:
        raise LinkError(LinkReason.GONE)
    record = queries.case(link.case_id)
    if record is None:
        raise LinkError(LinkReason.FORGED)
    return OpenLink(link, record)


def follow_link(queries: Queries, token: str, *, text: str, cause: str) -> AlertCase | None:
    """Do what a token allows, once; None where others kept changing the case.

    Raises
    ------
    alerts.delivery.link.LinkError, alerts.case.life.CaseStepError
        Nothing changed.
    store.error.StoreError
    """
    opened = open_link(queries, token)
    link, now = opened.link, datetime.now(UTC)
    key = load_link_key(queries.people.settings)
    request = ActionRequest(
        action=CaseAction(link.action.value),
        by=link.person,
        text=text.strip(),
        cause=_cause(cause) if link.action.value == CaseAction.RESOLVE else None,
        via="link",
    )
    case = case_now(queries.state, link.case_id) or opened.record.case
    follow(case, step_of(case, request, now))
    if not queries.state.mutes.use_link(link_digest(link, key), now=now):
        raise LinkError(LinkReason.USED)
    return queries.act(case.id, request)


def _cause(text: str) -> ResolveCause | None:
    return ResolveCause(text) if text in set(ResolveCause) else None
