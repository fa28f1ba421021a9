"""Hours of dose rate and rain as samples of the gamma rule, one station each over a monitor that they share."""

from __future__ import annotations

import copy
import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from alerts.engine import Sample
from alerts.rules.gamma.memory import StationMemory
from alerts.rules.gamma.monitor import AlarmLevel, DoseSample
from alerts.rules.gamma.training import GammaTraining
from alerts.rules.incremental import Sampler

if TYPE_CHECKING:
    from collections.abc import Collection

    from alerts.rules.baseline import Baselines
    from alerts.rules.gamma.monitor import DoseState, GammaMonitor
    from alerts.rules.incremental import Value

HOUR = timedelta(hours=1)
_FIRST = datetime.min.replace(tzinfo=UTC)
Evaluated = tuple["Value", "DoseState | None"]
"""The dose rate of an hour, and its state; None before the baseline is known."""


class GammaSnapshot(msgspec.Struct, kw_only=True):
    """What a station must keep over a restart."""

    station: StationMemory
    level: AlarmLevel | None = None


class GammaHours:
    """The hours of all stations of a rule, in the order in which they come.

    An hour of a station is taken when its dose rate and rain are known, and evaluated when its neighbours have reported it as well, so that
    a shower that reaches all of them is seen as one. A station or gauge that missed the hour before is not waited for, and a later hour of any
    ends the wait.

    Parameters
    ----------
    rule_name, dose_code : str
        Name and parameter of the rule.
    monitor : GammaMonitor
    gauges : collection of str
        Stations with rain.
    """

    def __init__(self, rule_name: str, dose_code: str, monitor: GammaMonitor, gauges: Collection[str]) -> None:
        self.rule_name = rule_name
        self.dose_code = dose_code
        self.monitor = monitor
        self._gauges = frozenset(gauges)
        self._doses: dict[str, Value] = {}
        self._rains: dict[str, Value] = {}
        self._waiting: dict[str, tuple[Value, DoseSample]] = {}
        self._ready: dict[str, list[Evaluated]] = {}

    def note(self, value: Value) -> None:
        """Take note of a value; of a value that is known nothing."""
        known = self._doses if value.parameter == self.dose_code else self._rains
        station_id, before = value.station_id, known.get(value.station_id)
        if before is not None and value.start <= before.start:
            return
        if known is self._doses and self._is_pending(station_id):  # its rain never came
            self._take(station_id, None)
        known[station_id] = value
        if self._is_pending(station_id):
            self._take_known(station_id)

    def due(self, station_id: str) -> Evaluated | None:
        """The next hour of a station that is evaluated, and its state; None where there is none."""
        waiting = self._waiting.get(station_id)
        if waiting is not None and self._is_complete(station_id, waiting[1].at):
            self._evaluate(station_id)
        ready = self._ready.get(station_id)
        return ready.pop(0) if ready else None

    def _evaluate(self, station_id: str) -> None:
        dose, sample = self._waiting.pop(station_id)
        self._ready.setdefault(station_id, []).append((dose, self.monitor.state_of(sample)))

    def _seen(self, station_id: str) -> datetime:
        return self.monitor.memories[station_id].seen_at or _FIRST

    def _is_pending(self, station_id: str) -> bool:
        dose = self._doses.get(station_id)
        return dose is not None and dose.start > self._seen(station_id)

    def _take_known(self, station_id: str) -> None:
        """Take the hour where its rain is known, or is not to be expected."""
        at, rain = self._doses[station_id].start, self._rains.get(station_id)
        if rain is not None and rain.start == at:
            self._take(station_id, rain.value)
        elif station_id not in self._gauges or rain is None or rain.start < at - HOUR or rain.start > at:
            self._take(station_id, None)

    def _take(self, station_id: str, rain_mm: float | None) -> None:
        if station_id in self._waiting:  # a neighbour never reported that hour
            self._evaluate(station_id)
        dose = self._doses[station_id]
        sample = DoseSample(station_id, dose.start, dose.value, rain_mm)
        self.monitor.take(sample)
        self._waiting[station_id] = dose, sample

    def _is_complete(self, station_id: str, at: datetime) -> bool:
        seen = [self._seen(item) for item in self.monitor.neighbours[station_id]]
        return any(item > at for item in seen) or all(item >= at or item < at - HOUR for item in seen)


class GammaSampler(Sampler):
    """The dose rate of a station against the one above which it is an alarm.

    Parameters
    ----------
    hours : GammaHours
        Shared by the stations of the rule.
    station_id : str
    baselines : Baselines
        Supplies levels, and the memory of stored hours for a station without one.
    """

    def __init__(self, hours: GammaHours, station_id: str, baselines: Baselines) -> None:
        self._hours, self._station_id, self._baselines = hours, station_id, baselines
        self._last: DoseState | None = None

    def sample(self, value: Value) -> Sample | None:
        """None until the hour is complete, and where the record is too short for a level."""
        self._renew()
        self._hours.note(value)
        found = self._hours.due(self._station_id)
        if found is None:
            return None
        dose, state = found
        if state is None or self._station_id not in self._hours.monitor.levels:
            return None
        self._last = state
        return Sample(dose.start, dose.end, dose.value, state.limit_ngy_h, state.limit_ngy_h, dose.is_at_least)

    def _renew(self) -> None:
        trained = self._baselines.trained(self._hours.rule_name, self._station_id)
        if not isinstance(trained, GammaTraining):
            return
        monitor, memory = self._hours.monitor, trained.memory
        if trained.level is None:
            monitor.levels.pop(self._station_id, None)
        else:
            monitor.levels[self._station_id] = trained.level
        if memory is not None and math.isnan(monitor.memories[self._station_id].baseline):
            monitor.memories[self._station_id] = copy.deepcopy(memory)

    def evidence(self) -> dict[str, object]:
        """What the alarm rests on."""
        last = self._last
        if last is None:
            return {}
        rained_at = self._hours.monitor.memories[self._station_id].rained_at
        return {
            "baseline_ngy_h": last.baseline_ngy_h,
            "explained_ngy_h": last.explained_ngy_h,
            "residual_ngy_h": last.residual_ngy_h,
            "score": last.score,
            "level": last.level,
            "is_wet": last.is_wet,
            "rained_at": rained_at.isoformat() if rained_at else None,
        }

    def memory(self) -> object:
        """The station's memory and level."""
        monitor = self._hours.monitor
        memory = monitor.memories[self._station_id]
        if memory.seen_at is None:
            return None
        return GammaSnapshot(station=memory, level=monitor.levels.get(self._station_id))

    def restore(self, memory: object) -> None:
        """Take up the station's memory and level."""
        kept = msgspec.convert(memory, GammaSnapshot)
        self._hours.monitor.memories[self._station_id] = kept.station
        if kept.level is not None:
            self._hours.monitor.levels[self._station_id] = kept.level
