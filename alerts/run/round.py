"""One scheduled round: deliver what waits, evaluate the rules, deliver what they raised."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.run.delivery import deliver
from alerts.run.evaluation import evaluate

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
        mails += deliver(settings, now)
    return {"transitions": found, "mails": mails}
