"""A simulated week as the store would have it: readings, hours, flags of every station, made in memory by the checks themselves."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from bench.verdict.flaw import Flaw, damage, seen_in_checks
from bench.verdict.plan import Plan, PlannedSite, start_of
from bench.verdict.release import GREENHOUSE, Release
from qc.calibration.applied import Calibrations
from qc.calibration.check import evaluate_checks, flagged_periods
from qc.hourly.context import HourlyContext
from qc.hourly.flagging import flag_hours
from qc.hourly.mean import aggregate, merge
from qc.native.runner import flag_native
from qc.native.series import Stream
from qc.run.limits import load_thresholds
from schemas.message import NetworkCode
from sensors.simulator.checks import check_results
from sensors.simulator.faults import FaultKind, FaultySeries, InstrumentFault, apply_faults, plan_faults
from sensors.simulator.layout import kind_of
from sensors.simulator.province import Province, _rounded
from sensors.simulator.series import simulate_instrument
from sensors.simulator.stream import generator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from schemas.calibration import CheckResult
    from schemas.network import Instrument, Station

ZONE = ZoneInfo("Asia/Shanghai")
NETWORKS = tuple(code.value for code in NetworkCode)


def province_week(seed: int) -> Week:
    """A week of the simulator's province, as the demo has it; the season goes by the seed."""
    start = start_of(seed)
    return Week(Province(seed, start, start + timedelta(days=7)))


class Week:
    """Readings, hours and flags of a province, and what happened in it."""

    def __init__(self, province: Province) -> None:
        self.province = province
        self.truth = province.truth()
        self._make(province.seed, (province.start, province.end), province.stations)

    def _make(self, seed: int, span: tuple[datetime, datetime], stations: Sequence[Station]) -> None:
        self.seed, (self.start, self.end), self.stations = seed, span, tuple(stations)
        self.native: dict[tuple[str, str], pd.DataFrame] = {}
        self.hours: dict[str, dict[str, pd.DataFrame]] = {name: {} for name in NETWORKS}
        self.flags: dict[str, list[pd.DataFrame]] = defaultdict(list)
        self._thresholds = load_thresholds()
        for network in NETWORKS:
            calibrations = self._calibrations(network)
            for station in self.stations:
                self._station(station, network, calibrations)

    def _calibrations(self, network: str) -> Calibrations:
        results = [
            item
            for station in self.stations
            for instrument in station.instruments_of(network)
            for item in self._checks(station, instrument)
        ]
        found = defaultdict(list)
        for item in flagged_periods(evaluate_checks(results, self._thresholds, ZONE)):
            found[item.station_id, item.instrument_id, item.parameter].append(item)
        return Calibrations(found, {})

    def _station(self, station: Station, network: str, calibrations: Calibrations) -> None:
        parts = []
        for instrument in station.instruments_of(network):
            native = self._native(station, instrument)
            self.native[station.id, instrument.id] = native
            stream = Stream.of(station.id, instrument, ZONE)
            flagged = calibrations.flag(flag_native(native, stream, self._thresholds), native, stream)
            self.flags[station.id].append(flagged.records.assign(network=network))
            hours = pd.date_range(self.start, self.end, freq="h", inclusive="left", unit="us")
            parts.append(aggregate(native, flagged.combined, hours.rename("start"), cadence_s=instrument.cadence_s))
        if parts:
            made = flag_hours(
                HourlyContext(merge(parts), self._thresholds, network=network, station_id=station.id, zone=ZONE)
            )
            self.hours[network][station.id] = made.hourly
            self.flags[station.id].append(made.records.assign(network=network))

    def _native(self, station: Station, instrument: Instrument) -> pd.DataFrame:
        """What the collector would have stored of an instrument."""
        first = -(-self.start.timestamp() // instrument.cadence_s) * instrument.cadence_s
        starts = np.arange(first, self.end.timestamp() - instrument.cadence_s + 0.5, instrument.cadence_s)
        series = self._series(station, instrument, starts)
        frame = pd.DataFrame({name: _rounded(name, series.values[name]) for name in instrument.parameters})  # noqa: PD011
        for name, letters in series.status.items():
            frame[f"{name}__status"] = pd.Series(letters, dtype=object).reindex(frame.index)
        frame.index = pd.DatetimeIndex((series.stamped * 1e6).astype("datetime64[us]"), name="start").tz_localize("UTC")
        frame = frame[series.produced]
        return frame[~frame.index.duplicated(keep="last")].sort_index()

    def _series(self, station: Station, instrument: Instrument, starts: np.ndarray) -> FaultySeries:
        _ = starts
        return self.province.series(station, instrument)

    def _checks(self, station: Station, instrument: Instrument) -> list[CheckResult]:
        own = tuple(
            item
            for item in self.province.faults
            if (item.station_id, item.instrument_id) == (station.id, instrument.id)
        )
        return check_results(self.seed, station, instrument, own, (self.start, self.end))


class PlannedWeek(Week):
    """The same of a planned week.

    Attributes
    ----------
    excess : dict of (station id, instrument id) to DataFrame
        What the releases add to the readings, by the hour [canonical unit].
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.excess: dict[tuple[str, str], pd.DataFrame] = {}
        self.clean: dict[tuple[str, str], pd.DataFrame] = {}
        self._nights = [
            item
            for item in plan_faults(plan.seed, plan.world.start, plan.world.end)
            if item.kind is FaultKind.CALIBRATION
        ]
        self._make(plan.seed, (plan.world.start, plan.world.end), plan.stations)

    def _series(self, station: Station, instrument: Instrument, starts: np.ndarray) -> FaultySeries:
        plan = self.plan
        releases = tuple(item for item in plan.releases if item.station_id == station.id)
        clean = self._simulated(station, instrument, starts, ())
        key = station.id, instrument.id
        self.clean[key] = _hourly(starts, clean)
        if releases:
            met = self._simulated(station, instrument, starts, releases)
            self.excess[key] = _hourly(starts, met) - self.clean[key]
            clean = met
        series = apply_faults(starts, clean, self._night(station, instrument))
        rng = generator(plan.seed, "flaws", *key)
        for flaw in self._flaws(station, instrument):
            damage(series, flaw, rng)
        series.stamped[:] += plan.phases.get(key, 0.0)
        return series

    def _simulated(
        self, station: Station, instrument: Instrument, starts: np.ndarray, releases: tuple[Release, ...]
    ) -> dict[str, np.ndarray]:
        site = PlannedSite(self.plan.world, station, instrument=instrument.id, releases=releases)
        found = simulate_instrument(site, instrument, starts)
        for release in releases:
            for code, share in GREENHOUSE.get(release.kind, {}).items():
                if code in found and kind_of(instrument) == "ghg":
                    found[code] = found[code] + share * release.at(starts + instrument.cadence_s / 2)
        return found

    def _night(self, station: Station, instrument: Instrument) -> tuple[InstrumentFault, ...]:
        return tuple(
            item for item in self._nights if (item.station_id, item.instrument_id) == (station.id, instrument.id)
        )

    def _flaws(self, station: Station, instrument: Instrument) -> list[Flaw]:
        return [
            item for item in self.plan.flaws if (item.station_id, item.instrument_id) == (station.id, instrument.id)
        ]

    def _checks(self, station: Station, instrument: Instrument) -> list[CheckResult]:
        own = self._night(station, instrument)
        return seen_in_checks(
            check_results(self.seed, station, instrument, own, (self.start, self.end)), self._flaws(station, instrument)
        )


def _hourly(starts: np.ndarray, values: dict[str, np.ndarray]) -> pd.DataFrame:
    index = pd.DatetimeIndex((starts * 1e6).astype("datetime64[us]")).tz_localize("UTC")
    return pd.DataFrame(values, index=index).groupby(index.floor("h")).mean()
