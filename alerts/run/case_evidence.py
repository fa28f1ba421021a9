"""What the stored hours say of alerts that are assigned to cases: rises at all stations, winds, fault or event."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from alerts.case.group import AlertRef, CaseAir, ref_of
from alerts.case.life import RANK
from alerts.case.local import COMPARED, ONSET, AlertReach, reach_of
from alerts.case.verdict import UNEMITTED, revised, verdict_by
from ingest.process.guard import is_unexpected, say
from schemas.interval import Interval, floor_hour

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    import pandas as pd

    from analysis.case.event import EventRise
    from qc.verdict.weight import VerdictRule
    from schemas.alert_case import CaseAlert, CaseVerdict
    from schemas.network import Network
    from store.influx.store import InfluxStore

BEFORE = timedelta(days=29)
"""Hours that the usual levels come from."""
BACK = timedelta(hours=36)
"""Rises that ended before it join nothing."""
EVALUATED_FOR = timedelta(hours=2)
"""A verdict is given again with every new hour until the alert is this old; project choice."""
EVALUATED_AFTER = timedelta(minutes=15)
"""Until then an alert that goes on is neither fault nor event: the first reading of a release looks like that of a spike; project choice."""
MOST_VERDICTS = 12
"""Alerts that one round evaluates, the most severe first: an episode of many stations is no fault anyway."""
WIND = ("wind_speed", "wind_direction")


class _Part(NamedTuple):
    """Rises of one parameter of a network at all stations; of those compared with the stations around also all hours, by station."""

    rises: tuple[EventRise, ...]
    hours: pd.DataFrame | None


class StoredEvidence:
    """Evidence of the time-series database; kept between rounds, it reads each hour once.

    Parameters
    ----------
    influx : InfluxStore
    network : Network
    rule : VerdictRule or None
        None: no alert is evaluated.
    """

    def __init__(self, influx: InfluxStore, network: Network, rule: VerdictRule | None) -> None:
        self._influx, self._network, self._rule = influx, network, rule
        self._hour: datetime | None = None
        self._winds: dict[str, pd.DataFrame] = {}
        self._parts: dict[tuple[str, str], _Part] = {}
        self._reach: dict[AlertRef, tuple[datetime, AlertReach]] = {}
        self._verdicts: dict[AlertRef, tuple[datetime, CaseVerdict]] = {}

    def air(self, alerts: Sequence[CaseAlert], now: datetime) -> CaseAir:
        """Rises of the parameters of these alerts at all stations; nothing where there is but one alert, unless it is of O3.

        Raises
        ------
        store.error.StoreError
        """
        values = [item for item in alerts if item.kind.is_of_values]
        wanted = frozenset((item.network, item.parameter) for item in values if item.network and item.parameter)
        if len(values) < 2 and not any(item.parameter in UNEMITTED for item in values):  # noqa: PLR2004 - a pair
            return CaseAir()
        hour = floor_hour(now)
        if hour != self._hour:
            self._hour, self._winds, self._parts = hour, self._read_winds(hour), {}
        for network, code in sorted(wanted - self._parts.keys()):
            self._parts[network, code] = self._read_part(network, code, hour)
        parts = {place: self._parts[place] for place in sorted(wanted)}
        reach = self._reach_of(values, _compared(parts), now)
        return CaseAir(
            rises=tuple(rise for part in parts.values() for rise in part.rises),
            winds=self._winds,
            local=reach.local,
            regional=reach.regional,
        )

    def _reach_of(self, alerts: Sequence[CaseAlert], hours: Mapping[str, pd.DataFrame], now: datetime) -> AlertReach:
        """Reach of the alerts; of each once an hour, until the hours of its begin are over."""
        for item in alerts:
            at, _ = self._reach.get(ref_of(item), (None, None))
            if at is None or at < min(floor_hour(now), floor_hour(item.since) + ONSET):
                found = reach_of([item], hours, self._network.stations, now)
                self._reach[ref_of(item)] = floor_hour(now), found
        self._reach = {ref_of(item): self._reach[ref_of(item)] for item in alerts}
        known = [found for _, found in self._reach.values()]
        return AlertReach(
            frozenset[AlertRef]().union(*(item.local for item in known)),
            frozenset[AlertRef]().union(*(item.regional for item in known)),
        )

    def _read_winds(self, hour: datetime) -> dict[str, pd.DataFrame]:
        winds = self._influx.read_hourly_all("met", hour - BACK, hour, list(WIND))
        return {name: frame for name, frame in winds.items() if set(WIND) <= {*frame.columns}}

    def _read_part(self, network: str, parameter: str, hour: datetime) -> _Part:
        # the analysis takes a second to import: paid by the first alert, not by each start
        import pandas as pd

        from analysis.case.event import find_rises

        frames = self._influx.read_hourly_all(network, hour - BEFORE - BACK, hour, [parameter])
        known = {name: frame[parameter] for name, frame in frames.items() if parameter in frame}
        return _Part(
            rises=tuple(rise for name, frame in frames.items() for rise in find_rises(frame, name, since=hour - BACK)),
            hours=pd.DataFrame(known) if parameter in COMPARED else None,
        )

    def verdicts(self, alerts: Sequence[CaseAlert], now: datetime) -> Mapping[AlertRef, CaseVerdict]:
        """Fault or event of these alerts; one that cannot be evaluated is logged and has none.

        Raises
        ------
        store.error.StoreError
        """
        refs = {ref_of(item) for item in alerts}
        self._verdicts = {ref: found for ref, found in self._verdicts.items() if ref in refs}
        due = [item for item in alerts if self._is_due(item, now)] if self._rule is not None else []
        due.sort(key=lambda item: (not item.is_open, -RANK[item.severity], item.since))
        for alert in due[:MOST_VERDICTS]:
            found = self.verdict(alert, now)
            if found is not None:
                known = self._verdicts.get(ref_of(alert))
                self._verdicts[ref_of(alert)] = floor_hour(now), revised(known[1] if known else None, found)
        return {ref: found for ref, (_, found) in self._verdicts.items()}

    def _is_due(self, alert: CaseAlert, now: datetime) -> bool:
        if not alert.kind.is_of_values or alert.station_id not in self._network.stations:
            return False
        if alert.is_open and now - alert.since < EVALUATED_AFTER:
            return False
        known = self._verdicts.get(ref_of(alert))
        return known is None or (alert.is_open and floor_hour(now) > known[0] and now - alert.since <= EVALUATED_FOR)

    def verdict(self, alert: CaseAlert, now: datetime) -> CaseVerdict | None:
        """Fault or event of one alert by its data so far; None where it cannot be evaluated."""
        from qc.run.verdict import verdict_of

        last = min(alert.until or alert.latest_at or now, now)
        if self._rule is None:
            return None
        try:
            found = verdict_of(
                self._influx,
                self._network,
                self._rule,
                station_id=alert.station_id,
                parameter=alert.parameter or "",
                interval=Interval(alert.since, max(last, alert.since + timedelta(minutes=1))),
                network_code=alert.network,
            )
        except Exception as error:
            if not is_unexpected(error):
                raise
            say("case_verdict_failed", error, place=alert.alert_key)
            return None
        evidence = [(item.name, item.weight) for item in found.evidence]
        return verdict_by(found.probability, evidence, is_fast=self._is_fast(alert))

    def _is_fast(self, alert: CaseAlert) -> bool:
        from qc.verdict.reading import FAST_S

        own = [
            item.cadence_s
            for item in self._network.stations[alert.station_id].instruments
            if alert.parameter in item.parameters and alert.network in {None, item.network.value}
        ]
        return bool(own) and max(own) <= FAST_S


def _compared(parts: Mapping[tuple[str, str], _Part]) -> dict[str, pd.DataFrame]:
    """Hours at all stations of what is compared with the stations around, of whatever network measures it."""
    found: dict[str, pd.DataFrame] = {}
    for (_, code), part in parts.items():
        if part.hours is not None:
            found[code] = part.hours if code not in found else found[code].combine_first(part.hours)
    return found
