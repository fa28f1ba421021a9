"""Cases of the simulator's truth as scenes for `qc.verdict`, made in memory by the checks themselves."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from qc.calibration import doubts, judge_checks
from qc.checks_hourly import flag_hours
from qc.flagging import Stream, flag_native
from qc.hourly import aggregate, merge
from qc.job_calibration import Calibrations
from qc.thresholds import load_thresholds
from qc.verdict_evidence import Scene
from schemas.frames import concat_flags
from schemas.interval import Interval
from sensors.simulator.checks import check_results
from sensors.simulator.faults import apply_faults
from sensors.simulator.province import Province, _rounded
from sensors.simulator.series import simulate_instrument
from sensors.simulator.world import Site

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemas.network import Instrument, Station
    from sensors.simulator import TruthRecord

DAYS = 7
ZONE = ZoneInfo("Asia/Shanghai")
BEGIN = datetime(2026, 5, 1, tzinfo=UTC)
NETWORKS = ("gas", "ghg", "pm", "rad", "met", "voc", "eco")
EVENTS = {"plume": ("gas", "pm25"), "haze": ("gas", "pm25"), "ozone": ("gas", "o3"), "rain": ("rad", "gamma_dose_rate")}
FAULTS = ("stuck", "spike", "drift", "outage", "clock_jump")


class Case(NamedTuple):
    """A scene with what really happened."""

    seed: int
    kind: str
    scene: Scene
    is_event: bool


def week_of(seed: int) -> Week:
    """One simulated week; the season goes by the seed."""
    start = BEGIN + timedelta(days=37 * seed % 360)
    return Week(Province(seed, start, start + timedelta(days=DAYS)))


def cases(seed: int) -> list[Case]:
    """All cases of one simulated week.

    An event that an instrument with a fault of its own sees is left out: both would be true of it.
    """
    week = week_of(seed)
    found = []
    for record in week.truth.records:
        if record.kind in EVENTS:
            network, code = EVENTS[record.kind]
            found += [
                Case(seed, record.kind, scene, is_event=True) for scene in week.event_scenes(record, network, code)
            ]
        elif record.kind in FAULTS:
            found.append(Case(seed, record.kind, week.fault_scene(record), is_event=False))
    return found


class Week:
    """Readings, hours, flags and truth of a province."""

    def __init__(self, province: Province) -> None:
        self.province = province
        self.truth = province.truth()
        self.native: dict[tuple[str, str], pd.DataFrame] = {}
        self.hours: dict[str, dict[str, pd.DataFrame]] = {name: {} for name in NETWORKS}
        self.flags: dict[str, list[pd.DataFrame]] = defaultdict(list)
        self._thresholds = load_thresholds()
        for network in NETWORKS:
            calibrations = self._calibrations(network)
            for station in province.stations:
                self._station(station, network, calibrations)

    def event_scenes(self, record: TruthRecord, network: str, code: str) -> Iterator[Scene]:
        """One scene for each station of the network that the event concerns."""
        for station in self.province.stations:
            if record.station_id in (None, station.id) and station.instruments_of(network):
                yield self._scene(station, station.instruments_of(network)[0], code, record)

    def is_faulty(self, scene: Scene) -> bool:
        """Whether a fault other than the nightly calibration touches the scene."""
        return any(
            fault.kind.value in FAULTS
            and fault.station_id == scene.station.id
            and fault.parameter in (None, scene.parameter)
            and fault.interval.start < scene.interval.end
            and fault.interval.end > scene.interval.start
            for fault in self.province.faults
        )

    def fault_scene(self, record: TruthRecord) -> Scene:
        """The faulty channel; of a fault of the whole instrument its first one."""
        station = next(item for item in self.province.stations if item.id == record.station_id)
        instrument = next(item for item in station.instruments if item.id == record.instrument_id)
        return self._scene(station, instrument, record.parameter or instrument.parameters[0], record)

    def _scene(self, station: Station, instrument: Instrument, code: str, record: TruthRecord) -> Scene:
        start, end = record.start, max(record.end, record.start + timedelta(seconds=instrument.cadence_s))
        flags = concat_flags(self.flags[station.id])
        inside = flags["parameter"].eq(code) & flags["start"].ge(start - timedelta(hours=1)) & flags["start"].lt(end)
        native = self.native[station.id, instrument.id]
        return Scene(
            station=station,
            parameter=code,
            interval=Interval(start, end),
            hours=self.hours[instrument.network],
            stations=[item for item in self.province.stations if item.instruments_of(instrument.network)],
            met=self.hours["met"],
            met_stations=[item for item in self.province.stations if item.instruments_of("met")],
            flags=flags[inside],
            native=native[(native.index >= start) & (native.index < end)],
            cadence_s=instrument.cadence_s,
        )

    def _calibrations(self, network: str) -> Calibrations:
        period = (self.province.start, self.province.end)
        results = [
            item
            for station in self.province.stations
            for instrument in station.instruments_of(network)
            for item in check_results(
                self.province.seed, station, instrument, self._faults(station, instrument), period
            )
        ]
        found = defaultdict(list)
        for item in doubts(judge_checks(results, self._thresholds, ZONE)):
            found[item.station_id, item.instrument_id, item.parameter].append(item)
        return Calibrations(found, {})

    def _faults(self, station: Station, instrument: Instrument) -> tuple:
        return tuple(
            item
            for item in self.province.faults
            if (item.station_id, item.instrument_id) == (station.id, instrument.id)
        )

    def _station(self, station: Station, network: str, calibrations: Calibrations) -> None:
        parts = []
        for instrument in station.instruments_of(network):
            native = self._native(station, instrument)
            self.native[station.id, instrument.id] = native
            stream = Stream(
                network=network,
                station_id=station.id,
                instrument_id=instrument.id,
                cadence_s=instrument.cadence_s,
                zone=ZONE,
            )
            flagged = calibrations.judge(flag_native(native, stream, self._thresholds), native, stream)
            self.flags[station.id].append(flagged.records)
            hours = pd.date_range(self.province.start, self.province.end, freq="h", inclusive="left", unit="us")
            parts.append(aggregate(native, flagged.combined, hours.rename("start"), cadence_s=instrument.cadence_s))
        if parts:
            made = flag_hours(merge(parts), self._thresholds, network=network, station_id=station.id, zone=ZONE)
            self.hours[network][station.id] = made.hourly
            self.flags[station.id].append(made.records)

    def _native(self, station: Station, instrument: Instrument) -> pd.DataFrame:
        """What the collector would have stored of an instrument."""
        starts = np.arange(
            self.province.start.timestamp(),
            self.province.end.timestamp() - instrument.cadence_s + 0.5,
            instrument.cadence_s,
        )
        clean = simulate_instrument(Site(self.province._world, station), instrument, starts)  # noqa: SLF001
        series = apply_faults(starts, clean, self._faults(station, instrument))
        measured = series.values  # noqa: PD011 - a dict, no frame
        frame = pd.DataFrame({name: _rounded(name, measured[name]) for name in instrument.parameters})
        for name, letters in series.status.items():
            frame[f"{name}__status"] = pd.Series(letters, dtype=object).reindex(frame.index)
        frame.index = pd.DatetimeIndex((series.stamped * 1e6).astype("datetime64[us]"), name="start").tz_localize("UTC")
        frame = frame[series.produced]
        return frame[~frame.index.duplicated(keep="last")].sort_index()
