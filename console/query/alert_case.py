"""Cases of alerts as pages and the API read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from alerts.mail.mail_value import Name
from console.query.case_file import read_file_of
from console.query.episodes import read_episode
from console.view.case_mail import CaseRecord
from schemas.alert import RuleKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from schemas.alert_case import AlertCase
    from schemas.network import Network
    from store.state import CaseQuery, StateStore

PAGE_CASES = 25
"""Cases of one page of the list."""


class CasePage(NamedTuple):
    """A page of the list: its cases, whether more follow, and how many cases are open."""

    records: list[CaseRecord]
    is_more: bool
    open_count: int


def read_case_page(state: StateStore, query: CaseQuery) -> CasePage:
    """A page of cases without their steps and case files."""
    found = state.cases.page(msgspec.structs.replace(query, limit=query.limit + 1))
    shown = found[: query.limit]
    notices = state.notices.of_cases(item.id for item in shown)
    records = [
        CaseRecord(
            case=item,
            notices=[one for one in notices if one.case_id == item.id],
            titles=_titles(state, [item]),
        )
        for item in shown
    ]
    return CasePage(records, len(found) > query.limit, state.cases.count_open(query.audience))


def read_case_record(state: StateStore, network: Network, case_id: str) -> CaseRecord | None:
    """A case with its steps, notices and case file; None where there is none."""
    case = state.cases.get(case_id)
    if case is None:
        return None
    return CaseRecord(
        case=case,
        notices=state.notices.of_cases([case.id]),
        titles=_titles(state, [case]),
        file=read_file_of(state, network, case).item,
    )


def case_of_alert(state: StateStore, transition_id: int) -> str | None:
    """Id of the case of the alert that a transition belongs to; None where it has none."""
    episode = read_episode(state, transition_id)
    if episode is None:
        return None
    found = (state.cases.of_alert(episode.alert_key, step.id) for step in episode.steps)
    return next((case.id for case in found if case is not None), None)


def _titles(state: StateStore, cases: Iterable[AlertCase]) -> dict[int, Name]:
    """Titles of operation alerts, as they were reported."""
    found = {}
    for alert in (alert for case in cases for alert in case.alerts if alert.kind is RuleKind.OPERATION):
        stored = state.alerts.get(alert.begin_id)
        evidence = stored.transition.evidence if stored is not None else {}
        names = [evidence.get(f"title_{language}") for language in ("zh", "en")]
        found[alert.begin_id] = Name(*(str(name or alert.rule) for name in names))
    return found
