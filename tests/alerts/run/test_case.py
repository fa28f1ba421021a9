"""Stored transitions become cases once, whichever worker assigns them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from alerts.case.life import CaseStepError
from alerts.run.case import NoEvidence, NoticeTarget, add_step, assign_cases, present_cases
from console.query.alert_case import read_case_page
from schemas.alert_case import AlertCase, CaseStep, StepKind
from store.state import AlertProgress, CaseQuery, StateStore
from store.state.alerts.case import CaseStore
from tests.alerts.case.build import NETWORK, at, begin, end, person

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from alerts.case.news import WantedNotice


@pytest.fixture
def state(tmp_path: Path) -> Iterator[StateStore]:
    with StateStore(f"sqlite:///{tmp_path / 'state.sqlite'}") as opened:
        opened.migrate()
        yield opened


def route(item: WantedNotice) -> list[NoticeTarget]:
    return [NoticeTarget(item.audience.value, "email")]


def assign(state: StateStore, hours: float = 1.0) -> list[AlertCase]:
    return assign_cases(state, NETWORK, at(hours), evidence=NoEvidence(), route=route)


def test_a_transition_becomes_a_case_and_a_notice_once(state: StateStore) -> None:
    first = begin(0)
    state.alerts.save(first.transition, ())
    (case,) = assign(state)
    assert assign(state) == []
    assert state.cases.list_unassigned() == []
    (notice,) = state.notices.waiting()
    assert (notice.case_id, notice.recipient, notice.wanted) == (case.id, "duty", 1)
    found = state.cases.of_alert(first.transition.alert_key)
    assert found is not None
    assert found.id == case.id


def test_lists_and_mails_show_how_far_an_alert_has_gone_since_the_last_step(state: StateStore) -> None:
    begun = state.alerts.save(begin(0).transition, ())
    (case,) = assign(state)
    (known,) = present_cases(state, [case])
    state.alerts.note_progress({begun: AlertProgress(extreme=410.0, extreme_at=at(2), latest=390.0, latest_at=at(3))})
    (present,) = present_cases(state, [case])
    assert known.alerts == case.alerts
    assert [(item.extreme, item.latest, item.latest_at) for item in present.alerts] == [(410.0, 390.0, at(3))]
    (shown,) = read_case_page(state, CaseQuery()).records
    assert shown.case.alerts == present.alerts


def test_the_station_that_is_worst_by_now_is_first(state: StateStore) -> None:
    _, second = (
        state.alerts.save(begin(0, name, value=value).transition, ())
        for name, value in (("sy-1", 200.0), ("sy-2", 190.0))
    )
    (case,) = assign(state)
    state.alerts.note_progress({second: AlertProgress(extreme=246.0, extreme_at=at(2), latest=240.0, latest_at=at(3))})
    (present,) = present_cases(state, [case])
    assert (case.stations, present.stations) == (("sy-1", "sy-2"), ("sy-2", "sy-1"))
    assert present.alerts[0].extreme == 246.0


def test_the_end_of_a_case_is_the_next_version_of_its_notice(state: StateStore) -> None:
    state.alerts.save(begin(0).transition, ())
    (case,) = assign(state)
    state.alerts.save(end(0, begin(0), 2).transition, ())
    (over,) = assign(state, 5)
    assert (over.id, over.version, over.steps[-1].kind) == (case.id, 3, StepKind.ENDED)
    assert [item.wanted for item in state.notices.waiting()] == [3]


def test_a_worker_that_dies_after_storing_the_steps_has_stored_their_notices(
    state: StateStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = CaseStore.append

    def store_and_die(*given: Any, **more: Any) -> None:
        stored(*given, **more)
        raise KeyboardInterrupt

    state.alerts.save(begin(0).transition, ())
    monkeypatch.setattr(CaseStore, "append", store_and_die)
    with pytest.raises(KeyboardInterrupt):
        assign(state)
    monkeypatch.undo()
    assert assign(state) == []
    (case,) = state.cases.list()
    assert [(item.case_id, item.wanted) for item in state.notices.waiting()] == [(case.id, 1)]


def test_an_end_without_a_case_is_left_behind(state: StateStore) -> None:
    state.alerts.save(end(0, begin(0), 2).transition, ())
    assert assign(state) == []
    assert state.cases.list_unassigned() == []


def test_several_workers_make_one_case(state: StateStore) -> None:
    for number, name in enumerate(("sy-1", "sy-2", "sy-3")):
        state.alerts.save(begin(number, name).transition, ())
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: assign(state), range(4)))
    (case,) = state.cases.list()
    assert len(case.stations) == 3
    assert len(state.notices.waiting()) == 1


def test_the_notices_of_a_case_that_is_part_of_another_are_withdrawn(state: StateStore) -> None:
    state.alerts.save(begin(0).transition, ())
    state.alerts.save(begin(0, "as-1", hours=0.5).transition, ())
    assert len(assign(state)) == 2
    for name in ("sy-2", "sy-3", "as-2", "as-3"):
        state.alerts.save(begin(0, name, hours=1).transition, ())
    older, younger = assign(state, 5)
    assert younger.merged_into == older.id
    assert [item.case_id for item in state.notices.waiting()] == [older.id]


def test_a_person_takes_a_case_once(state: StateStore) -> None:
    state.alerts.save(begin(0).transition, ())
    (case,) = assign(state)

    def take(by: str) -> AlertCase | None:
        def step(present: AlertCase) -> CaseStep:
            return person(present, StepKind.TAKEN, by)

        return add_step(state, step, case.id, at(1))

    taken = take("wang")
    assert taken is not None
    assert taken.taken_by == "wang"
    with pytest.raises(CaseStepError):
        take("li")
    assert add_step(state, lambda present: person(present, StepKind.COMMENTED), "none", at(1)) is None
