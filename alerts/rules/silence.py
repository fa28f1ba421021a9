"""Silence rules: duration of silence of a network at a station, its beginning and end."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Annotated, ClassVar, NamedTuple

from msgspec import Meta

from alerts.rules.evaluation import is_outdated
from alerts.rules.history import Subject, identity_of
from alerts.rules.rule import ALL, LONGEST_H, LOOKS_AT, CommonRule
from schemas.alert import AlertState, AlertTransition, EndReason, RuleKind
from schemas.message import NetworkCode

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from alerts.rules.evaluation import EvaluationInput, EvaluationResult
    from schemas.network import Instrument, Network, Station

Minutes = Annotated[float, Meta(ge=0, le=LONGEST_H * 60)]
Cadences = Annotated[float, Meta(ge=1, le=10_000)]
"""Below one, a station would be silent before its next reading is due."""
CADENCES, MIN_MINUTES = 3.0, 15.0
"""Silent after so many cadences [1], not before so long [min], where no rule says otherwise. Project's choice."""
MINUTE = timedelta(minutes=1)
LAST_START, RETURNED = "last_start", "returned"
"""Keys of the evidence: start of the last reading, and whether the silence counts from a return to service."""


class SilenceRule(CommonRule, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="silence"):
    """No reading of a network's instruments at a station.

    Attributes
    ----------
    networks : tuple of NetworkCode
        Empty: all.
    cadences : float
        Silent after this many cadences of its slowest instrument in the network.
    min_minutes : float
        But not before this long [min].
    all_stations : int
        From this many live stations on, the silence of all of them is one alert about collector and broker.
    """

    networks: tuple[NetworkCode, ...] = ()
    cadences: Cadences = CADENCES
    min_minutes: Minutes = MIN_MINUTES
    all_stations: Annotated[int, Meta(ge=2)] = 3

    KIND: ClassVar[RuleKind] = RuleKind.SILENCE

    def reads(self, instrument: Instrument) -> bool:
        """Instruments of the rule's networks."""
        return not self.networks or instrument.network in self.networks

    def subject(self) -> str:
        """The networks."""
        return f"in networks {', '.join(self.networks)}"

    def looks_at(self, station_id: str) -> dict[str, object]:
        """Of the alert of all stations: networks and patterns."""
        if station_id != ALL:
            return {}
        networks = set(self.networks) or set(NetworkCode)
        return {"networks": sorted(networks), "stations": sorted(self.stations), "cities": sorted(self.cities)}


class Allowance(NamedTuple):
    """What is allowed before a network of a station is silent, as of `SilenceRule`."""

    cadences: float = CADENCES
    min_minutes: float = MIN_MINUTES

    def duration(self, cadence: timedelta, delay: timedelta) -> timedelta:
        """How long after the end of its last reading an instrument is silent."""
        return max(cadence * self.cadences, timedelta(minutes=self.min_minutes)) + delay


def allowance_of(rules: Iterable[SilenceRule], station: Station, network: str) -> Allowance:
    """The strictest of the rules for a network of a station; the defaults where there is none."""
    cadence = max((item.cadence_s for item in station.instruments_of(network)), default=0)
    own = [
        Allowance(rule.cadences, rule.min_minutes)
        for rule in rules
        if rule.covers(station) and (not rule.networks or network in rule.networks)
    ]
    return min(own, key=lambda item: item.duration(timedelta(seconds=cadence), timedelta(0)), default=Allowance())


class Silence(NamedTuple):
    """Silence of a station's network against the allowed duration.

    ``last_end`` is the end of its newest reading, which began at ``last_start``; without any newer one it is too long from
    ``expires`` on. With ``is_return`` that reading is older than the present service, and ``last_end`` is when that began.
    """

    station_id: str
    network: str
    last_end: datetime
    minutes: float
    allowed_minutes: float
    last_start: datetime | None = None
    is_return: bool = False

    @property
    def is_silent(self) -> bool:
        """Whether it is beyond what is allowed."""
        return self.minutes > self.allowed_minutes

    @property
    def expires(self) -> datetime:
        """When the allowed time runs out; independent of when it is evaluated."""
        return self.last_end + timedelta(minutes=self.allowed_minutes)

    @property
    def looked_at(self) -> datetime:
        """When it was evaluated, to the minute."""
        return (self.last_end + timedelta(minutes=self.minutes)).replace(second=0, microsecond=0)

    def has_reading_since(self, begun: AlertTransition) -> bool:
        """Whether a reading came that the beginning of the alert did not know."""
        known = begun.evidence.get(LAST_START)
        if isinstance(known, str) and self.last_start is not None:
            return self.last_start > datetime.fromisoformat(known)
        return self.last_end > begun.since


def evaluate_silence(inputs: EvaluationInput, rule: SilenceRule, found: EvaluationResult) -> None:
    """Add to ``found`` the silences that begin or end at ``inputs.now``."""
    silences = _silences(inputs, rule, found)
    for subject, silence, silent in silence_subjects(silences, rule, inputs.network):
        place = f"{rule.name}, {subject.station_id}"
        found.attempt(place, partial(_silence_of, inputs, rule, subject, silence, found, silent=silent))


def silence_subjects(
    silences: Sequence[Silence], rule: SilenceRule, network: Network
) -> list[tuple[Subject, Silence, bool]]:
    """Alert keys of a rule, each with the silence that decides it and whether the condition holds."""
    covered = [item for item in silences if rule.covers(network.stations[item.station_id])]
    if not covered:
        return []
    together = all_silent(covered, rule.all_stations)
    latest = max(covered, key=lambda item: item.last_end)
    subjects = [(Subject(rule=rule.name, station_id=ALL), latest, together)]
    if not together:  # the alert of all stations covers the single ones
        subjects += [
            (Subject(rule=rule.name, station_id=item.station_id, part=item.network), item, item.is_silent)
            for item in covered
        ]
    return subjects


def _silence_of(
    inputs: EvaluationInput,
    rule: SilenceRule,
    subject: Subject,
    silence: Silence,
    found: EvaluationResult,
    *,
    silent: bool,
) -> None:
    if is_outdated(inputs, rule, subject):
        return
    last = inputs.last.get(subject.alert_key)
    change = silence_change(last.transition if last else None, silence, rule, subject, silent=silent)
    if change is not None:
        found.transitions.append(change)


def _silences(inputs: EvaluationInput, rule: SilenceRule, found: EvaluationResult) -> list[Silence]:
    """Silences of all stations and networks with at least one reading; one without any is not yet in operation."""
    silences: list[Silence] = []

    def add(network: NetworkCode, station_id: str, rows: pd.DataFrame) -> None:
        station = inputs.network.stations.get(station_id)
        newest = rows["start"].max().to_pydatetime()
        silence = silence_of(station, network, newest, rule, inputs.now) if station else None
        if silence is not None:
            silences.append(silence)

    for network in rule.networks or tuple(NetworkCode):
        wanted = {pair for pair, item in inputs.network.instruments.items() if item.network == network}
        for station_id, rows in inputs.influx.last_readings(network, wanted).groupby("station_id"):
            found.attempt(f"{rule.name}, {station_id}", partial(add, network, str(station_id), rows))
    return silences


def silence_of(
    station: Station, network: str, last: datetime, rule: SilenceRule | Allowance, now: datetime
) -> Silence | None:
    """Silence of one network at one station: the one definition, for mails, pages, API and commands.

    Parameters
    ----------
    last : datetime
        Start of its last reading, UTC.

    Returns
    -------
    Silence or None
        None where no instrument is in service, or the station is a data set (``late_window_h = 0``). None too as long as the
        first reading after a return to service may still come: the network is neither silent nor does it report.
    """
    serving = [item for item in station.instruments_of(network) if item.serves_at(now)]
    if not serving or station.late_window_h == 0:
        return None
    cadence = timedelta(seconds=max(item.cadence_s for item in serving))
    delay = max(station.delay_of(item) for item in serving)
    allowed = Allowance(rule.cadences, rule.min_minutes).duration(cadence, delay) / MINUTE
    began = _in_service_since(serving)
    is_return = began is not None and last < began
    last_end = began if is_return and began is not None else last + cadence
    found = Silence(station.id, network, last_end, max(0.0, (now - last_end) / MINUTE), allowed, last, is_return)
    return None if is_return and not found.is_silent else found


def _in_service_since(serving: Sequence[Instrument]) -> datetime | None:
    """Since when the network is in service at its station; None: always."""
    known = [item.since for item in serving if item.since is not None]
    return min(known) if len(known) == len(serving) else None


def all_silent(silences: Sequence[Silence], at_least: int) -> bool:
    """Whether all stations with readings are silent, and there are enough of them to suspect collector or broker."""
    stations = {item.station_id for item in silences}
    sending = {item.station_id for item in silences if not item.is_silent}
    return len(stations) >= at_least and not sending


def silence_change(
    last: AlertTransition | None, silence: Silence, rule: SilenceRule, subject: Subject, *, silent: bool
) -> AlertTransition | None:
    """The transition of a silence; None without a change.

    It begins when the allowed time ran out; where that is not after the last end (the rule or the network file closed the
    alert, and the silence went on), at the next evaluation. It ends with any reading newer than the last one known,
    whether that ends before or after the moment it began, and where more is allowed now than it lasts.

    Parameters
    ----------
    last : AlertTransition or None
        The alert's newest transition.
    silent : bool
        Whether the alert's condition holds: `Silence.is_silent`, or for all stations together `all_silent`.
    """
    is_firing = last is not None and last.to_state is AlertState.FIRING
    if silent == is_firing:
        return None
    at, since, reason = silence.expires, silence.last_end, None
    if is_firing and last is not None:
        is_heard = silence.has_reading_since(last)
        at, since = max(last.at, silence.last_end if is_heard else silence.looked_at), last.since
        reason = EndReason.READING if is_heard else EndReason.VALUE_BACK
    elif last is not None and at <= last.at:
        at = max(silence.looked_at, last.at + timedelta(microseconds=1))
    return AlertTransition(
        **identity_of(subject, rule),
        from_state=AlertState.FIRING if is_firing else AlertState.OK,
        to_state=AlertState.OK if is_firing else AlertState.FIRING,
        at=at,
        since=since,
        value=(at - since) / MINUTE,
        threshold=silence.allowed_minutes,
        unit="min",
        evidence={
            "scope": ALL if subject.station_id == ALL else "station",
            "network": silence.network,
            LAST_START: silence.last_start.isoformat() if silence.last_start else None,
            RETURNED: silence.is_return,
            LOOKS_AT: rule.looks_at(subject.station_id),
        },
        reason=reason,
    )
