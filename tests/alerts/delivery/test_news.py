from __future__ import annotations

import pytest

from alerts.delivery.escalate import PERSON
from alerts.delivery.news import mail_news
from alerts.mail.view.case_mail import MailNews
from schemas.alert import Severity
from schemas.alert_case import AlertCase, Audience, CaseKind, CaseState, CaseStep, StepKind
from tests.alerts.mail.scene import NOW


def case(*kinds: StepKind, state: CaseState = CaseState.OPEN, audience: Audience = Audience.DUTY) -> AlertCase:
    steps = tuple(
        CaseStep(case_id="c", number=number, kind=kind, at=NOW, recorded_at=NOW, figures={PERSON: "li"})
        for number, kind in enumerate(kinds, 1)
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
    assert mail_news(case(*kinds), known, "li") is expected


def test_an_end_before_the_first_mail_is_reported_late() -> None:
    ended = case(StepKind.OPENED, StepKind.ENDED, state=CaseState.ENDED)
    assert mail_news(ended, 1, "li") is MailNews.ENDED
    assert mail_news(ended, 0, "li") is MailNews.ENDED_LATE


def test_a_fault_moves_to_the_operator() -> None:
    moved = case(StepKind.OPENED, StepKind.AMENDED, audience=Audience.OPERATOR)
    assert mail_news(moved, 1, "li", is_theirs=False) is MailNews.MOVED
    assert mail_news(moved, 0, "sun") is MailNews.OPENED


@pytest.mark.parametrize(
    ("state", "step", "expected"),
    [
        (CaseState.WITHDRAWN, StepKind.WITHDRAWN, MailNews.WITHDRAWN),
        (CaseState.RESOLVED, StepKind.RESOLVED, MailNews.RESOLVED),
    ],
)
def test_the_state_is_the_news_of_a_closed_case(state: CaseState, step: StepKind, expected: MailNews) -> None:
    assert mail_news(case(StepKind.OPENED, step, state=state), 1, "li") is expected
