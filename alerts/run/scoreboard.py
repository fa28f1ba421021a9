"""The running scoreboard of rules, from stored cases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.rehearsal.scoreboard import RuleScore, ScorePeriod, score_cases
from store.state import StateStore

if TYPE_CHECKING:
    from datetime import datetime

    from alerts.settings import AlertSettings

MOST_CASES = 100_000


def rule_scores(settings: AlertSettings, start: datetime, end: datetime, *, now: datetime) -> list[RuleScore]:
    """Scores by rule of the cases that began in ``[start, end)``."""
    with StateStore(settings.state_url) as state:
        cases = state.cases.list(since_from=start, since_to=end, limit=MOST_CASES)
        return score_cases(cases, ScorePeriod(start, end, now))
