"""Windows of a simulated week in which something happens: which channel, from when to when, and whether it is noticed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from bench.verdict.plan import FIRST_H, HOUR_S
from qc.robust import MAD_TO_SIGMA
from qc.verdict.kin import family
from schemas.parameter import parameter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.verdict.flaw import Flaw
    from bench.verdict.release import Release
    from bench.verdict.week import PlannedWeek, Week
    from schemas.network import Instrument, Station
    from sensors.simulator import TruthRecord

HOUR = timedelta(hours=1)
FAULTS = ("stuck", "spike", "drift", "outage", "clock_jump")
_OF_PLUME = ("pm25", "so2", "benzene", "vanadium", "nickel")
_OF_EVENT = {"haze": ("pm25",), "ozone": ("o3",), "rain": ("gamma_dose_rate",), "plume": _OF_PLUME}
REGIONAL = {
    "haze": (
        ("gas", "pm25"),
        ("gas", "pm10"),
        ("pm", "pm25"),
        ("pm", "nitrate"),
        ("pm", "sulfate"),
        ("pm", "ammonium"),
    ),
    "ozone": (("gas", "o3"),),
    "washout": (("rad", "gamma_dose_rate"),),
}
_REGIONAL_CASES = {"haze": 14, "ozone": 12, "washout": 8}
_NOTICED, _LEVELS = 4.0, 0.8


class Window(NamedTuple):
    """A channel of a station over an interval: the subject of a case."""

    station: Station
    instrument: Instrument
    code: str
    start: datetime
    end: datetime


def between(frame: pd.DataFrame, first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
    """Rows in ``[first, last)``."""
    low, high = frame.index.searchsorted([first, last])
    return frame.iloc[low:high]


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def plume_windows(week: PlannedWeek, release: Release, rng: np.random.Generator) -> Iterator[Window]:
    """Up to three channels of different instruments that a release raises (or, of ozone, lowers)."""
    station = next(item for item in week.stations if item.id == release.station_id)
    found = []
    for instrument in station.instruments:
        added, clean = week.excess[station.id, instrument.id], week.clean[station.id, instrument.id]
        inside = added[(added.index >= pd.Timestamp(_at(release.start)).floor("h")) & (added.index < _at(release.end))]
        noticed = [
            code for code in instrument.parameters if len(inside) and _is_noticed(inside[code], clean[code], code)
        ]
        if noticed:
            code = noticed[int(rng.integers(len(noticed)))]
            found.append((instrument, code, inside[code].abs()))
    order = rng.permutation(len(found))[: 3 if release.is_target else 1]
    for position in order:
        instrument, code, excess = found[int(position)]
        high = excess.index[excess >= 0.4 * excess.max()]
        first, last = high[0], high[-1] + pd.Timedelta(hours=1)
        hours = int((last - first) / pd.Timedelta(hours=1))
        length = int(rng.choice([1, 2, hours], p=[0.25, 0.2, 0.55]))
        end = first + pd.Timedelta(hours=min(length, hours))
        yield Window(station, instrument, code, first.to_pydatetime(), end.to_pydatetime())


def _is_hazy(week: PlannedWeek, window: Window) -> bool:
    """Whether haze fills a quarter of the case, and the parameter is one that it raises."""
    haze = week.plan.world.events.haze
    if haze is None or family(window.code) is None:
        return False
    overlap = min(haze.end, window.end) - max(haze.start, window.start)
    return overlap > (window.end - window.start) / 4


def is_unusual(week: PlannedWeek, window: Window) -> bool:
    """Whether an hour is above or below all but a few of the two days before; else it raises no question."""
    native = week.native[window.station.id, window.instrument.id][window.code].astype(float)
    start = pd.Timestamp(window.start)
    inside = between(native.to_frame(), start, pd.Timestamp(window.end))[window.code]
    before = between(native.to_frame(), start - pd.Timedelta(hours=48), start)[window.code]
    hours = [item.groupby(pd.DatetimeIndex(item.index).floor("h")).mean() for item in (before, inside)]
    if hours[0].empty or hours[1].empty:
        return False
    low, high = hours[0].quantile([0.04, 0.96])
    return bool(hours[1].max() > high or hours[1].min() < low)


def _spread(clean: pd.Series) -> float:
    """Robust standard deviation of hours about their running median of a day, unit of the hours."""
    return MAD_TO_SIGMA * float((clean - clean.rolling(25, center=True, min_periods=8).median()).abs().median())


def _is_noticed(excess: pd.Series, clean: pd.Series, code: str) -> bool:
    if code in {"rain", "wind_direction"}:
        return False
    floor = max(_NOTICED * _spread(clean), _LEVELS * float(clean.median()), 5 * 10.0 ** -parameter(code).decimals)
    return bool((excess.abs() >= np.maximum(floor, _LEVELS * clean.reindex(excess.index))).any())


def regional_windows(week: PlannedWeek, kind: str, rng: np.random.Generator) -> Iterator[Window]:
    """A few channels at random that a regional event raises, each over a part of it."""
    event = getattr(week.plan.world.events, {"washout": "rain"}.get(kind, kind))
    if event is None:
        return
    ramp = {"haze": 6, "ozone": 1, "washout": 1}[kind]
    first = max(event.start + ramp * HOUR, week.start + timedelta(hours=FIRST_H))
    last = min(event.end - (ramp // 2) * HOUR, week.end)
    span = int((last - first) / HOUR)
    channels = [
        (station, instrument, code)
        for station in week.stations
        for network, code in REGIONAL[kind]
        for instrument in station.instruments_of(network)
        if code in instrument.parameters
    ]
    if span < 1:
        return
    for position in rng.permutation(len(channels))[: _REGIONAL_CASES[kind]]:
        station, instrument, code = channels[int(position)]
        length = int(min(span, np.exp(rng.uniform(0, np.log(max(2, span))))))
        start = first + int(rng.integers(0, span - length + 1)) * HOUR
        if kind != "washout" or _has_rained(week, station, start, start + length * HOUR):
            yield Window(station, instrument, code, start, start + length * HOUR)


def _has_rained(week: Week, station: Station, start: datetime, end: datetime) -> bool:
    rain = week.hours["rad"][station.id]["rain"]
    inside = (rain.index >= start - HOUR) & (rain.index < end)
    return bool(rain[inside].sum() >= 2.0)


def fault_window(week: PlannedWeek, flaw: Flaw, rng: np.random.Generator) -> Window | None:
    """The channel and time by which a fault is found; None where it shows nothing."""
    station = next(item for item in week.stations if item.id == flaw.station_id)
    instrument = next(item for item in station.instruments if item.id == flaw.instrument_id)
    codes = [flaw.parameter] if flaw.parameter else _moved(week, flaw, instrument)
    if not codes:
        return None
    code = codes[int(rng.integers(len(codes)))]
    hour = HOUR_S * np.floor(flaw.start / HOUR_S)
    latest = min(flaw.end, week.end.timestamp())
    length = float(np.exp(rng.uniform(np.log(1), np.log(12))))
    if flaw.kind == "drift":
        length = float(rng.uniform(40, 100))
        hour = max(latest - (length + float(rng.uniform(0, 24))) * HOUR_S, week.start.timestamp() + FIRST_H * HOUR_S)
    elif flaw.kind == "stuck":
        hour += HOUR_S * float(rng.integers(1, 3))
        length = max(length, 3.0)
    elif flaw.kind == "spike":
        length = 1.0
    elif flaw.kind == "calibration" and flaw.is_seen:
        # from the first night on, when a check shows it
        hour += 25 * HOUR_S
    hour = HOUR_S * np.floor(hour / HOUR_S)
    end = min(hour + HOUR_S * max(1.0, np.floor(length)), HOUR_S * np.ceil(latest / HOUR_S))
    if end <= hour:
        return None
    window = Window(station, instrument, code, _at(hour), _at(end))
    return window if _is_noticeable(week, window, flaw) else None


def _is_noticeable(week: PlannedWeek, window: Window, flaw: Flaw) -> bool:
    if flaw.kind in {"step", "spike"} and not is_unusual(week, window):
        return False
    if flaw.kind == "drift" and _is_hazy(week, window):
        return False
    return _has_readings(week, window, flaw) and _shows(week, window, flaw)


def _moved(week: PlannedWeek, flaw: Flaw, instrument: Instrument) -> list[str]:
    """Channels of an instrument that can raise a question: those with values, not those that are zero by nature."""
    clean = week.clean[flaw.station_id, instrument.id]
    codes = [code for code in instrument.parameters if code not in {"rain", "wind_direction"}]
    if flaw.variant == "span":
        codes = [code for code in codes if code in {"so2", "no", "no2", "co", "o3"}]
    return [code for code in codes if float(clean[code].abs().median()) > 20 * 10.0 ** -parameter(code).decimals]


def _has_readings(week: Week, window: Window, flaw: Flaw) -> bool:
    native = week.native[window.station.id, window.instrument.id]
    return flaw.kind == "outage" or len(between(native, pd.Timestamp(window.start), pd.Timestamp(window.end))) > 0


def _shows(week: PlannedWeek, window: Window, flaw: Flaw) -> bool:
    """Whether the fault changes the stored values noticeably; a small one is no case."""
    if flaw.kind in {"clock", "outage"}:
        return True
    clean = week.clean[window.station.id, window.instrument.id][window.code]
    native = week.native[window.station.id, window.instrument.id][window.code]
    measured = native.groupby(pd.DatetimeIndex(native.index).floor("h")).mean()
    inside = (clean.index >= window.start) & (clean.index < window.end)
    if flaw.kind == "stuck":
        return float(clean[inside].std()) > 3 * 10.0 ** -parameter(window.code).decimals
    change = (measured.reindex(clean.index)[inside] - clean[inside]).abs()
    floor = 5 * 10.0 ** -parameter(window.code).decimals
    return float(change.max()) >= max(2.5 * _spread(clean), 0.25 * float(clean.abs().median()), floor)


def is_faulty(week: PlannedWeek, window: Window) -> bool:
    """Whether the channel has a fault within the window."""
    return any(
        flaw.station_id == window.station.id
        and flaw.instrument_id == window.instrument.id
        and flaw.parameter in {None, window.code}
        and _at(flaw.start) < window.end
        and _at(flaw.end) > window.start
        for flaw in week.plan.flaws
    )


def has_release(week: PlannedWeek, window: Window) -> bool:
    """Whether a release is noticed at the channel within the window."""
    excess = week.excess.get((window.station.id, window.instrument.id))
    if excess is None:
        return False
    inside = excess[window.code][(excess.index >= window.start) & (excess.index < window.end)]
    return bool(len(inside)) and _is_noticed(
        inside, week.clean[window.station.id, window.instrument.id][window.code], window.code
    )


def province_windows(week: Week, record: TruthRecord) -> Iterator[Window]:
    """Channels and times of one record of the province's truth."""
    if record.kind in _OF_EVENT:
        for station in week.stations:
            if record.station_id in {None, station.id}:
                yield from (
                    Window(station, instrument, code, record.start, record.end)
                    for instrument in station.instruments
                    for code in _OF_EVENT[record.kind]
                    if code in instrument.parameters
                )
    elif record.kind in FAULTS:
        station = next(item for item in week.stations if item.id == record.station_id)
        instrument = next(item for item in station.instruments if item.id == record.instrument_id)
        end = max(record.end, record.start + timedelta(seconds=instrument.cadence_s))
        yield Window(station, instrument, record.parameter or instrument.parameters[0], record.start, end)


def is_province_faulty(week: Week, window: Window) -> bool:
    """As `is_faulty`, for the province."""
    return any(
        fault.kind.value in FAULTS
        and (fault.station_id, fault.instrument_id) == (window.station.id, window.instrument.id)
        and fault.parameter in {None, window.code}
        and fault.interval.start < window.end
        and fault.interval.end > window.start
        for fault in week.province.faults
    )
