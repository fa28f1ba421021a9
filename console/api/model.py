"""Shapes of the API's answers, for its documentation (OpenAPI at ``/api/openapi.json``)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model

from console.api.case_model import NotificationModel
from console.query import flag_explanation
from console.view.health import StationCounts
from console.view.series import FlagRow

_REVISION = Field(description="How often value, count or flag were changed since the hour was first made")
_REASON: dict[str, Any] = {
    "key": (str | None, Field(description="Key of the message; null for the note of a person")),
    "figures": (dict[str, int | float | str | None], Field(description="Arguments of the message")),
}


def _mirror(name: str, source: type, doc: str, described: dict[str, Any] | None = None) -> type[BaseModel]:
    """Model with the fields of the type that is answered; ``described`` replaces some of them.

    Parameters
    ----------
    name : str
        In the OpenAPI document.
    source : type
        A class with annotated fields.
    doc : str
    described : dict, optional
    """
    fields: dict[str, Any] = {field: (hint, ...) for field, hint in get_type_hints(source).items()}
    return create_model(name, __doc__=doc, **(fields | (described or {})))


def _list_of(model: type[BaseModel]) -> Any:  # noqa: ANN401 - a type made at run time
    return list[model]  # type: ignore[valid-type]  # the same


class Problem(BaseModel):
    """RFC 9457; ``parameter``, ``given`` and ``expected`` only where a parameter is wrong."""

    type: str
    title: str
    status: int
    detail: str = Field(description="What is wrong, and what to do")
    instance: str = Field(description="Path of the request")
    parameter: str | None = None
    given: str | None = None
    expected: str | None = None


class InstrumentModel(BaseModel):
    """One analyser and its channels."""

    id: str
    network: str
    cadence_s: int = Field(description="Seconds between two readings")
    model: str
    parameters: list[str]


class StationModel(BaseModel):
    """A place with coordinates (WGS-84)."""

    id: str
    name_zh: str
    name_en: str
    city: str
    lon: float | None
    lat: float | None
    altitude_m: float | None
    synthetic: bool
    instruments: list[InstrumentModel]


class StationList(BaseModel):
    """All stations; ``zone`` is that of civil days."""

    zone: str
    stations: list[StationModel]


class PointModel(BaseModel):
    """One interval: ``value`` null where there is none; ``n`` and ``completeness`` only for hourly values."""

    start: datetime
    value: float | None
    n: int | None
    completeness: float | None
    flag: int = Field(description="QARTOD: 1 pass, 2 not evaluated, 3 suspect, 4 fail, 9 missing")
    status: str = Field(description="Letter of the instrument, HJ 212: N normal")
    notes: str = Field(description="Tests with their reasons, a line each")


class SeriesModel(BaseModel):
    """One series in its canonical unit; no two have the same station, network, instrument and parameter."""

    station: str
    network: str
    instrument: str | None = Field(
        description="Id; of hourly values all that measure the parameter, joined by +: each hour is of the more complete one"
    )
    parameter: str
    unit: str
    points: list[PointModel]


class _Interval(BaseModel):
    """What an answer covers."""

    from_: datetime = Field(alias="from")
    to: datetime = Field(description="Before the end that was asked for where the rest is at `next`")
    level: str
    next: str | None = Field(description="Address of the rest, null where there is none")


class SeriesList(_Interval):
    """Series in ``[from, to)``."""

    series: list[SeriesModel]


FlagModel = _mirror(
    "FlagModel",
    FlagRow,
    "One test's flag on the values that start in ``[start, end)``; ``end`` null: on the value that starts at ``start``.",
    {"reason": (str, Field(description="In English")), **_REASON},
)


class FlagList(_Interval):
    """Flags of values that start in ``[from, to)``."""

    flags: list[FlagModel]  # type: ignore[valid-type]  # made from the type that is answered


HourValueModel = _mirror(
    "HourValueModel",
    flag_explanation.HourValue,
    "The hour in one network; figures in ``unit``, ``completeness`` 0 to 1, null where not stated.",
    {"revision": (int, _REVISION)},
)
VerdictModel = _mirror(
    "VerdictModel",
    flag_explanation.FlagGroup,
    "Flags of one test with one value on the hour's values; ``version`` and ``run_id`` null: from before history was kept.",
    {
        "limit": (
            dict[str, object],
            Field(description="The limit's figures as they were; empty where the test needs none"),
        ),
        **_REASON,
    },
)
ChangeModel = _mirror(
    "ChangeModel",
    flag_explanation.FlagChangeGroup,
    "What one run changed; ``flag`` 1: withdrawn, ``flag_before`` 1: none before.",
    _REASON,
)
WhyModel = _mirror(
    "WhyModel",
    flag_explanation.FlagExplanation,
    "Why an hour has its flag; changes oldest first.",
    {
        "hours": (_list_of(HourValueModel), ...),
        "verdicts": (_list_of(VerdictModel), ...),
        "changes": (_list_of(ChangeModel), ...),
    },
)


class AlertModel(BaseModel):
    """An alert from its beginning to its end; values in ``unit``."""

    id: int
    alert_key: str
    rule: str
    kind: str
    severity: str
    station: str
    parameter: str | None
    state: str
    since: datetime
    ended: datetime | None
    end_reason: str | None = Field(description="Why it ended, see docs/alerts.md; null while it is open")
    value: float | None = Field(description="The most extreme value so far, of a silence its length")
    value_at: datetime | None = Field(description="Start of the interval of that value")
    latest: float | None = Field(description="The newest value")
    latest_at: datetime | None = Field(description="What `latest` is as of: the end of its interval")
    threshold: float | None
    unit: str | None
    acknowledged_by: str | None
    note: str | None


class AlertList(BaseModel):
    """Open alerts first, in full; of the ended ones at most ``limit``, latest first."""

    limit: int
    next: int | None = Field(
        description="`before` of the answer with the ended alerts that follow; null: there are none"
    )
    alerts: list[AlertModel]


class EstimateModel(BaseModel):
    """A figure with its 90 % interval."""

    value: float
    low: float
    high: float


class StatementModel(BaseModel):
    """One sentence with its figures; the first of a case file is the answer."""

    topic: str
    key: str
    figures: dict[str, int | float | str | None]
    confidence: str
    zh: str
    en: str


class SourceModel(BaseModel):
    """Part of the parameter's mean concentration that comes from one kind of source [%]."""

    kind: str
    percent: EstimateModel
    score: float | None
    species: list[str]


class SourceRow(BaseModel):
    """Mass from one factor in one hour; ``mass`` null where too few species were measured, ``kind`` empty: not named."""

    start: datetime
    station_id: str
    network: str
    factor: int
    kind: str
    kind_certainty: str = Field(description="`sure`, `perhaps` where the profile agrees poorly, or `unnamed`")
    kind_score: float = Field(description="Agreement with the profile of the library, 0 to 1")
    kind_probability: float | None = Field(description="Only of a sure name")
    unnamed_because: str
    mass: float | None = Field(description="Of all species of the solution; `mass_low` to `mass_high`: 90 % interval")
    mass_low: float | None
    mass_high: float | None
    quality: str = Field(description="`split`, or `too_few_species`")
    measured: float | None
    unexplained: float | None
    chi2: float | None
    species_used: float | None
    solution: str = Field(description="Key of the factorisation")


class SourceList(BaseModel):
    """Rows of the interval, and the unit of each column that has one."""

    units: dict[str, str]
    without_solution: list[str] = Field(description="Stations for which no solution is stored")
    rows: list[SourceRow]


class CaseFileModel(BaseModel):
    """Case file of an event, see docs/attribution.md; further fields: event, peak, kinds, bearing, place, enterprises, similar."""

    model_config = ConfigDict(extra="allow")

    key: str = Field(description="`{station}/{parameter}/{start}`")
    station_id: str
    parameter: str
    basis: str = Field(description="`minute`: the first version, `hourly`: its renewals")
    computed_at: datetime = Field(description="Of the newest data that were used")
    kind: str
    sources: list[SourceModel]
    statements: list[StatementModel]
    missing: list[str]
    held: list[dict[str, Any]]
    picture: str | None = Field(description="Address of a PNG")
    joint_episodes: list[dict[str, Any]] | None = Field(
        default=None,
        description="Of one case file: episodes of days on which PM2.5 and O3 both exceed, by station; a list has none",
    )


class CaseFileList(BaseModel):
    """Case files, the newest event first."""

    limit: int
    cases: list[CaseFileModel]


class ReportVersionModel(BaseModel):
    """A former version of a report."""

    version: int
    state: str
    issued_at: datetime


class ReportModel(BaseModel):
    """The newest version of a published report in one language."""

    place: str = Field(description="City code, `province`, or name of a data set")
    name: str
    period: str = Field(description="A day, month or year")
    kind: str = Field(description="`day`, `month` or `year`")
    language: str
    state: str = Field(description="`final`, `preliminary` or `revised`")
    version: int
    issued_at: datetime
    checked_at: datetime | None = Field(
        default=None, description="When it was last computed again; hours and figures were the same"
    )
    files: dict[str, str] = Field(description="Addresses by format: `html`, `pdf`, `xlsx`")
    older: list[ReportVersionModel] = Field(description="Former versions, the newest first")


class ReportListModel(BaseModel):
    """Published reports, those of the latest period first; ``total`` counts places and periods that the words ask for."""

    limit: int
    total: int
    reports: list[ReportModel]


class DatabaseModel(BaseModel):
    """Whether a database answers, with detail."""

    ok: bool
    detail: str


class MailModel(BaseModel):
    """How the alert mails are doing; ``ok`` null before the mail server was used."""

    ok: bool | None = Field(description="false: the server is dead, mails wait for over 15 min, or some were given up")
    detail: str
    since: datetime | None
    checked_at: datetime | None
    waiting: int
    oldest: datetime | None
    failed_24h: int


SummaryModel = _mirror(
    "SummaryModel", StationCounts, "Stations by state; ``stations`` without data sets (``archive``)."
)


class StationHealthModel(BaseModel):
    """State of one station."""

    id: str
    state: str
    last_seen: datetime | None
    lag_s: float | None
    since: datetime | None
    rejected_24h: int
    completeness_24h: dict[str, float | None]


class ProcessModel(BaseModel):
    """A process that is, or should be, running: ``well``, ``failing`` (``complaint`` states what) or ``gone``."""

    name: str
    host: str
    state: str
    beat_at: datetime
    restarts: int
    complaint: str


class HealthReport(BaseModel):
    """``ok`` false where a database cannot be used; ``detail`` then states the cause."""

    ok: bool
    time: datetime
    influxdb: DatabaseModel
    mail: MailModel | None = None
    detail: str
    summary: SummaryModel | None  # type: ignore[valid-type]  # made from the type that is answered
    stations: list[StationHealthModel]
    processes: list[ProcessModel]
    notification: NotificationModel | None = None
