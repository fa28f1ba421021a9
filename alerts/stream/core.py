"""All rules over a stream of readings: what changes with each. Pure; the clock comes with the readings and with the ticks.

Rules are compiled once, by station, instrument and parameter: a reading costs those that look at it. Every alert key has one
machine (`alerts.stream.tracked`), which continues from the stored transitions, so several evaluators of the same data
find the same. Hourly means: `alerts.stream.hours`. Rules with a baseline of weeks, forecasts, reports of the system and ends for
another reason than values are evaluated over stored hours (`alerts.run.evaluation`), which also confirms or withdraws what is found here.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from alerts.engine import Machine
from alerts.rules.baseline import Baselines
from alerts.rules.incremental import OVER_RANGE, Feed, Value, physical_range
from alerts.stream.channel import Channel
from alerts.stream.fresh import FreshGate
from alerts.stream.hours import InstrumentHours, OpenHour, StreamedHours
from alerts.stream.silent import silence_transitions
from alerts.stream.tracked import Tracked
from ingest.process.guard import say

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from alerts.rules.table import AlertRules
    from schemas.alert import AlertTransition
    from schemas.network import Instrument, Network, Station
    from schemas.reading import Reading
    from store.state import AlertStatus

_FIRST = datetime.min.replace(tzinfo=UTC)
_UNBOUNDED = (float("-inf"), float("inf"))


class CoreMemory(msgspec.Struct, kw_only=True):
    """What a core must keep over a restart besides the stored transitions.

    Attributes
    ----------
    machines : dict of str to Machine
        By alert key, of those that are not at rest.
    samplers : dict of str to object
        What samplers keep of earlier values, by alert key.
    hours : dict of str to OpenHour
        Hours in progress by ``station/instrument``.
    heard : list of (str, str, datetime)
        Station, network, start of the newest reading.
    left : list of str
        Keys of machines that old values have moved, so that they are not as their alerts are known.
    """

    machines: dict[str, Machine] = {}
    samplers: dict[str, Any] = {}
    hours: dict[str, OpenHour] = {}
    heard: list[tuple[str, str, datetime]] = []
    left: list[str] = []


class _Entry:
    """What a reading of one instrument concerns."""

    __slots__ = ("cadence", "channels", "gate", "hours", "link", "newest", "since", "until")

    def __init__(self, instrument: Instrument, link: tuple[str, str], gate: FreshGate) -> None:
        self.gate = gate
        self.newest = _FIRST
        self.cadence = timedelta(seconds=instrument.cadence_s)
        self.channels: dict[str, Channel] = {}
        self.hours: StreamedHours | None = None
        self.link = link
        self.since, self.until = instrument.since, instrument.until

    def serves(self, start: datetime) -> bool:
        """Whether the instrument is in service."""
        return (self.since is None or start >= self.since) and (self.until is None or start < self.until)

    def is_late(self, start: datetime) -> bool:
        """Whether a newer reading of the instrument has come before; takes note of the newest, but of none in the future."""
        if start < self.newest:
            return not self.gate.keeps_own_times
        if not self.gate.is_ahead(start):
            self.newest = start
        return False


class Core:
    """The rules of a file over the readings of a network.

    Parameters
    ----------
    rules : AlertRules
    network : Network
    statuses : mapping of str to AlertStatus
        Stored alerts by key.
    baselines : Baselines or None
        What is usual at the stations, filled and renewed by the caller.
    memory : CoreMemory or None
        What an earlier core with rules of the same names kept.
    """

    def __init__(
        self,
        rules: AlertRules,
        network: Network,
        statuses: Mapping[str, AlertStatus],
        *,
        baselines: Baselines | None = None,
        memory: CoreMemory | None = None,
    ) -> None:
        self._network = network
        self._silences = rules.silences()
        self._entries: dict[tuple[str, str], _Entry] = {}
        self._hourly: dict[Feed, Channel] = {}
        self._tracked: dict[str, Tracked] = {}
        self._heard: dict[tuple[str, str], datetime] = {}
        self._errors: list[str] = []
        self._last: dict[str, AlertTransition] = {}
        self._gates = {station.id: FreshGate(_delay_of(station)) for station in network.station_list}
        for station in network.station_list:
            for item in station.instruments:
                link = (station.id, str(item.network))
                self._entries[station.id, item.id] = _Entry(item, link, self._gates[station.id])
        for rule in rules.of_values():
            for watch in rule.watches(network, baselines or Baselines()):
                self._track(Tracked(watch, self._gates[watch.subject.station_id]))
        self._collect_hours()
        if memory is not None:
            self._restore(memory)
        self.adopt(statuses)

    def observe(self, readings: Iterable[Reading], at: datetime) -> list[AlertTransition]:
        """Take readings that passed the collector's checks.

        Parameters
        ----------
        readings : iterable of Reading
            In the order in which they were received.
        at : datetime
            When they were received, aware.

        Returns
        -------
        list of AlertTransition
            To be stored in this order.
        """
        found: list[AlertTransition] = []
        for reading in readings:
            entry = self._entries.get((reading.station_id, reading.instrument_id))
            if entry is None:
                continue
            start = reading.interval.start
            if start > self._heard.get(entry.link, _FIRST):
                self._heard[entry.link] = start
            if not entry.serves(start):
                continue
            if entry.channels:
                found += _leave(entry, reading) if entry.is_late(start) else self._native(entry, reading)
            if entry.hours is not None:
                for value in entry.hours.add(reading.instrument_id, reading, at):
                    found += self.observe_hour(str(reading.network), value)
        return found

    def observe_hour(self, network: str, value: Value) -> Sequence[AlertTransition]:
        """Take the mean of an hour that is over."""
        channel = self._hourly.get(Feed(value.station_id, network, value.parameter, is_hourly=True))
        letter = OVER_RANGE if value.is_at_least else None
        return () if channel is None else channel.observe(value.value, value.start, value.end, letter)

    def move(self, now: datetime, fresh_for: timedelta) -> None:
        """Evaluate what follows at ``now`` (aware): values that end earlier than ``fresh_for`` before it are not fresh (`alerts.stream.fresh`)."""
        for gate in self._gates.values():
            gate.move(now, fresh_for)

    def take_left(self) -> bool:
        """Whether something was left to the pass over stored values since the last call."""
        left = [gate for gate in self._gates.values() if gate.is_left]
        for gate in left:
            gate.is_left = False
        return bool(left)

    def tick(self, now: datetime) -> list[AlertTransition]:
        """Let time pass: `close_hours`, then `silences`."""
        return self.close_hours(now) + self.silences(now)

    def close_hours(self, now: datetime) -> list[AlertTransition]:
        """What hours change for which nothing more is expected.

        Parameters
        ----------
        now : datetime
            Aware; while older messages are read, the moment of the last one.
        """
        found: list[AlertTransition] = []
        for (_, network), hours in self._hours.items():
            for value in hours.close(now):
                found += self.observe_hour(network, value)
        return found

    def silences(self, now: datetime) -> list[AlertTransition]:
        """Silences that begin or end; ``now`` as of `close_hours`."""
        found = self.silent_now(now)
        for change in found:
            self._last[change.alert_key] = change
        return found

    def silent_now(self, now: datetime) -> list[AlertTransition]:
        """Silences that begin or end, without taking note of them."""
        return silence_transitions(self._silences, self._network, self._heard, self._last, now)

    def hear(self, starts: Mapping[tuple[str, str], datetime]) -> None:
        """Take note of readings that another process stored: the start of the newest by (station id, network)."""
        for link, start in starts.items():
            if start > self._heard.get(link, _FIRST):
                self._heard[link] = start

    def adopt(self, statuses: Mapping[str, AlertStatus]) -> list[AlertTransition]:
        """Continue from stored alerts, which another process may have changed; what of that does not hold any more by later values."""
        found: list[AlertTransition] = []
        for key, status in statuses.items():
            self._last[key] = status.transition
            tracked = self._tracked.get(key)
            if tracked is not None:
                found += tracked.adopt(status)
        if statuses:
            for channel in self._channels():
                channel.refresh()
        return found

    def open_machines(self) -> dict[str, Machine]:
        """Machines that are pending or firing, by alert key."""
        return {key: item.machine for key, item in self._tracked.items() if item.is_awake}

    def take_errors(self) -> list[str]:
        """Rules that raised since the last call: alert key, exception and place."""
        found = self._errors[:]
        self._errors.clear()
        return found

    def memory(self) -> CoreMemory:
        """What must be kept over a restart."""
        samplers = {key: item.watch.sampler.memory() for key, item in self._tracked.items()}
        return CoreMemory(
            machines=self.open_machines(),
            samplers={key: kept for key, kept in samplers.items() if kept is not None},
            hours={
                f"{station_id}/{name}": item.current
                for (station_id, _), hours in self._hours.items()
                for name, item in hours.instruments.items()
                if item.current is not None
            },
            heard=[(*link, start) for link, start in self._heard.items()],
            left=[key for key, item in self._tracked.items() if not item.is_known],
        )

    def _restore(self, memory: CoreMemory) -> None:
        for key, machine in memory.machines.items():
            if key in self._tracked:
                self._tracked[key].restore(machine, is_known=key not in memory.left)
        for channel in self._channels():
            channel.refresh()
        for key in memory.samplers.keys() & self._tracked.keys():
            self._restore_sampler(key, memory.samplers[key])
        for (station_id, _), hours in self._hours.items():
            for name, item in hours.instruments.items():
                item.current = memory.hours.get(f"{station_id}/{name}")
        for station_id, network, start in memory.heard:
            self._heard[station_id, network] = start

    def _restore_sampler(self, key: str, kept: object) -> None:
        try:
            self._tracked[key].watch.sampler.restore(kept)
        except msgspec.ValidationError as error:  # the rule of that name has another kind now
            say("alert_memory_left", error, key=key)

    def _native(self, entry: _Entry, reading: Reading) -> list[AlertTransition]:
        found: list[AlertTransition] = []
        start, status, channels = reading.interval.start, reading.status, entry.channels
        end = start + entry.cadence
        for code, value in reading.values.items():
            channel = channels.get(code)
            if channel is not None and (channel.is_watchful or value > channel.high or value < channel.low):
                changes = channel.observe(value, start, end, status.get(code) if status else None)
                if changes:
                    found += changes
        return found

    def _track(self, tracked: Tracked) -> None:
        self._tracked[tracked.watch.subject.alert_key] = tracked
        for feed in tracked.watch.feeds:
            if feed.is_hourly:
                if feed not in self._hourly:
                    self._hourly[feed] = Channel(feed.parameter, (feed.station_id, ""), _UNBOUNDED, self._errors)
                self._hourly[feed].add(tracked)
                continue
            station = self._network.stations[feed.station_id]
            measuring = _measuring(station, feed)
            if feed.parameter == tracked.watch.subject.parameter:
                tracked.sources = len(measuring)
            for item in measuring:
                channels = self._entries[station.id, item.id].channels
                if feed.parameter not in channels:
                    place = (station.id, item.id)
                    channels[feed.parameter] = Channel(
                        feed.parameter, place, physical_range(feed.parameter), self._errors
                    )
                channels[feed.parameter].add(tracked)

    def _collect_hours(self) -> None:
        """Form the means of exactly the channels that rules look at by hours."""
        wanted: dict[tuple[str, str], set[str]] = {}
        for feed in self._hourly:
            wanted.setdefault((feed.station_id, feed.network), set()).add(feed.parameter)
        self._hours: dict[tuple[str, str], StreamedHours] = {}
        for (station_id, network), codes in wanted.items():
            station = self._network.stations[station_id]
            items = {
                item.id: InstrumentHours(item, sorted(codes & set(item.parameters)), station.delay_of(item))
                for item in station.instruments_of(network)
                if codes & set(item.parameters)
            }
            hours = self._hours[station_id, network] = StreamedHours(station_id, items)
            for name in items:
                self._entries[station_id, name].hours = hours

    def _channels(self) -> Iterator[Channel]:
        yield from self._hourly.values()
        for entry in self._entries.values():
            yield from entry.channels.values()


def _measuring(station: Station, feed: Feed) -> list[Instrument]:
    return [item for item in station.instruments_of(feed.network) if feed.parameter in item.parameters]


def _delay_of(station: Station) -> timedelta | None:
    """The longest stated delay of a station; None for a data set."""
    if station.late_window_h == 0:
        return None
    return max((station.delay_of(item) for item in station.instruments), default=timedelta(0))


def _leave(entry: _Entry, reading: Reading) -> Sequence[AlertTransition]:
    """A reading older than the newest one of its instrument says nothing of the present."""
    for code, value in reading.values.items():
        channel = entry.channels.get(code)
        if channel is not None and (channel.is_awake or value > channel.high or value < channel.low):
            entry.gate.is_left = True
    return ()
