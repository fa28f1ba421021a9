"""Shapes of the API's answers about cases, for its documentation."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from alerts.case.action import CaseAction
from alerts.case.cause import ResolveCause
from schemas.alert_case import Audience, CaseKind, CaseState, StepKind


class CaseAlertModel(BaseModel):
    """One alert of a case; values in ``unit``."""

    alert_key: str
    begin_id: int = Field(description="Number of the transition that began it: `id` of `GET /api/v1/alerts`")
    rule: str
    kind: str
    severity: str
    station_id: str
    network: str | None
    city: str | None
    parameter: str | None
    since: datetime
    until: datetime | None
    extreme: float | None
    extreme_at: datetime | None = Field(description="Start of the interval of the extreme")
    latest: float | None
    latest_at: datetime | None = Field(description="End of the interval of the newest value")
    threshold: float | None
    unit: str | None
    is_at_least: bool = Field(description="The instrument was over range: the true extreme is not less")
    above: bool
    is_withdrawn: bool


class CaseVerdictModel(BaseModel):
    """Fault or event; ``probability`` of an event, null where it was not evaluated."""

    is_fault: bool | None
    probability: float | None
    reasons: list[str]


class CaseModel(BaseModel):
    """A case: the alerts of one event. Persons are ids of the people file."""

    id: str
    kind: CaseKind
    audience: Audience
    audiences: list[Audience] = Field(description="All that it ever had")
    state: CaseState
    severity: str = Field(description="Highest so far")
    since: datetime
    opened_at: datetime
    ended_at: datetime | None
    cities: list[str] = Field(description="The worst first; so are stations and parameters")
    stations: list[str]
    parameters: list[str]
    networks: list[str]
    stations_total: int | None
    alerts: list[CaseAlertModel]
    taken_by: str | None
    taken_at: datetime | None
    assigned_to: str | None
    muted_until: datetime | None
    verdict: CaseVerdictModel
    cause: str | None
    merged_into: str | None
    version: int = Field(description="Number of the newest step")


class CaseStepModel(BaseModel):
    """One thing that happened to a case."""

    number: int
    kind: StepKind
    at: datetime
    recorded_at: datetime
    by: str = Field(description="Id of a person, or `system`")
    figures: dict[str, Any]
    alert_key: str | None
    transition_id: int | None


class CaseNoticeModel(BaseModel):
    """What one recipient knows of a case by one channel."""

    recipient: str
    channel: str
    state: str = Field(description="`pending`, `claimed`, `sent`, `held` or `failed`")
    known_version: int = Field(description="Version of the case that was sent last; 0: none")
    wanted_version: int
    sent_at: datetime | None
    due_at: datetime
    attempts: int
    detail: str


class WholeCaseModel(CaseModel):
    """A case with its steps, ascending, and who was notified."""

    steps: list[CaseStepModel]
    notices: list[CaseNoticeModel]


class CaseList(BaseModel):
    """Cases: the open ones first, of these the gravest, then the youngest."""

    limit: int
    next: int | None = Field(description="`offset` of the next page; null: there is none")
    open: int = Field(description="Open cases of the audience asked for")
    cases: list[CaseModel]


class ActionModel(BaseModel):
    """What a person wants to do."""

    action: str = Field(json_schema_extra={"enum": [item.value for item in CaseAction]})
    by: str = Field(description="Id of a person of the people file; without such a file any name")
    to: str | None = Field(default=None, description="Of `assign` and `hand_over`: the person who gets it")
    text: str = Field(default="", description="A comment, with any action")
    until: datetime | None = Field(default=None, description="Of `mute`")
    cause: str | None = Field(
        default=None, description="Of `resolve`", json_schema_extra={"enum": [item.value for item in ResolveCause]}
    )


class MuteMatcherModel(BaseModel):
    """Shell patterns of what a mute covers; an empty list covers all, all lists have to match."""

    stations: list[str] = []
    cities: list[str] = []
    networks: list[str] = []
    parameters: list[str] = []
    rules: list[str] = []
    cases: list[str] = []


class MuteModel(BaseModel):
    """A mute or maintenance window, ``[start, end)``."""

    id: int
    kind: str = Field(description="`mute` or `maintenance`")
    matcher: MuteMatcherModel
    start: datetime
    end: datetime
    by: str
    reason: str
    recorded_at: datetime
    is_active: bool


class MuteList(BaseModel):
    """Mutes that have not ended, or ended within the last week, the newest first."""

    mutes: list[MuteModel]


class NewMuteModel(BaseModel):
    """A mute to be stored; at least one list of the matcher must not be empty."""

    kind: str = "mute"
    matcher: dict[str, list[str]] = Field(description="As of a stored mute")
    start: datetime | None = Field(default=None, description="Absent: now")
    end: datetime
    by: str
    reason: str


class DutyTeamModel(BaseModel):
    """Persons of a team on duty: ids of the people file."""

    team: str
    now: list[str] = Field(description="Empty in a hole of the roster: the leader is notified")
    until: datetime | None = Field(description="Null without shifts")
    next: list[str]
    next_at: datetime | None


class RosterHoleModel(BaseModel):
    """A time of the next 7 days in which a team has no one on duty."""

    team: str
    start: datetime = Field(alias="from")
    end: datetime = Field(alias="to")


class NotificationModel(BaseModel):
    """Notices that wait, and who gets them."""

    due: int = Field(description="Waiting to be sent now")
    oldest: datetime | None = Field(description="Since when the oldest of these waits")
    later: int = Field(description="Waiting for the end of quiet hours or the time of the digest")
    held: int
    watch_behind_s: float | None = Field(
        description="Age of the oldest message that the watch has not evaluated; null where the log is on another machine"
    )
    people_problem: str = Field(description="Why the people file cannot be used; empty where it can")
    teams: list[DutyTeamModel]
    holes: list[RosterHoleModel]
