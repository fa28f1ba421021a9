"""Cases of alerts as pages and the API read them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from alerts.mail.view.mail_value import Name
from alerts.mail.view.plain import NEWS
from alerts.people.route import TEAM_PREFIX
from alerts.run.case import present_cases
from console.query.case_file import read_file_of
from console.query.episodes import read_episode
from console.view.case_mail import CaseRecord
from schemas.alert import RuleKind
from store.state import Notice

if TYPE_CHECKING:
    from collections.abc import Iterable

    from console.query.people import PeopleReader
    from schemas.alert_case import AlertCase
    from schemas.network import Network
    from store.influx.store import InfluxStore
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
    shown = present_cases(state, found[: query.limit])
    notices = state.notices.of_cases(item.id for item in shown)
    records = [
        CaseRecord(
            case=item,
            notices=[one for one in notices if one.case_id == item.id],
            titles=titles_of(state, [item]),
        )
        for item in shown
    ]
    return CasePage(records, len(found) > query.limit, state.cases.count_open(query.audience))


def read_case_record(state: StateStore, network: Network, case_id: str) -> CaseRecord | None:
    """A case with its steps, notices and case file; None where there is none."""
    case = state.cases.get(case_id)
    if case is None:
        return None
    (case,) = present_cases(state, [case])
    notices = state.notices.of_cases([case.id])
    return CaseRecord(
        case=case,
        notices=notices,
        titles=titles_of(state, [case]),
        file=read_file_of(state, network, case).item,
        messages=state.notices.list_messages(item.id for item in notices),
    )


def collect_case(
    record: CaseRecord, influx: InfluxStore, state: StateStore, reader: PeopleReader, now: datetime
) -> CaseRecord:
    """The record with what a mail would state now, as it is collected for mails; as it is where the rules cannot be read."""
    # the series, verdicts and forecasts take a second to import: paid by the first page of a case
    from alerts.mail.evidence.series import Sources
    from alerts.rules.rules import RulesFileError, load_rules
    from alerts.run.mail.collect import CaseReader, collect_mail

    own, case = reader.settings, record.case
    try:
        rules = load_rules(own.rules)
    except RulesFileError:
        return record
    sources = Sources(influx, state, own.stations, rules, own.console_url, now)
    asked = CaseReader(sources, reader.read(), b"", timedelta(hours=own.remind_after_h))
    # of no person: nothing is signed, and no one is left out of those who were notified
    viewer = Notice(
        id=0,
        case_id=case.id,
        recipient=f"{TEAM_PREFIX}page",
        channel="page",
        wanted=case.version,
        known=0,
        state="sent",
        due_at=now,
        attempts=0,
    )
    return replace(record, mail=collect_mail(asked, case, viewer, NEWS[case.state]))


def case_of_alert(state: StateStore, transition_id: int) -> str | None:
    """Id of the case of the alert that a transition belongs to; None where it has none."""
    episode = read_episode(state, transition_id)
    if episode is None:
        return None
    found = (state.cases.of_alert(episode.alert_key, step.id) for step in episode.steps)
    return next((case.id for case in found if case is not None), None)


def titles_of(state: StateStore, cases: Iterable[AlertCase]) -> dict[int, Name]:
    """Titles of operation alerts, as they were reported."""
    found = {}
    for alert in (alert for case in cases for alert in case.alerts if alert.kind is RuleKind.OPERATION):
        stored = state.alerts.get(alert.begin_id)
        evidence = stored.transition.evidence if stored is not None else {}
        names = [evidence.get(f"title_{language}") for language in ("zh", "en")]
        found[alert.begin_id] = Name(*(str(name or alert.rule) for name in names))
    return found
