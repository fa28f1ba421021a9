"""One scheduled round: hand out what waits, evaluate the rules, hand out what they raised."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.people.file import people_of
from alerts.run.case_assignment import assign
from alerts.run.case_clock import let_time_pass
from alerts.run.delivery import deliver
from alerts.run.evaluation import evaluate
from alerts.run.first_case import make_first_cases

if TYPE_CHECKING:
    from datetime import datetime

    from alerts.settings import AlertSettings


def evaluate_and_deliver(settings: AlertSettings, start: datetime, end: datetime, now: datetime) -> dict[str, int]:
    """Numbers of ``transitions`` in ``[start, end)`` and of ``mails``.

    Waiting mails go first, and the new ones also where a rule raised, so that neither is held up by an evaluation that fails.
    """
    mails = deliver(settings, now)
    try:
        found = evaluate(settings, start, end, now)
    finally:
        mails += hand_out(settings, now)
    return {"transitions": found, "mails": mails}


def hand_out(settings: AlertSettings, now: datetime) -> int:
    """Stored transitions become steps of cases, and what is due is delivered; how many messages."""
    people = people_of(settings)
    assign(settings, now, people=people)
    make_first_cases(settings, now)
    let_time_pass(settings, now, people)
    return deliver(settings, now, people=people)
