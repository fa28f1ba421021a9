"""Cases: the alerts of one event as one thing to act on. A case is the fold of its stored steps (`alerts.case.life`)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from schemas.alert import RuleKind, Severity


class CaseKind(StrEnum):
    """What a case is about."""

    POLLUTION = "pollution"
    RADIATION = "radiation"
    FAULT = "fault"
    """One instrument or station."""
    LINE = "line"
    """Several stations of a city silent since the same time: their line."""
    SYSTEM = "system"
    """Broker, collector, a part of the system, a scheduled job."""
    FORECAST = "forecast"
    WARNING = "warning"
    """An official warning level."""


class CaseState(StrEnum):
    """State of a case; only `OPEN` needs a person."""

    OPEN = "open"
    ENDED = "ended"
    """All its alerts ended."""
    WITHDRAWN = "withdrawn"
    """Its grounds are gone: values invalidated or corrected."""
    RESOLVED = "resolved"
    """A person closed it with a cause."""
    MERGED = "merged"
    """It continues as part of an older case."""


class Audience(StrEnum):
    """Who must know of a case."""

    DUTY = "duty"
    OPERATOR = "operator"
    """Operator of the station: a fault is not for duty staff."""


class StepKind(StrEnum):
    """What happened to a case: first what data did, then what people and the clock did."""

    OPENED = "opened"
    RAISED = "raised"
    """A higher severity."""
    EXTENDED = "extended"
    """Further stations or parameters."""
    AMENDED = "amended"
    """Late or reviewed data, or another verdict, changed figures."""
    WITHDRAWN = "withdrawn"
    ENDED = "ended"
    REOPENED = "reopened"
    MERGED = "merged"
    """Joined with another case: of the younger, its last step; of the older, one that takes over the alerts."""
    LATE_KNOWN = "late_known"
    """Opened when it was over already."""
    TAKEN = "taken"
    RELEASED = "released"
    ASSIGNED = "assigned"
    HANDED_OVER = "handed_over"
    COMMENTED = "commented"
    REMINDED = "reminded"
    ESCALATED = "escalated"
    MUTED = "muted"
    UNMUTED = "unmuted"
    RESOLVED = "resolved"


SYSTEM = "system"
"""`CaseStep.by` of steps that no person made."""


class CaseAlert(msgspec.Struct, frozen=True, kw_only=True):
    """One alert of a case, as known at the newest step that has it.

    Attributes
    ----------
    alert_key, rule, severity, station_id, parameter
        As `schemas.alert.AlertTransition`; ``parameter`` None where the rule looks at no parameter.
    begin_id : int
        Number of the stored transition that began the alert; with ``alert_key`` it names one firing.
    kind : RuleKind
        What the rule looks at.
    network, city : str or None
        Network of the parameter or of the silence; city of the station, as the network file has it.
    since, until : datetime
        UTC; ``until`` None while the alert is open.
    extreme, latest, threshold : float or None
        In ``unit``; ``extreme`` since it began.
    extreme_at : datetime or None
        Start of the extreme's interval, UTC.
    latest_at : datetime or None
        End of the newest value's interval, UTC.
    is_at_least : bool
        The instrument was over range (status T): the true extreme is at least ``extreme``.
    above : bool
        Whether beyond means greater than the threshold.
    is_withdrawn : bool
        Its values were invalidated or corrected: it should not have begun.
    """

    alert_key: str
    begin_id: int
    rule: str
    severity: Severity
    station_id: str
    since: datetime
    kind: RuleKind = RuleKind.THRESHOLD
    network: str | None = None
    city: str | None = None
    parameter: str | None = None
    until: datetime | None = None
    extreme: float | None = None
    extreme_at: datetime | None = None
    latest: float | None = None
    latest_at: datetime | None = None
    threshold: float | None = None
    unit: str | None = None
    is_at_least: bool = False
    above: bool = True
    is_withdrawn: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it has not ended."""
        return self.until is None


class CaseVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """Fault or event, of a whole case.

    Attributes
    ----------
    is_fault : bool or None
        None: undecided, or not evaluated (``probability`` None).
    probability : float or None
        Of an event, 0 to 1 [1].
    reasons : tuple of str
        Names of the evidence, the strongest first; the words are in the catalogues (`qc.verdict.evidence`).
    """

    is_fault: bool | None = None
    probability: float | None = None
    reasons: tuple[str, ...] = ()


class CaseStep(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened to a case, a stored record.

    Attributes
    ----------
    number : int
        1, 2, 3 ... within the case.
    at : datetime
        By the data's own time, or when a person acted; UTC.
    recorded_at : datetime
        UTC.
    by : str
        Person's id, or `SYSTEM`.
    figures : dict
        Plain JSON, units in the keys; which keys a kind has is in ``docs/decisions/0023-cases.md``.
    alert_key, transition_id : str, int or None
        What caused the step.
    alerts : tuple of CaseAlert
        Alerts that the step adds or changes, as they are from then on.
    case_kind : CaseKind or None
        Kind of the case from this step on; None: as before.
    audience : Audience or None
        Who must know from this step on; None: as before.
    verdict : CaseVerdict or None
        From this step on; None: as before.
    """

    case_id: str
    number: int
    kind: StepKind
    at: datetime
    recorded_at: datetime
    by: str = SYSTEM
    figures: dict[str, Any] = {}
    alert_key: str | None = None
    transition_id: int | None = None
    alerts: tuple[CaseAlert, ...] = ()
    case_kind: CaseKind | None = None
    audience: Audience | None = None
    verdict: CaseVerdict | None = None


class AlertCase(msgspec.Struct, frozen=True, kw_only=True):
    """Alerts of one event, with all that was done about it.

    Attributes
    ----------
    id : str
        ``{yyyymmdd}-{hhmm}-{6 hex}`` of its first alert's begin, UTC.
    severity : Severity
        Highest so far.
    since : datetime
        Begin of its earliest alert, UTC.
    opened_at : datetime
        ``recorded_at`` of the first step, UTC.
    ended_at : datetime or None
        End of its last alert, UTC; None while one is open.
    cities, stations, parameters, networks : tuple of str
        The worst first; ``networks`` in the order of their parameters.
    stations_total : int or None
        Stations of the city (`CaseKind.LINE`) or of the whole network (`CaseKind.SYSTEM`).
    alerts : tuple of CaseAlert
        The worst first: open before ended, by severity, then by extreme in parts of the threshold.
    taken_by, assigned_to : str or None
        Person's id.
    taken_at, muted_until : datetime or None
        UTC.
    audiences : tuple of Audience
        Every audience that it ever had, in order: each earlier one gets one last notice when the audience changes.
    cause : str or None
        Of the resolution.
    merged_into : str or None
        Id of the older case.
    version : int
        Number of the newest step.
    steps : tuple of CaseStep
        Ascending; empty where only the present state was read.
    """

    id: str
    kind: CaseKind
    audience: Audience
    state: CaseState
    severity: Severity
    since: datetime
    opened_at: datetime
    version: int
    ended_at: datetime | None = None
    cities: tuple[str, ...] = ()
    stations: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    stations_total: int | None = None
    alerts: tuple[CaseAlert, ...] = ()
    taken_by: str | None = None
    taken_at: datetime | None = None
    assigned_to: str | None = None
    muted_until: datetime | None = None
    verdict: CaseVerdict = CaseVerdict()
    audiences: tuple[Audience, ...] = ()
    cause: str | None = None
    merged_into: str | None = None
    steps: tuple[CaseStep, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether it goes on."""
        return self.state is CaseState.OPEN
