"""What a rehearsal reads besides the values of its rules: the air of the whole period for its cases, and what counts as true."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import pandas as pd

from alerts.case.group import AlertRef, CaseAir, ref_of
from alerts.case.local import COMPARED, ONSET, AlertReach, reach_of
from alerts.rehearsal.truth import EventTruth, TrueSpan, TruthKind, exceeded_days, labelled
from alerts.rules.current_flags import with_current_flags
from alerts.rules.rule import covered_stations, instruments_of
from alerts.run.case_evidence import BACK, BEFORE, WIND
from analysis.statistics.episode import find_episodes, threshold_on
from schemas.frames import valid_values
from schemas.interval import floor_hour
from schemas.words.message import unit_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from alerts.rules.forecast import ForecastRule
    from alerts.rules.rule import CommonRule
    from alerts.rules.value_rule import ValueRule
    from alerts.run.case_evidence import StoredEvidence
    from analysis.case.event import EventRise
    from schemas.alert_case import CaseAlert, CaseVerdict
    from schemas.network import Network
    from store.influx.store import InfluxStore
    from store.state import StateStore

HOUR = timedelta(hours=1)
MOST_CASES = 100_000


class PeriodEvidence:
    """As `alerts.run.case_evidence.StoredEvidence`, of hours that are read once for a whole period.

    Parameters
    ----------
    verdicts : StoredEvidence or None
        Asked for fault or event, which takes a second an alert; None: no alert is evaluated.
    """

    def __init__(
        self, influx: InfluxStore, network: Network, span: tuple[datetime, datetime], verdicts: StoredEvidence | None
    ) -> None:
        self._influx, self._network, self._span, self._stored = influx, network, span, verdicts
        self._winds: dict[str, pd.DataFrame] | None = None
        self._rises: dict[tuple[str, str], list[EventRise]] = {}
        self._compared: dict[str, pd.DataFrame] = {}
        self._reach: dict[AlertRef, tuple[datetime, AlertReach]] = {}

    def air(self, alerts: Sequence[CaseAlert], now: datetime) -> CaseAir:
        """Rises that were known at a moment, winds, and which alerts are the station's own or of the region."""
        values = [item for item in alerts if item.kind.is_of_values]
        if len(values) < 2:  # noqa: PLR2004 - a pair
            return CaseAir()
        places = {(item.network, item.parameter) for item in values if item.network and item.parameter}
        for network, code in sorted(places - self._rises.keys()):
            self._read(network, code)
        rises = [
            msgspec.structs.replace(item, end=min(item.end, now))
            for place in sorted(places)
            for item in self._rises[place]
            if item.peak_at + HOUR <= now < item.end + BACK
        ]
        found = [self._reach_of(item, now) for item in values]
        return CaseAir(
            rises=rises,
            winds=self._wind_hours(),
            local=frozenset[AlertRef]().union(*(item.local for item in found)),
            regional=frozenset[AlertRef]().union(*(item.regional for item in found)),
        )

    def verdicts(self, alerts: Sequence[CaseAlert], now: datetime) -> Mapping[AlertRef, CaseVerdict]:
        """Fault or event, where that was asked for."""
        return {} if self._stored is None else self._stored.verdicts(alerts, now)

    def _reach_of(self, alert: CaseAlert, now: datetime) -> AlertReach:
        """Reach of an alert, once an hour; one that is older than its first hours stays what it was."""
        hour = min(floor_hour(now), floor_hour(alert.since) + ONSET)
        known = self._reach.get(ref_of(alert))
        if known is None or known[0] < hour:
            known = hour, reach_of([alert], self._compared, self._network.stations, now)
            self._reach[ref_of(alert)] = known
        return known[1]

    def _wind_hours(self) -> dict[str, pd.DataFrame]:
        if self._winds is None:
            frames = self._influx.read_hourly_all("met", self._span[0] - BACK, self._span[1], list(WIND))
            self._winds = {name: frame for name, frame in frames.items() if set(WIND) <= {*frame.columns}}
        return self._winds

    def _read(self, network: str, code: str) -> None:
        from analysis.case.event import find_rises

        first = self._span[0] - BACK
        frames = self._influx.read_hourly_all(network, first - BEFORE, self._span[1], [code])
        self._rises[network, code] = [
            rise for name, frame in frames.items() for rise in find_rises(frame, name, since=first)
        ]
        if code in COMPARED:
            shown = pd.DataFrame({name: frame[code] for name, frame in frames.items() if code in frame})
            before = self._compared.get(code)
            self._compared[code] = shown if before is None else before.combine_first(shown)


class TruthSource(NamedTuple):
    """Where the truth of a rule is read from."""

    influx: InfluxStore
    state: StateStore
    network: Network
    start: datetime
    end: datetime


def limit_truth(source: TruthSource, rule: ValueRule | ForecastRule) -> EventTruth | None:
    """Hours above the official hourly limit by the flags and reviews of today; None where there is none for the parameter."""
    zone = source.network.timezone
    limit = threshold_on(rule.parameter, source.start.astimezone(zone).date())
    if limit is None:
        return None
    spans = tuple(
        TrueSpan(station_id, item.start, item.end)
        for station_id, values in _hours(source, rule)
        for item in find_episodes(values, station_id, rule.parameter, zone)
    )
    figures: dict[str, str | float] = {
        "parameter": rule.parameter,
        "limit": limit.value,
        "unit": unit_text(limit.unit),
        "source": limit.source,
    }
    return EventTruth(TruthKind.LIMIT, spans, None, figures)


def day_truth(source: TruthSource, rule: ValueRule | ForecastRule) -> EventTruth:
    """Days above the official limit of the day; raises `analysis.error.AnalysisError` where the parameter has none."""
    zone = source.network.timezone
    spans = tuple(
        span
        for station_id, values in _hours(source, rule)
        for span in exceeded_days(values, station_id, rule.parameter, zone)
    )
    return EventTruth(TruthKind.DAY, spans, None, {"parameter": rule.parameter})


def label_truth(source: TruthSource, rule: CommonRule) -> EventTruth:
    """Stored cases of the period that persons resolved with a cause."""
    cases = source.state.cases.list(since_from=source.start, since_to=source.end, limit=MOST_CASES)
    return labelled(cases, rule.KIND, rule.watched_parameter)


def _hours(source: TruthSource, rule: ValueRule | ForecastRule) -> Iterator[tuple[str, pd.Series]]:
    stations = covered_stations(rule, source.network)
    network = next(str(item.network) for station in stations for item in instruments_of(rule, station))
    frames = source.influx.read_hourly_all(network, source.start, source.end, [rule.parameter])
    for station in stations:
        frame = frames.get(station.id)
        if frame is None or frame.empty:
            continue
        checked = with_current_flags(source.influx, source.state, network=network, station_id=station.id, frame=frame)
        yield station.id, valid_values(checked, rule.parameter)
