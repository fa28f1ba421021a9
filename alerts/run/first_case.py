"""Case files of the alerts that have just begun, whether or not a mail can be sent."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

from alerts.run.stores import open_state
from schemas.alert import AlertState
from store.influx.store import InfluxStore

if TYPE_CHECKING:
    from datetime import datetime

    from store.settings import SharedSettings

JUST_BEGUN = timedelta(minutes=15)
"""An alert recorded so lately gets its first case file in this round; the hourly run looks after older ones."""


def make_first_cases(settings: SharedSettings, now: datetime) -> int:
    """Compute the first case files of alerts recorded within `JUST_BEGUN`; returns how many were stored."""
    with open_state(settings) as state:
        begun = [
            item.transition
            for item in state.alerts.get_states(open_or=()).values()
            if item.state is AlertState.FIRING and now - item.recorded_at <= JUST_BEGUN
        ]
        if not begun:
            return 0
        # the analysis takes seconds to import: paid by the first alert, not by each start
        from alerts.mail.evidence.first_case import compute_first_cases

        with closing(InfluxStore(settings)) as influx:
            return compute_first_cases(settings, influx, state, begun, now)
