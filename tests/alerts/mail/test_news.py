from __future__ import annotations

import pytest

from alerts.mail.case_view import MailNews
from alerts.mail.news import news_of
from schemas.alert import Severity
from schemas.alert_case import AlertCase, Audience, CaseKind, CaseState, CaseStep, StepKind
from tests.alerts.mail.scene import NOW


def case(*kinds: StepKind, state: CaseState = CaseState.OPEN, audience: Audience = Audience.DUTY) -> AlertCase:
    steps = tuple(
        CaseStep(case_id="c", number=number, kind=kind, at=NOW, recorded_at=NOW) for number, kind in enumerate(kinds, 1)
    )
    return AlertCase(
        id="c",
        kind=CaseKind.POLLUTION,
        audience=audience,
        state=state,
        severity=Severity.WARNING,
        since=NOW,
        opened_at=NOW,
        version=len(steps),
        steps=steps,
    )


@pytest.mark.parametrize(
    ("kinds", "known", "expected"),
    [
        ((StepKind.OPENED,), 0, MailNews.OPENED),
        ((StepKind.OPENED, StepKind.RAISED), 0, MailNews.OPENED),
        ((StepKind.OPENED, StepKind.RAISED), 1, MailNews.RAISED),
        ((StepKind.OPENED, StepKind.EXTENDED, StepKind.RAISED), 1, MailNews.RAISED),
        ((StepKind.OPENED, StepKind.RAISED, StepKind.EXTENDED), 2, MailNews.EXTENDED),
        ((StepKind.OPENED, StepKind.ESCALATED), 0, MailNews.ESCALATED),
        ((StepKind.OPENED, StepKind.TAKEN, StepKind.COMMENTED), 1, MailNews.TAKEN),
    ],
)
def test_the_gravest_of_the_unknown_steps_is_the_news(
    kinds: tuple[StepKind, ...], known: int, expected: MailNews
) -> None:
    assert news_of(case(*kinds), known=known, audience=Audience.DUTY) is expected


def test_an_end_before_the_first_mail_is_reported_late() -> None:
    ended = case(StepKind.OPENED, StepKind.ENDED, state=CaseState.ENDED)
    assert news_of(ended, known=1, audience=Audience.DUTY) is MailNews.ENDED
    assert news_of(ended, known=0, audience=Audience.DUTY) is MailNews.ENDED_LATE


def test_a_fault_moves_to_the_operator() -> None:
    moved = case(StepKind.OPENED, StepKind.AMENDED, audience=Audience.OPERATOR)
    assert news_of(moved, known=1, audience=Audience.DUTY) is MailNews.MOVED
    assert news_of(moved, known=0, audience=Audience.OPERATOR) is MailNews.OPENED


@pytest.mark.parametrize(
    ("state", "expected"), [(CaseState.WITHDRAWN, MailNews.WITHDRAWN), (CaseState.RESOLVED, MailNews.RESOLVED)]
)
def test_the_state_is_the_news_of_a_closed_case(state: CaseState, expected: MailNews) -> None:
    assert news_of(case(StepKind.OPENED, state=state), known=1, audience=Audience.DUTY) is expected
