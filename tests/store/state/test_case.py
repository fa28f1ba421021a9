"""Cases of alerts, their notices and mutes in the state database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import msgspec
import pytest

from schemas.alert import AlertState, Severity
from schemas.alert_case import AlertCase, Audience, CaseAlert, CaseKind, CaseState, CaseStep, StepKind
from store.state import CaseChange, CaseQuery, Mute, MuteKind, MuteMatcher, StateStore
from tests.store.state.build import NOW, transition

ALERT = CaseAlert(alert_key="high/a/so2", begin_id=1, rule="high", severity=Severity.WARNING, station_id="a", since=NOW)


def step(number: int, kind: StepKind = StepKind.OPENED, case_id: str = "c1", **more: object) -> CaseStep:
    return CaseStep(case_id=case_id, number=number, kind=kind, at=NOW, recorded_at=NOW, **more)  # type: ignore[arg-type]


def case(version: int = 1, case_id: str = "c1", **more: object) -> AlertCase:
    steps = (
        *(step(number, case_id=case_id) for number in range(1, version)),
        step(version, case_id=case_id, alerts=(ALERT,)),
    )
    made = AlertCase(
        id=case_id, kind=CaseKind.POLLUTION, audience=Audience.DUTY, state=CaseState.OPEN, severity=Severity.WARNING,
        since=NOW, opened_at=NOW, version=version, alerts=(ALERT,), steps=steps,
    )  # fmt: skip
    return msgspec.structs.replace(made, **more)


def opened(store: StateStore) -> AlertCase:
    (kept,) = store.cases.append([CaseChange(case=case())]) or ()
    return kept


def test_a_case_and_its_steps_are_read_as_they_were_added(store: StateStore) -> None:
    kept = opened(store)
    assert store.cases.get("c1") == kept
    assert store.cases.of_alert("high/a/so2") == msgspec.structs.replace(kept, steps=())
    assert store.cases.of_alert("high/a/so2", 2) is None
    assert store.cases.get("c2") is None
    assert [item.id for item in store.cases.list(state=CaseState.OPEN)] == ["c1"]
    assert store.cases.list(state=CaseState.ENDED) == []


def test_steps_after_an_old_version_are_refused(store: StateStore) -> None:
    opened(store)
    assert store.cases.append([CaseChange(case=case())]) is None
    assert store.cases.append([CaseChange(case=case(2), after=1)]) is not None
    assert store.cases.append([CaseChange(case=case(2), after=1)]) is None
    assert [item.number for item in store.cases.list_steps("c1")] == [1, 2]


def test_of_several_changes_all_are_stored_or_none(store: StateStore) -> None:
    opened(store)
    assert store.cases.append([CaseChange(case=case(case_id="c2")), CaseChange(case=case(3), after=2)]) is None
    assert store.cases.get("c2") is None


def test_a_worker_that_has_not_seen_the_newest_step_is_refused(store: StateStore) -> None:
    seen = store.cases.newest_step()
    opened(store)
    assert store.cases.append([CaseChange(case=case(case_id="c2"))], seen=seen) is None
    assert store.cases.append([CaseChange(case=case(case_id="c2"))], seen=store.cases.newest_step()) is not None


def test_of_two_workers_at_once_one_opens_a_case(store: StateStore) -> None:
    seen = store.cases.newest_step()
    with ThreadPoolExecutor(4) as pool:
        found = list(
            pool.map(lambda name: store.cases.append([CaseChange(case=case(case_id=name))], seen=seen), "abcdefgh")
        )
    assert sum(item is not None for item in found) == 1


def test_a_transition_is_unassigned_until_a_step_accounts_for_it(store: StateStore) -> None:
    begin = store.alerts.save(transition())
    store.alerts.save(transition())
    end = store.alerts.save(transition(5, AlertState.OK))
    assert [item.id for item in store.cases.list_unassigned()] == [begin, end]
    store.cases.append([CaseChange(case=case())], assigned=[begin])
    assert [item.id for item in store.cases.list_unassigned()] == [end]


def test_recent_cases_are_the_open_ones_and_those_that_ended_lately(store: StateStore) -> None:
    ended = {"state": CaseState.ENDED, "ended_at": NOW + timedelta(hours=1)}
    store.cases.append([CaseChange(case=case()), CaseChange(case=case(case_id="c2", **ended))])
    assert [item.id for item in store.cases.list_recent(NOW)] == ["c1", "c2"]
    assert [item.id for item in store.cases.list_recent(NOW + timedelta(hours=2))] == ["c1"]


def test_whatever_happened_since_is_one_notice(store: StateStore) -> None:
    opened(store)
    for version in (1, 3, 2):
        store.notices.want("c1", "wang", "email", version=version, due_at=NOW)
    (mine,) = store.notices.claim("w", "email", now=NOW)
    assert (mine.wanted, mine.claimed, mine.known) == (3, 3, 0)
    assert store.notices.claim("v", "email", now=NOW) == []
    assert store.notices.finish_sent(mine.id, "w", message_id="<1>", now=NOW)
    assert not store.notices.finish_sent(mine.id, "w", message_id="<1>", now=NOW)
    assert store.notices.waiting() == []
    store.notices.want("c1", "wang", "email", version=3, due_at=NOW)
    assert store.notices.waiting() == []


def test_what_happens_while_a_notice_is_sent_is_the_next_one_of_the_thread(store: StateStore) -> None:
    opened(store)
    store.notices.want("c1", "wang", "email", version=1, due_at=NOW)
    (mine,) = store.notices.claim("w", "email", now=NOW)
    store.notices.want("c1", "wang", "email", version=2, due_at=NOW)
    later = NOW + timedelta(minutes=10)
    store.notices.finish_sent(mine.id, "w", message_id="<1>", now=NOW, next_at=later)
    assert store.notices.claim("w", "email", now=NOW) == []
    (again,) = store.notices.claim("w", "email", now=later)
    assert (again.claimed, again.known, again.first_message_id, again.attempts) == (2, 1, "<1>", 1)


def test_a_worker_that_died_leads_to_the_same_version_again(store: StateStore) -> None:
    opened(store)
    store.notices.want("c1", "wang", "email", version=1, due_at=NOW)
    store.notices.claim("dead", "email", now=NOW)
    store.notices.want("c1", "wang", "email", version=2, due_at=NOW)
    later = NOW + timedelta(minutes=6)
    (mine,) = store.notices.claim("w", "email", now=later)
    assert (mine.claimed, mine.wanted) == (1, 2)
    assert not store.notices.renew([mine.id], "dead", now=later)
    assert store.notices.renew([mine.id], "w", now=later)


@pytest.mark.parametrize(("is_uncertain", "version"), [(True, 1), (False, 2)])
def test_after_a_failure_the_newest_version_is_sent_unless_the_server_may_have_taken_the_old(
    store: StateStore, *, is_uncertain: bool, version: int
) -> None:
    opened(store)
    store.notices.want("c1", "wang", "email", version=1, due_at=NOW)
    (mine,) = store.notices.claim("w", "email", now=NOW)
    store.notices.want("c1", "wang", "email", version=2, due_at=NOW)
    store.notices.finish_failed(mine.id, "w", now=NOW, detail="451 later", is_uncertain=is_uncertain)
    assert store.notices.claim("w", "email", now=NOW) == []
    (again,) = store.notices.claim("w", "email", now=NOW + timedelta(minutes=1))
    assert (again.claimed, again.attempts) == (version, 2)


def test_a_refused_notice_waits_for_something_new(store: StateStore) -> None:
    opened(store)
    store.notices.want("c1", "wang", "email", version=1, due_at=NOW)
    (mine,) = store.notices.claim("w", "email", now=NOW)
    store.notices.finish_failed(mine.id, "w", now=NOW, detail="550 no such user", permanent=True)
    assert store.notices.claim("w", "email", now=NOW + timedelta(days=1)) == []
    store.notices.want("c1", "wang", "email", version=2, due_at=NOW)
    (again,) = store.notices.claim("w", "email", now=NOW)
    assert (again.claimed, again.attempts) == (2, 1)


def test_a_held_notice_is_due_when_it_is_let_go(store: StateStore) -> None:
    opened(store)
    store.notices.want("c1", "wang", "email", version=1, due_at=NOW)
    (mine,) = store.notices.waiting("email")
    assert store.notices.hold(mine.id, "asleep")
    assert store.notices.claim("w", "email", now=NOW) == []
    assert store.notices.resume(mine.id, due_at=NOW)
    (taken,) = store.notices.claim("w", "email", now=NOW)
    assert store.notices.release(taken.id, "w", due_at=NOW)
    kept = store.notices.get(taken.id)
    assert kept is not None
    assert (kept.attempts, kept.claimed, kept.state) == (0, None, "pending")


def test_of_several_workers_exactly_one_gets_a_notice(store: StateStore) -> None:
    opened(store)
    for name in "abcdefgh":
        store.notices.want("c1", name, "email", version=1, due_at=NOW)
    with ThreadPoolExecutor(4) as pool:
        found = [
            item
            for taken in pool.map(lambda w: store.notices.claim(w, "email", now=NOW, limit=3), "pqrs")
            for item in taken
        ]
    assert len({item.id for item in found}) == len(found)
    assert len(store.notices.of_cases(["c1"])) == 8


def test_a_mute_ends_by_itself_and_its_end_is_reported_once(store: StateStore) -> None:
    made = Mute(
        kind=MuteKind.MAINTENANCE, matcher=MuteMatcher(stations=("ln-sy-*",)), start=NOW, end=NOW + timedelta(hours=2),
        by="wang", reason="span gas", recorded_at=NOW,
    )  # fmt: skip
    kept = store.mutes.add(made)
    assert store.mutes.active(NOW) == store.mutes.list() == [kept]
    later = NOW + timedelta(hours=2)
    assert store.mutes.take_ended(NOW) == store.mutes.active(later) == []
    assert [item.id for item in store.mutes.take_ended(later)] == [kept.id]
    assert store.mutes.take_ended(later) == []


def test_a_mute_that_is_ended_early_covers_nothing_from_then_on(store: StateStore) -> None:
    end = NOW + timedelta(hours=2)
    kept = store.mutes.add(
        Mute(kind=MuteKind.MUTE, matcher=MuteMatcher(), start=NOW, end=end, by="wang", reason="known", recorded_at=NOW)
    )
    assert store.mutes.end(kept.id, now=NOW + timedelta(hours=1))
    assert not store.mutes.end(kept.id, now=NOW + timedelta(hours=1))
    assert store.mutes.active(NOW + timedelta(hours=1)) == []


def test_a_link_is_used_once(store: StateStore) -> None:
    assert store.mutes.use_link("ab", now=NOW)
    assert not store.mutes.use_link("ab", now=NOW)


def test_the_id_of_a_store_stays(store: StateStore) -> None:
    assert len(store.notices.store_id()) == 16
    store.migrate()
    assert store.notices.store_id() == store.notices.store_id()


def test_a_message_about_several_notices_is_found_again_until_it_was_sent(store: StateStore) -> None:
    opened(store)
    for recipient in ("li-na", "wang"):
        store.notices.want("c1", recipient, "mail", version=1, due_at=NOW)
    claims = store.notices.claim("w", "mail", now=NOW, limit=9)
    store.notices.begin_message(claims, "<d@x>")
    store.notices.begin_message(claims, "<d@x>")
    assert [item.message_id for item in store.notices.begun_messages(claims)] == ["<d@x>", "<d@x>"]
    for item in claims:
        assert store.notices.finish_sent(item.id, "w", message_id="<d@x>", now=NOW)
    assert store.notices.begun_messages(claims) == []
    assert {item.recipient for item in store.notices.of_message("<d@x>")} == {"li-na", "wang"}
    assert store.notices.times_sent("wang", "mail", since=NOW - timedelta(hours=1)) == [NOW]
    assert store.notices.times_sent("wang", "mail", since=NOW) == []
    assert [item.version for item in store.notices.list_messages([claims[0].id])] == [1]


def test_due_recipients_are_listed_with_their_channels(store: StateStore) -> None:
    opened(store)
    store.notices.want("c1", "wang", "wecom", version=1, due_at=NOW)
    store.notices.want("c1", "li-na", "mail", version=1, due_at=NOW + timedelta(hours=1))
    assert store.notices.list_due(NOW) == [("wang", "wecom")]
    assert store.notices.list_due(NOW + timedelta(hours=1)) == [("wang", "wecom"), ("li-na", "mail")]


def test_a_page_of_cases_has_the_open_ones_first_the_gravest_of_them_at_the_top(store: StateStore) -> None:
    ended = {"state": CaseState.ENDED, "ended_at": NOW}
    given = {
        "warn-old": {"since": NOW - timedelta(hours=9)},
        "warn-new": {"since": NOW},
        "critical": {"since": NOW - timedelta(days=1), "severity": Severity.CRITICAL},
        "over-old": ended | {"since": NOW - timedelta(days=3), "severity": Severity.CRITICAL},
        "over-new": ended | {"since": NOW - timedelta(days=2)},
        "part": {"state": CaseState.MERGED},
    }
    store.cases.append([CaseChange(case=case(case_id=name, **more)) for name, more in given.items()])
    expected = ["critical", "warn-new", "warn-old", "over-new", "over-old"]
    assert [item.id for item in store.cases.page(CaseQuery())] == expected
    assert [item.id for item in store.cases.page(CaseQuery(offset=1, limit=2))] == expected[1:3]
    assert [item.id for item in store.cases.page(CaseQuery(state=CaseState.ENDED))] == expected[3:]
    assert store.cases.page(CaseQuery(audience=Audience.OPERATOR)) == []
    assert store.cases.count_open() == 3
