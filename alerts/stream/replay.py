"""Rules over stored data by the code of the watch: hours and readings in the order of time, from an empty state; nothing is stored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from alerts.rules.baseline import Baselines
from alerts.rules.closing import closing_transitions, unevaluated_end
from alerts.rules.evaluation import EvaluationInput
from alerts.rules.forecast import ForecastRule
from alerts.rules.gamma.rule import GammaRule
from alerts.rules.hour_of_day import HourOfDayRule
from alerts.rules.incremental import Value
from alerts.rules.rule import covered_stations
from alerts.rules.table import AlertRules, find_transitions
from alerts.rules.value_rule import ValueRule
from alerts.rules.warning import WarningRule
from alerts.run.baselines import load_baselines, load_gamma
from alerts.stream.core import Core
from alerts.stream.replay_silence import SilenceReplay, edges_of
from schemas.alert import AlertState
from schemas.column import STATUS
from schemas.frames import valid_values
from schemas.interval import Interval
from schemas.reading import Reading
from store.state import AlertStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from alerts.rules.incremental import Feed
    from alerts.rules.threshold.rule import ThresholdRule
    from alerts.settings import AlertSettings
    from alerts.stream.replay_forecast import ForecastReplay
    from schemas.alert import AlertTransition
    from schemas.network import Instrument, Network
    from store.influx.store import InfluxStore

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
LONGEST_WARM_UP = timedelta(days=7)
GAMMA_EVERY = timedelta(days=7)
"""Gamma rules are trained again after so long; in service twice a day; project choice, for speed."""


class RuleReplay(NamedTuple):
    """What rules did over a period.

    Attributes
    ----------
    transitions : list of AlertTransition
        In the order of time; of alerts that were over before the period, none.
    hours, readings : int
        Valid hours and readings with a value of the period that were looked at [1].
    links : int
        Networks of stations with readings, for silence rules [1].
    issued : int
        Forecasts of a station or city that were issued in the period, for forecast and warning rules [1].
    errors : tuple of str
        Rules that raised: alert key, exception and place.
    """

    transitions: list[AlertTransition]
    hours: int = 0
    readings: int = 0
    links: int = 0
    issued: int = 0
    errors: tuple[str, ...] = ()


class ReplayPeriod(NamedTuple):
    """Period of a replay; ``now`` is the present, which no data reach beyond."""

    start: datetime
    end: datetime
    now: datetime

    @property
    def last(self) -> datetime:
        """End of what can be replayed."""
        return min(self.end, self.now)


def replay(
    settings: AlertSettings,
    influx: InfluxStore,
    rules: AlertRules,
    period: ReplayPeriod,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> RuleReplay:
    """Run the rules over a period.

    Hours are those that are stored, by the flags of today; a reading counts as received at its end, so what came late is taken as if in time.

    Parameters
    ----------
    progress : callable
        Gets days that are done, and all days.

    Raises
    ------
    store.error.StoreError
    """
    network = settings.stations
    based = tuple(item for item in rules.thresholds() if item.baseline is not None)
    streamed = AlertRules(
        items=tuple(item for item in rules.items if isinstance(item, ValueRule) and item not in based)
    )
    found: list[AlertTransition] = []
    values = _ValueReplay(settings, influx, streamed)
    if streamed.items:
        found += values.run(period, progress)
    if based:
        found += _by_hours(influx, network, AlertRules(items=based), period)
        values.hours += sum(_count_hours(influx, network, item, period) for item in based)
    links = 0
    if rules.silences():
        silence = SilenceReplay(influx, network, rules.silences())
        found += silence.run(period.start, period.last, progress)
        links = len(silence.starts)
    issued = 0
    for rule in rules.items:
        if not isinstance(rule, ForecastRule | WarningRule):
            continue
        ahead = _ahead(settings, influx, rule, period, progress)
        found += ahead.transitions
        issued += ahead.issued
    return RuleReplay(
        _within(found, period.start), values.hours, values.readings, links, issued=issued, errors=tuple(values.errors)
    )


def _ahead(
    settings: AlertSettings,
    influx: InfluxStore,
    rule: ForecastRule | WarningRule,
    period: ReplayPeriod,
    progress: Callable[[int, int], None],
) -> ForecastReplay:
    # the analysis takes a second to import: paid by these kinds only
    from alerts.stream.replay_forecast import replay_forecasts, replay_warnings

    span = (period.start, period.last)
    if isinstance(rule, ForecastRule):
        return replay_forecasts(influx, settings.stations, rule, span, progress)
    return replay_warnings(settings, influx, rule, span, progress)


def _within(found: list[AlertTransition], start: datetime) -> list[AlertTransition]:
    """Without alerts that were over before the period."""
    chosen: dict[str, list[AlertTransition]] = {}
    for item in sorted(found, key=lambda item: (item.at, item.alert_key)):
        own = chosen.setdefault(item.alert_key, [])
        if item.at < start and item.to_state is AlertState.OK:
            own.clear()
        else:
            own.append(item)
    return sorted((item for own in chosen.values() for item in own), key=lambda item: (item.at, item.alert_key))


def _by_hours(influx: InfluxStore, network: Network, rules: AlertRules, period: ReplayPeriod) -> list[AlertTransition]:
    """Rules with a moving baseline, which only the pass over stored hours evaluates."""
    inputs = EvaluationInput(influx, network, {}, *period)
    found = find_transitions(inputs, rules, live=False)
    return [*found.transitions, *closing_transitions(inputs, rules, found, live=False)]


def _count_hours(influx: InfluxStore, network: Network, rule: ThresholdRule, period: ReplayPeriod) -> int:
    frames = influx.read_hourly_all(rule.network, period.start, period.last, [rule.parameter])
    own = [frames[station.id] for station in covered_stations(rule, network) if station.id in frames]
    return sum(int(valid_values(frame, rule.parameter).notna().sum()) for frame in own)


class _ValueReplay:
    """Values through a `Core`, day by day."""

    def __init__(self, settings: AlertSettings, influx: InfluxStore, rules: AlertRules) -> None:
        self._settings, self._influx, self._rules = settings, influx, rules
        self._network = settings.stations
        self._baselines = Baselines()
        self._core = Core(rules, self._network, {}, baselines=self._baselines)
        self._feeds = _feeds_of(rules, self._network)
        self._opened: dict[str, AlertTransition] = {}
        self._trained_at: datetime | None = None
        self.hours = self.readings = 0
        self.errors: list[str] = []

    def run(self, period: ReplayPeriod, progress: Callable[[int, int], None]) -> list[AlertTransition]:
        """Transitions from the warm-up on."""
        found: list[AlertTransition] = []
        edges = edges_of(period.start - _warm_up(self._rules), period.last)
        for number, (begin, end) in enumerate(pairwise(edges), 1):
            self._renew(begin)
            for network, value in sorted(self._hours(begin, end), key=_order_of_hour):
                self.hours += value.start >= period.start
                found += self._noted(self._core.observe_hour(network, value))
            for reading in sorted(self._readings(begin, end), key=_order_of_reading):
                self.readings += reading.interval.start >= period.start
                found += self._noted(self._core.observe([reading], reading.interval.end))
            found += self._stale(end)
            self.errors += self._core.take_errors()
            progress(number, len(edges) - 1)
        return found

    def _renew(self, at: datetime) -> None:
        """What is usual, from the hours stored before a day."""
        if any(isinstance(item, HourOfDayRule) for item in self._rules.items):
            self._baselines.replace(load_baselines(self._settings, self._rules, at))
        has_gamma = any(isinstance(item, GammaRule) for item in self._rules.items)
        if has_gamma and (self._trained_at is None or at - self._trained_at >= GAMMA_EVERY):
            self._baselines.replace_trained(load_gamma(self._settings, self._rules, at))
            self._trained_at = at

    def _hours(self, begin: datetime, end: datetime) -> Iterator[tuple[str, Value]]:
        wanted = _by_network(feed for feed in self._feeds if feed.is_hourly)
        for network, feeds in wanted.items():
            codes = sorted({feed.parameter for feed in feeds})
            stations = sorted({feed.station_id for feed in feeds})
            frames = self._influx.read_hourly_many(network, stations, begin, end, codes)
            for feed in feeds:
                if feed.station_id not in frames:
                    continue
                served = self._network.stations[feed.station_id].instruments_of(network)
                for start, value in _known(valid_values(frames[feed.station_id], feed.parameter)):
                    if any(feed.parameter in item.parameters and item.serves_at(start) for item in served):
                        yield network, Value(feed.station_id, feed.parameter, start, start + HOUR, value)

    def _readings(self, begin: datetime, end: datetime) -> Iterator[Reading]:
        wanted = _by_network(feed for feed in self._feeds if not feed.is_hourly)
        for network, feeds in wanted.items():
            codes = sorted({feed.parameter for feed in feeds})
            stations = sorted({feed.station_id for feed in feeds})
            frames = self._influx.read_native_many(network, stations, begin, end, codes)
            for (station_id, instrument_id), frame in frames.items():
                station = self._network.stations.get(station_id)
                own = [item for item in station.instruments if item.id == instrument_id] if station else []
                for instrument in own:
                    yield from _readings_of(frame, station_id, instrument, codes)

    def _noted(self, changes: Sequence[AlertTransition]) -> Sequence[AlertTransition]:
        for item in changes:
            self._opened[item.alert_key] = item
        return changes

    def _stale(self, at: datetime) -> Iterator[AlertTransition]:
        """Ends of alerts without a valid value for too long; their machines begin again."""
        rules = {item.name: item for item in self._rules.of_values()}
        for key, machine in self._core.open_machines().items():
            begun = self._opened.get(key)
            if begun is None or machine.cursor is None:
                continue
            if at - machine.cursor > timedelta(hours=rules[begun.rule].stale_after_h):
                end = unevaluated_end(begun, machine, extreme=machine.extreme)
                status = AlertStatus(
                    alert_key=key, state=AlertState.OK, transition_id=0, transition=end, recorded_at=at
                )
                self._core.adopt({key: status})
                yield end


def _warm_up(rules: AlertRules) -> timedelta:
    """What pending conditions and windows need before the period."""
    spans = [timedelta(hours=_reach_h(item)) for item in rules.of_values()]
    return min(max(spans, default=timedelta(0)), LONGEST_WARM_UP)


def _reach_h(rule: ValueRule) -> float:
    return float(getattr(rule, "for_h", 0.0)) + float(getattr(rule, "per_min", 0.0)) / 60 + rule.max_gap_h


def _feeds_of(rules: AlertRules, network: Network) -> tuple[Feed, ...]:
    watches = (watch for rule in rules.of_values() for watch in rule.watches(network, Baselines()))
    return tuple(dict.fromkeys(feed for watch in watches for feed in watch.feeds))


def _by_network(feeds: Iterable[Feed]) -> dict[str, list[Feed]]:
    found: dict[str, list[Feed]] = {}
    for feed in feeds:
        found.setdefault(str(feed.network), []).append(feed)
    return found


def _known(values: pd.Series) -> Iterator[tuple[datetime, float]]:
    known = values.dropna()
    moments: list[datetime] = pd.DatetimeIndex(known.index).to_pydatetime().tolist()
    return zip((item.astimezone(UTC) for item in moments), known.astype(float).tolist(), strict=True)


def _readings_of(frame: pd.DataFrame, station_id: str, instrument: Instrument, codes: list[str]) -> Iterator[Reading]:
    cadence = timedelta(seconds=instrument.cadence_s)
    own = [code for code in codes if code in frame]
    columns = {code: frame[code].astype(float).tolist() for code in own}
    letters = {code: frame[code + STATUS].tolist() for code in own if code + STATUS in frame}
    for place, moment in enumerate(pd.DatetimeIndex(frame.index).to_pydatetime().tolist()):
        start = moment.astimezone(UTC)
        values = {code: column[place] for code, column in columns.items() if column[place] == column[place]}
        if values:
            status = {
                code: own[place] for code, own in letters.items() if isinstance(own[place], str) and own[place] != "N"
            }
            yield Reading(
                str(instrument.network), station_id, instrument.id, Interval(start, start + cadence), values, status
            )


def _order_of_hour(item: tuple[str, Value]) -> tuple[datetime, str, str]:
    return item[1].end, item[1].station_id, item[1].parameter


def _order_of_reading(item: Reading) -> tuple[datetime, str, str]:
    return item.interval.start, item.station_id, item.instrument_id
