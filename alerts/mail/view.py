"""What a mail shows of one alert, as plain values: gathered by `alerts.mail.evidence`, worded by `alerts.mail.message`. Types only."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from alerts.mail.mail_value import ForecastPoint, Name, SeriesPoint, TimedValue
from alerts.rules.rule import LOOKS_AT
from alerts.rules.table import Rule
from alerts.rules.threshold.rule import ThresholdRule
from analysis.report.stored_case import StoredCase
from schemas.alert import AlertState, AlertTransition, RuleKind, Severity
from schemas.moment import stored_moment


class NeighbourValue(msgspec.Struct, frozen=True):
    """A station near by and its value in the same hour [canonical unit]; None where missing."""

    name: Name
    distance_km: float
    value: float | None


class VerdictLine(msgspec.Struct, frozen=True):
    """Fault or event in one line; ``is_fault`` None where it is undecided."""

    text: Name
    is_fault: bool | None


class AlertView(msgspec.Struct, frozen=True, kw_only=True):
    """One alert transition with all evidence that the mail shows.

    Attributes
    ----------
    alert_id : int
        Of the stored transition.
    rule : Rule or None
        None where the rules file has it no more.
    station, city, what : Name
        Where, and the parameter (or what else the rule watches).
    unit, decimals : str, int
        How to show the value.
    points : tuple of SeriesPoint
        Ascending; the day before ``since`` up to ``at`` at most.
    cadence : timedelta
        Between two points, for the completeness.
    case : StoredCase or None
        Case file of the event; None where there is none yet.
    verdict : VerdictLine or None
        None where none could be computed.
    acknowledged_by : str or None
    console_url : str
        Without a slash at its end.
    extreme, latest : TimedValue or None
        Most extreme value since the alert began, and the newest one that is known.
    is_late : bool
        The alert ended before its beginning could be mailed: this mail covers both.
    """

    alert_id: int
    transition: AlertTransition
    rule: Rule | None
    station: Name
    city: Name
    what: Name
    unit: str
    decimals: int
    zone: ZoneInfo
    console_url: str
    network: str | None = None
    points: tuple[SeriesPoint, ...] = ()
    cadence: timedelta = timedelta(hours=1)
    forecast: tuple[ForecastPoint, ...] = ()
    neighbours: tuple[NeighbourValue, ...] = ()
    case: StoredCase | None = None
    verdict: VerdictLine | None = None
    acknowledged_by: str | None = None
    acknowledged_note: str = ""
    synthetic: bool = False
    extreme: TimedValue | None = None
    latest: TimedValue | None = None
    is_late: bool = False

    @property
    def is_resolved(self) -> bool:
        """Whether the alert ended with this transition."""
        return self.transition.to_state is AlertState.OK

    @property
    def severity(self) -> Severity:
        """Of the transition."""
        return self.transition.severity

    @property
    def kind(self) -> RuleKind:
        """Of the rule."""
        return self.transition.kind

    def looked_at(self, name: str) -> object:
        """The rule's meaning when the transition was made, see `CommonRule.looks_at`; None where it was not kept."""
        kept = self.transition.evidence.get(LOOKS_AT)
        return kept.get(name) if isinstance(kept, dict) else None

    @property
    def is_below(self) -> bool:
        """Whether values less than the threshold are beyond it."""
        side = self.looked_at("side")
        return side == "below" if side else isinstance(self.rule, ThresholdRule) and self.rule.above is None

    def number(self, key: str) -> float | None:
        """A number of the evidence; None where absent."""
        value = self.transition.evidence.get(key)
        return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None

    def moment(self, key: str) -> datetime | None:
        """A time of the evidence (ISO 8601 with zone); None where absent."""
        return stored_moment(self.transition.evidence.get(key))

    def text(self, key: str) -> str:
        """A text of the evidence; empty where absent."""
        value = self.transition.evidence.get(key)
        return value if isinstance(value, str) else ""

    def condition_points(self) -> tuple[SeriesPoint, ...]:
        """The points since the condition began."""
        return tuple(item for item in self.points if item.start >= self.transition.since)
