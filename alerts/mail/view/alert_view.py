"""What the stores know of one alert, as plain values: gathered by `alerts.mail.evidence.alert_evidence`, part of the mail of its case. Types only."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from alerts.mail.view.mail_value import ForecastPoint, SeriesPoint, TimedValue
from alerts.rules.rule import LOOKS_AT
from alerts.rules.table import Rule
from analysis.report.stored_case import StoredCase
from schemas.alert import AlertState, AlertTransition


class AlertView(msgspec.Struct, frozen=True, kw_only=True):
    """One alert transition with its evidence.

    Attributes
    ----------
    rule : Rule or None
        None where the rules file has it no more.
    network : str or None
        Of a threshold alert, also where its rule means another one by now.
    points : tuple of SeriesPoint
        Ascending; the day before ``since`` up to ``at`` at most.
    cadence : timedelta
        Between two points, for the completeness.
    neighbours : dict of str to float
        Furthest valid hour of stations near by while the alert was open, by station id [the parameter's unit].
    case : StoredCase or None
        Case file of the event; None where there is none yet.
    latest : TimedValue or None
        The newest value that is known.
    """

    transition: AlertTransition
    rule: Rule | None
    network: str | None = None
    points: tuple[SeriesPoint, ...] = ()
    cadence: timedelta = timedelta(hours=1)
    forecast: tuple[ForecastPoint, ...] = ()
    neighbours: dict[str, float] = msgspec.field(default_factory=dict)
    case: StoredCase | None = None
    latest: TimedValue | None = None

    @property
    def is_resolved(self) -> bool:
        """Whether the alert ended with this transition."""
        return self.transition.to_state is AlertState.OK

    def looked_at(self, name: str) -> object:
        """The rule's meaning when the transition was made, see `CommonRule.looks_at`; None where it was not kept."""
        kept = self.transition.evidence.get(LOOKS_AT)
        return kept.get(name) if isinstance(kept, dict) else None
