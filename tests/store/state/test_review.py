"""Reviews and decisions on real SQLite and PostgreSQL: nothing is lost, nothing is changed, each step needs another person."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from schemas.review import ReviewAction, ReviewDraft, ReviewReason, ReviewState, ReviewTarget, ReviewVerdict
from store.error import ReviewConflictError, ReviewError
from store.state import StateStore
from tests.store.state.test_gate import decision, hold

NOW = datetime(2026, 6, 3, 1, tzinfo=UTC)
START = datetime(2026, 6, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def draft(first: int = 0, last: int = 6, **change: Any) -> ReviewDraft:
    target = ReviewTarget(
        network="gas",
        station_id=change.pop("station_id", "s1"),
        parameter=change.pop("parameter", "o3"),
        start=START + first * HOUR,
        end=START + last * HOUR,
    )
    said = {
        "verdict": ReviewVerdict.INVALID,
        "reason": ReviewReason.INSTRUMENT_FAULT,
        "basis": "0" * 16 * (last - first),
    }
    return ReviewDraft(target=target, **{**said, **change})


def propose(store: StateStore, *drafts: ReviewDraft, who: str = "li", **more: Any) -> list[str]:
    return store.reviews.add(drafts or [draft()], **{"who": who, "note": "pump failed", "at": NOW, **more})


def act(store: StateStore, ids: list[str], action: ReviewAction, who: str, **more: Any) -> Any:
    return store.reviews.act(ids, action, **{"who": who, "note": "seen", "at": NOW + HOUR, **more})


def test_a_review_goes_through_three_persons(store: StateStore) -> None:
    ids = propose(store)
    act(store, ids, ReviewAction.CONFIRM, "wang")
    act(store, ids, ReviewAction.SIGN, "zhao")
    (review,) = store.reviews.list()
    assert review.state is ReviewState.SIGNED
    assert [(step.action, step.who) for step in review.steps] == [
        (ReviewAction.PROPOSE, "li"),
        (ReviewAction.CONFIRM, "wang"),
        (ReviewAction.SIGN, "zhao"),
    ]
    assert (review.target, review.verdict, review.basis) == (draft().target, ReviewVerdict.INVALID, draft().basis)


def test_a_proposal_is_confirmed_by_another_person(store: StateStore) -> None:
    ids = propose(store)
    with pytest.raises(ReviewError, match="separation of duties"):
        act(store, ids, ReviewAction.CONFIRM, "li")


@pytest.mark.parametrize("signer", ["li", "wang"])
def test_a_review_is_signed_by_a_third_person(store: StateStore, signer: str) -> None:
    ids = propose(store)
    act(store, ids, ReviewAction.CONFIRM, "wang")
    with pytest.raises(ReviewError, match="separation of duties"):
        act(store, ids, ReviewAction.SIGN, signer)


@pytest.mark.parametrize("alias", ["LI", " li ", "Li"])
def test_another_spelling_is_no_other_person(store: StateStore, alias: str) -> None:
    ids = propose(store)
    with pytest.raises(ReviewError, match="separation of duties"):
        act(store, ids, ReviewAction.CONFIRM, alias)


def test_a_review_that_is_named_twice_is_confirmed_once(store: StateStore) -> None:
    ids = propose(store)
    act(store, ids * 2, ReviewAction.CONFIRM, "wang")
    assert store.reviews.audit().records == 2


def test_one_act_cannot_hold_two_verdicts_on_an_hour(store: StateStore) -> None:
    with pytest.raises(ReviewConflictError, match="is proposed twice"):
        propose(store, draft(0, 6), draft(5, 9))
    assert store.reviews.list() == []


def test_separation_of_duties_can_be_switched_off(store: StateStore) -> None:
    ids = propose(store)
    (review,) = act(store, ids, ReviewAction.CONFIRM, "li", separate=False)
    assert review.state is ReviewState.CONFIRMED


@pytest.mark.parametrize(
    ("before", "action"),
    [
        ([], ReviewAction.SIGN),
        ([ReviewAction.CONFIRM], ReviewAction.CONFIRM),
        ([ReviewAction.RETURN], ReviewAction.CONFIRM),
        ([ReviewAction.WITHDRAW], ReviewAction.WITHDRAW),
    ],
)
def test_a_step_that_the_state_does_not_allow_is_refused(
    store: StateStore, before: list[ReviewAction], action: ReviewAction
) -> None:
    ids = propose(store)
    for step in before:
        act(store, ids, step, "wang")
    with pytest.raises(ReviewError, match=f"to {action} it must be"):
        act(store, ids, action, "zhao")


def test_an_act_on_many_is_all_or_none(store: StateStore) -> None:
    first, second = propose(store, draft(), draft(parameter="no2"))
    act(store, [second], ReviewAction.CONFIRM, "wang")
    with pytest.raises(ReviewError, match=second):
        act(store, [first, second], ReviewAction.CONFIRM, "zhao")
    assert [item.state for item in store.reviews.list(ids=[first])] == [ReviewState.PROPOSED]


def test_two_reviewers_of_the_same_hours_are_both_named(store: StateStore) -> None:
    (mine,) = propose(store)
    with pytest.raises(ReviewConflictError) as found:
        propose(store, draft(5, 9, verdict=ReviewVerdict.VALID, reason=ReviewReason.REAL_EVENT), who="wang")
    for word in ("wang proposes valid", f"review {mine} of li", "invalid (instrument_fault)"):
        assert word in str(found.value)
    propose(store, draft(6, 9), draft(parameter="no2"), draft(station_id="s2"), who="wang")
    propose(store, draft(5, 7), who="zhao", supersede=True)


def test_of_many_reviewers_at_once_exactly_one_is_first(url: str, store: StateStore) -> None:
    def attempt(number: int) -> bool:
        with StateStore(url) as own:
            try:
                propose(own, who=f"reviewer-{number}")
            except ReviewConflictError:
                return False
            return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(attempt, range(6))) == 1
    assert store.reviews.audit().broken_at is None


@pytest.mark.parametrize("action", [ReviewAction.RETURN, ReviewAction.WITHDRAW])
def test_what_ends_a_review_frees_its_hours_and_needs_a_note(store: StateStore, action: ReviewAction) -> None:
    ids = propose(store)
    with pytest.raises(ReviewError, match="needs a note"):
        act(store, ids, action, "wang", note=" ")
    act(store, ids, action, "li")
    propose(store, who="wang")
    assert len(store.reviews.list()) == 2
    assert len(store.reviews.list(states=[ReviewState.PROPOSED])) == 1


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (draft(verdict=ReviewVerdict.VALID), "does not go with verdict valid"),
        (draft(6, 6), "no hour"),
        (draft(reason=ReviewReason.OTHER), "needs a note"),
    ],
)
def test_an_inconsistent_proposal_is_refused(store: StateStore, wrong: ReviewDraft, words: str) -> None:
    with pytest.raises(ReviewError, match=words):
        propose(store, wrong, note="")
    assert store.reviews.list() == []


def test_a_review_is_never_anonymous(store: StateStore) -> None:
    with pytest.raises(ReviewError, match="name"):
        propose(store, who=" ")


def test_reviews_are_found_by_their_hours_and_place(store: StateStore) -> None:
    propose(store, draft(0, 3), draft(10, 12), draft(0, 3, station_id="s2"), draft(0, 3, parameter="no2"))
    found = store.reviews.list(network="gas", stations=["s1"], parameters=["o3"], start=START + 3 * HOUR)
    assert [item.target.start for item in found] == [START + 10 * HOUR]
    assert store.reviews.list(network="voc") == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE review_record SET verdict = 'valid'",
        "DELETE FROM review_record",
        "DELETE FROM gate_decision",
        "UPDATE gate_decision SET who = 'x'",
    ],
)
def test_the_database_refuses_to_change_the_trail(store: StateStore, url: str, statement: str) -> None:
    propose(store)
    held = hold(store)
    store.gate.decide(decision(held))
    engine = sa.create_engine(url)
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), engine.begin() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


def test_a_row_cannot_be_put_in_the_place_of_another_nor_the_table_emptied(store: StateStore, url: str) -> None:
    propose(store)
    replacing = "INSERT OR REPLACE INTO review_record SELECT * FROM review_record"
    engine = sa.create_engine(url)
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), engine.begin() as connection:
        connection.exec_driver_sql(replacing if url.startswith("sqlite") else "TRUNCATE review_record")
    engine.dispose()


def open_the_lock(url: str, *statements: str) -> None:
    """What a user with all rights on the database could do."""
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        if url.startswith("sqlite"):
            for name in ("no_update", "no_delete", "no_replace"):
                connection.exec_driver_sql(f"DROP TRIGGER review_record_{name}")
        else:
            connection.exec_driver_sql("DROP TRIGGER review_record_no_change ON review_record")
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


@pytest.mark.parametrize(
    ("tampering", "at", "words"),
    [
        ("UPDATE review_record SET verdict = 'valid' WHERE position = 2", 2, "was changed after it was written"),
        ("UPDATE review_record SET who = 'zhao' WHERE position = 3", 3, "was changed after it was written"),
        ("DELETE FROM review_record WHERE position = 2", 2, "record 2 is missing"),
        ("DELETE FROM review_record WHERE position = 1", 1, "record 1 is missing"),
    ],
)
def test_the_audit_finds_records_that_were_changed_or_deleted(
    store: StateStore, url: str, tampering: str, at: int, words: str
) -> None:
    propose(store, draft(), draft(parameter="no2"), draft(parameter="co"))
    assert store.reviews.audit().broken_at is None
    open_the_lock(url, tampering)
    report = store.reviews.audit()
    assert report.broken_at == at
    assert words in report.detail


def test_a_noted_head_shows_that_the_end_was_cut_off(store: StateStore, url: str) -> None:
    propose(store)
    earlier = store.reviews.audit().head
    propose(store, draft(parameter="no2"))
    noted = store.reviews.audit().head
    assert store.reviews.audit(earlier).known_at == 1
    open_the_lock(url, "DELETE FROM review_record WHERE position = 2")
    assert store.reviews.audit().broken_at is None
    assert "cut off" in store.reviews.audit(noted).detail


def test_an_empty_trail_is_whole(store: StateStore) -> None:
    assert store.reviews.audit() == store.reviews.audit()
    assert store.reviews.audit().records == 0
