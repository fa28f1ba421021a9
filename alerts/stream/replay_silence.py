"""Silences of stored readings, by the rules of the watch; nothing is stored."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from alerts.rules.silence import Allowance, silence_of
from alerts.rules.table import AlertRules
from alerts.stream.core import Core

if TYPE_CHECKING:
    from collections.abc import Callable

    from alerts.rules.silence import SilenceRule
    from schemas.alert import AlertTransition
    from schemas.network import Network, Station
    from store.influx.store import InfluxStore

DAY = timedelta(days=1)
TICK = timedelta(seconds=5)
"""As often as the watch looks for silences."""


class SilenceReplay:
    """Silences of stored readings; between two readings that are no longer apart than allowed nothing can begin.

    Attributes
    ----------
    starts : dict of (str, str) to (datetime, datetime)
        First and last reading of a network of a station.
    """

    def __init__(self, influx: InfluxStore, network: Network, rules: tuple[SilenceRule, ...]) -> None:
        self._influx, self._network, self._rules = influx, network, rules
        self.starts: dict[tuple[str, str], tuple[datetime, datetime]] = {}
        self._gaps: dict[tuple[str, str], list[tuple[datetime, datetime]]] = {}

    def run(self, start: datetime, end: datetime, progress: Callable[[int, int], None]) -> list[AlertTransition]:
        """Begins and ends of silences; a link is known from its first reading in the period on."""
        edges = edges_of(start, end)
        for number, (first, last) in enumerate(pairwise(edges), 1):
            self._read(first, last)
            progress(number, len(edges) - 1)
        core = Core(AlertRules(items=self._rules), self._network, {})
        found: list[AlertTransition] = []
        for moment in sorted(self._moments(end)):
            core.hear(self._newest(moment))
            found += core.silences(moment)
        return found

    def _read(self, begin: datetime, end: datetime) -> None:
        for network, stations in self._links().items():
            codes = sorted(
                {code for item in stations for own in item.instruments_of(network) for code in own.parameters}
            )
            names = [item.id for item in stations]
            times: dict[str, list[pd.DatetimeIndex]] = {}
            for (station_id, _), frame in self._influx.read_native_many(network, names, begin, end, codes).items():
                times.setdefault(station_id, []).append(pd.DatetimeIndex(frame.index))
            for station_id, own in times.items():
                joined = pd.DatetimeIndex(own[0].append(own[1:]) if len(own) > 1 else own[0]).unique().sort_values()
                self._note((station_id, network), joined)

    def _note(self, link: tuple[str, str], times: pd.DatetimeIndex) -> None:
        """Gaps that are longer than the shortest time that any rule allows."""
        first, last = times[0].to_pydatetime(), times[-1].to_pydatetime()
        if link in self.starts:
            before = self.starts[link]
            self.starts[link] = (before[0], last)
            times = times.insert(0, pd.Timestamp(before[1]))
        else:
            self.starts[link] = (first, last)
        apart = np.flatnonzero(np.diff(times.to_numpy()) > np.timedelta64(self._shortest(link)))
        self._gaps.setdefault(link, []).extend(
            (times[place].to_pydatetime(), times[place + 1].to_pydatetime()) for place in apart.tolist()
        )

    def _shortest(self, link: tuple[str, str]) -> timedelta:
        cadence = self._cadence(link)
        return min(Allowance(rule.cadences, rule.min_minutes).duration(cadence, timedelta(0)) for rule in self._rules)

    def _cadence(self, link: tuple[str, str]) -> timedelta:
        own = self._network.stations[link[0]].instruments_of(link[1])
        return timedelta(seconds=max((item.cadence_s for item in own), default=0))

    def _links(self) -> dict[str, list[Station]]:
        found: dict[str, list[Station]] = {}
        for station in self._network.station_list:
            covering = [rule for rule in self._rules if rule.covers(station)]
            for network in {str(item.network) for item in station.instruments}:
                if any(not rule.networks or network in rule.networks for rule in covering):
                    found.setdefault(network, []).append(station)
        return found

    def _moments(self, end: datetime) -> set[datetime]:
        """When silences begin, by rule, and when readings end them."""
        found: set[datetime] = set()
        for (station_id, network), (_, last) in self.starts.items():
            station = self._network.stations[station_id]
            for start, following in [*self._gaps.get((station_id, network), ()), (last, None)]:
                for rule in self._rules:
                    silence = silence_of(station, network, start, rule, start)
                    if silence is not None:
                        found.add(silence.expires + TICK)
                if following is not None:
                    found.add(following + self._cadence((station_id, network)))
        return {item for item in found if item < end}

    def _newest(self, moment: datetime) -> dict[tuple[str, str], datetime]:
        """Start of the newest reading of each link at a moment; outside gaps the last one that can have ended."""
        found = {}
        for link, (first, last) in self.starts.items():
            if first > moment:
                continue
            cadence = self._cadence(link)
            newest = min(max(moment - cadence, first), last)
            for start, following in self._gaps.get(link, ()):
                if start <= newest < following:
                    newest = start
            found[link] = newest
        return found


def edges_of(start: datetime, end: datetime) -> list[datetime]:
    """Edges of the spans of 24 h of a period, the last of which may be shorter.

    Examples
    --------
    >>> from datetime import UTC
    >>> [item.day for item in edges_of(datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 5, 3, 6, tzinfo=UTC))]
    [1, 2, 3, 3]
    """
    count = max(-(-(end - start) // DAY), 1)
    return [*(start + number * DAY for number in range(count)), max(end, start)]
