"""A case is the fold of its steps; a step that its life does not allow is refused."""

from __future__ import annotations

import msgspec
import pytest

from alerts.case.life import CaseStepError, StepRefusal, fold, follow
from schemas.alert import Severity
from schemas.alert_case import AlertCase, CaseState, StepKind
from tests.alerts.case.build import HOUR, NOON, at, begin, end, one, person, round_of


@pytest.fixture
def case() -> AlertCase:
    return one(round_of([], begin(1)))


def ended(case: AlertCase) -> AlertCase:
    return one(round_of([case], end(2, begin(1), 3.0), hours=6))


def test_a_case_is_the_fold_of_its_steps(case: AlertCase) -> None:
    found = ended(follow(case, person(case, StepKind.TAKEN)))
    assert fold(found.steps) == found
    assert (found.state, found.taken_by, found.ended_at, found.version) == (CaseState.ENDED, "wang", at(3), 4)


def test_a_step_out_of_order_or_of_another_case_is_refused(case: AlertCase) -> None:
    step = person(case, StepKind.COMMENTED)
    for wrong in (msgspec.structs.replace(step, number=3), msgspec.structs.replace(step, case_id="other")):
        with pytest.raises(CaseStepError) as error:
            follow(case, wrong)
        assert error.value.reason is StepRefusal.ORDER
    with pytest.raises(CaseStepError):
        fold([step])
    with pytest.raises(CaseStepError):
        fold([])


@pytest.mark.parametrize(
    ("kind", "figures", "reason"),
    [
        (StepKind.OPENED, {}, StepRefusal.OPEN),
        (StepKind.REOPENED, {}, StepRefusal.OPEN),
        (StepKind.RELEASED, {}, StepRefusal.FREE),
        (StepKind.HANDED_OVER, {"to": "li"}, StepRefusal.FREE),
        (StepKind.UNMUTED, {}, StepRefusal.NOT_MUTED),
        (StepKind.MUTED, {}, StepRefusal.INCOMPLETE),
        (StepKind.ASSIGNED, {}, StepRefusal.INCOMPLETE),
        (StepKind.RESOLVED, {}, StepRefusal.INCOMPLETE),
    ],
)
def test_what_an_open_case_refuses(
    case: AlertCase, kind: StepKind, figures: dict[str, object], reason: StepRefusal
) -> None:
    with pytest.raises(CaseStepError) as error:
        follow(case, person(case, kind, **figures))
    assert error.value.reason is reason
    assert case.id in error.value.text("en")
    assert case.id in error.value.text("zh")


@pytest.mark.parametrize("kind", [StepKind.MUTED, StepKind.ESCALATED, StepKind.REMINDED, StepKind.ENDED])
def test_what_only_an_open_case_allows(case: AlertCase, kind: StepKind) -> None:
    over = ended(case)
    with pytest.raises(CaseStepError) as error:
        follow(over, person(over, kind, until=NOON.isoformat()))
    assert error.value.reason is StepRefusal.OVER


def test_a_case_is_taken_by_one_person_and_handed_over(case: AlertCase) -> None:
    taken = follow(case, person(case, StepKind.TAKEN))
    with pytest.raises(CaseStepError) as error:
        follow(taken, person(taken, StepKind.TAKEN, by="li"))
    assert error.value.reason is StepRefusal.TAKEN
    handed = follow(taken, person(taken, StepKind.HANDED_OVER, to="li"))
    assert handed.taken_by == "li"
    assert follow(handed, person(handed, StepKind.RELEASED)).taken_by is None


def test_a_case_is_resolved_with_a_cause_after_its_end_too(case: AlertCase) -> None:
    over = ended(case)
    resolved = follow(over, person(over, StepKind.RESOLVED, cause="fireworks"))
    assert (resolved.state, resolved.cause) == (CaseState.RESOLVED, "fireworks")
    with pytest.raises(CaseStepError):
        follow(resolved, person(resolved, StepKind.RESOLVED, cause="again"))


def test_a_mute_has_an_end(case: AlertCase) -> None:
    muted = follow(case, person(case, StepKind.MUTED, until=(NOON + HOUR).isoformat()))
    assert muted.muted_until == NOON + HOUR
    assert follow(muted, person(muted, StepKind.UNMUTED)).muted_until is None


def test_nothing_happens_to_a_case_that_is_part_of_another(case: AlertCase) -> None:
    merged = follow(case, person(case, StepKind.MERGED, into="older"))
    with pytest.raises(CaseStepError) as error:
        follow(merged, person(merged, StepKind.COMMENTED))
    assert error.value.reason is StepRefusal.MERGED


def test_the_worst_comes_first_and_the_severity_is_the_highest_so_far() -> None:
    light = begin(1, "sy-2", rule="light", severity=Severity.INFO, value=80)
    found = one(round_of([], light, begin(2, severity=Severity.CRITICAL, value=299)))
    assert (found.stations, found.severity) == (("sy-1", "sy-2"), Severity.CRITICAL)
    over = one(round_of([found], end(3, begin(2, severity=Severity.CRITICAL), 2), hours=2))
    assert (over.stations, over.severity) == (("sy-2", "sy-1"), Severity.CRITICAL)
