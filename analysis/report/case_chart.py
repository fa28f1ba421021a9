"""What the picture of a case file draws: the parameter, its usual range, the other stations, and the wind. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd

from analysis.case.case_file import Basis
from schemas.frames import parameters_in, valid_values

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from schemas.interval import Interval
    from schemas.network import Station

HOUR = timedelta(hours=1)
BEFORE, AFTER = timedelta(hours=36), timedelta(hours=12)
"""Hours that are drawn around the event."""
MINUTES_BEFORE = timedelta(hours=4)
"""Drawn before an event that is known from minutes only."""
STEP = timedelta(minutes=5)
"""Minutes are drawn as means of this length."""
MOST_NEIGHBOURS = 6
USUAL = (0.1, 0.9)
"""Quantiles of the usual range."""
_LEAST_DAYS, _LEAST_HOURS = 5, 120
"""Values of one hour of day, or of all hours, from which on a usual range is given: that of three days spans all of them. Project choice."""

Numbers = tuple[float | None, ...]


class StationMark(msgspec.Struct, frozen=True, kw_only=True):
    """A station on the map.

    Attributes
    ----------
    excess : float or None
        Mean of the event above the median of the days before, unit of the parameter; None where it is not known.
    """

    id: str
    name_zh: str
    name_en: str
    lon: float
    lat: float
    excess: float | None


class CaseChart(msgspec.Struct, frozen=True, kw_only=True):
    """Series around an event on equal steps; None where missing.

    Attributes
    ----------
    unit : str
        Of ``values``, ``neighbours``, ``threshold`` and the usual range.
    start : datetime
        UTC, of the first step.
    step_s : int
        Length of a step [s].
    threshold : float or None
        None for a parameter without one.
    usual_low, usual_high : tuple of float or None
        10 and 90 % quantile of the days before at the same hour of day (of all hours where these are few).
    neighbours : dict
        The same parameter at the nearest stations, by station id.
    wind_speed_m_s, wind_from_deg : tuple of float or None
        At the station, or at the nearest one with wind.
    marks : tuple of StationMark
        The station of the case first.
    """

    unit: str
    start: datetime
    step_s: int
    threshold: float | None
    values: Numbers
    usual_low: Numbers
    usual_high: Numbers
    neighbours: dict[str, Numbers]
    wind_speed_m_s: Numbers
    wind_from_deg: Numbers
    marks: tuple[StationMark, ...]

    def __post_init__(self) -> None:
        """Raise `ValueError` for series of unequal length or a step that is not above zero: they cannot be drawn."""
        series = (self.usual_low, self.usual_high, self.wind_speed_m_s, self.wind_from_deg, *self.neighbours.values())
        if self.step_s <= 0 or any(len(item) != len(self.values) for item in series):
            msg = "expected series of equal length and a step above 0 s"
            raise ValueError(msg)

    @property
    def step(self) -> timedelta:
        """Length of a step."""
        return timedelta(seconds=self.step_s)


def case_chart(  # noqa: PLR0913 - the data of a case, each by name
    station: Station,
    parameter: str,
    stations: Mapping[str, Station],
    *,
    hourly: Mapping[str, pd.DataFrame],
    minute: Mapping[str, pd.DataFrame],
    window: Interval,
    basis: Basis,
    unit: str,
    threshold: float | None,
    zone: ZoneInfo,
) -> CaseChart:
    """Cut what is drawn from the data of a case.

    Parameters
    ----------
    station : Station
        Of the case.
    parameter : str
    stations : mapping of str to Station
        In reach, nearest first.
    hourly, minute : mapping of station id to DataFrame
        Hourly frames (`schemas.frames`) and plain minute frames, index UTC starts, canonical units.
    window : Interval
        The event.
    basis : Basis
        What the case was computed from; of minutes, means over 5 min are drawn.
    unit : str
        Of the parameter.
    threshold : float or None
    zone : ZoneInfo
        Of the hour of day.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from zoneinfo import ZoneInfo
    >>> from schemas.interval import Interval
    >>> from schemas.network import Station
    >>> place = Station(id="a", name_zh="甲", name_en="A", lon=123.4, lat=41.8, instruments=())
    >>> index = pd.date_range("2026-05-01", periods=144, freq="h", tz="UTC", name="start")
    >>> hours = pd.DataFrame({"so2": [10.0] * 138 + [60.0] * 6}, index=index)
    >>> window = Interval(datetime(2026, 5, 6, 18, tzinfo=UTC), datetime(2026, 5, 7, tzinfo=UTC))
    >>> drawn = case_chart(place, "so2", {"a": place}, hourly={"a": hours}, minute={}, window=window, basis=Basis.HOURLY,
    ...                    unit="ug/m3", threshold=None, zone=ZoneInfo("Asia/Shanghai"))
    >>> drawn.marks[0].excess, len(drawn.values), drawn.usual_high[-1]
    (50.0, 42, 10.0)
    """
    is_minute = basis is Basis.MINUTE and station.id in minute
    index = _minute_index(window) if is_minute else _hour_index(window, hourly.get(station.id))
    step = STEP if is_minute else HOUR
    near = [item for item in stations if item != station.id and _has(hourly.get(item), parameter)]

    def cut(station_id: str, code: str) -> Numbers:
        return _plain(_steps(minute if is_minute else hourly, station_id, code, index, is_minute=is_minute))

    windy = next((item for item in (station.id, *stations) if _has(hourly.get(item), "wind_direction")), station.id)
    low, high = _usual(hourly.get(station.id), parameter, window.start, index, zone)
    marks = (_mark(item, parameter, hourly, minute, window) for item in _station_first(station, stations))
    return CaseChart(
        unit=unit,
        start=index[0].to_pydatetime(),
        step_s=int(step.total_seconds()),
        threshold=threshold,
        values=cut(station.id, parameter),
        usual_low=low,
        usual_high=high,
        neighbours={item: cut(item, parameter) for item in near[:MOST_NEIGHBOURS]},
        wind_speed_m_s=cut(windy, "wind_speed"),
        wind_from_deg=cut(windy, "wind_direction"),
        marks=tuple(item for item in marks if item is not None),
    )


def _hour_index(window: Interval, own: pd.DataFrame | None) -> pd.DatetimeIndex:
    start, end = pd.Timestamp(window.start).floor("h"), pd.Timestamp(window.end).ceil("h")
    last = end if own is None or own.empty else max(end, pd.Timestamp(own.index[-1]) + HOUR)
    return pd.date_range(start - BEFORE, min(end + AFTER, last), freq="h", inclusive="left")


def _minute_index(window: Interval) -> pd.DatetimeIndex:
    first = pd.Timestamp(window.start).floor(STEP) - MINUTES_BEFORE
    return pd.date_range(first, pd.Timestamp(window.end).ceil(STEP), freq=STEP, inclusive="left")


def _has(frame: pd.DataFrame | None, code: str) -> bool:
    return frame is not None and code in frame and bool(frame[code].notna().any())


def _steps(
    frames: Mapping[str, pd.DataFrame], station_id: str, code: str, index: pd.DatetimeIndex, *, is_minute: bool
) -> pd.Series:
    frame = frames.get(station_id)
    if frame is None or code not in frame:
        return pd.Series(np.nan, index=index)
    if not is_minute:
        return valid_values(frame, code).reindex(index)
    values = frame[code].astype(float)
    resampled = values.resample(STEP)
    # a mean of angles would need their vectors: of five minutes the last is near enough for an arrow
    return (resampled.last() if code == "wind_direction" else resampled.mean()).reindex(index)


def _usual(
    own: pd.DataFrame | None, parameter: str, before: datetime, index: pd.DatetimeIndex, zone: ZoneInfo
) -> tuple[Numbers, Numbers]:
    """Usual range of each step of ``index`` by its hour of day."""
    unknown: Numbers = (None,) * len(index)
    if own is None or parameter not in own:
        return unknown, unknown
    past = valid_values(own, parameter).dropna()
    past = past[past.index < pd.Timestamp(before).floor("h")]
    if len(past) < _LEAST_HOURS:
        return unknown, unknown
    of_day = pd.DatetimeIndex(past.index).tz_convert(zone).hour
    groups = past.groupby(of_day)
    enough = (groups.count() >= _LEAST_DAYS).to_dict()
    hours = index.tz_convert(zone).hour

    def at(quantile: float) -> Numbers:
        overall, by_hour = float(past.quantile(quantile)), groups.quantile(quantile).to_dict()
        return tuple(round(float(by_hour[hour]) if enough.get(hour) else overall, 4) for hour in hours)

    return at(USUAL[0]), at(USUAL[1])


def _station_first(station: Station, stations: Mapping[str, Station]) -> list[Station]:
    return [station, *(item for name, item in stations.items() if name != station.id)]


def _mark(
    station: Station,
    parameter: str,
    hourly: Mapping[str, pd.DataFrame],
    minute: Mapping[str, pd.DataFrame],
    window: Interval,
) -> StationMark | None:
    """The station on the map; None without coordinates, or for one that does not measure the parameter."""
    frame = hourly.get(station.id)
    if station.lon is None or station.lat is None or frame is None or parameter not in parameters_in(frame):
        return None
    values = valid_values(frame, parameter)
    first = pd.Timestamp(window.start)
    before, inside = values[values.index < first.floor("h")], _inside(values, window)
    if inside.dropna().empty and station.id in minute and parameter in minute[station.id]:
        inside = _inside(minute[station.id][parameter].astype(float), window)
    excess = float(inside.mean() - before.median())
    return StationMark(
        id=station.id,
        name_zh=station.name_zh,
        name_en=station.name_en,
        lon=station.lon,
        lat=station.lat,
        excess=None if np.isnan(excess) else round(excess, 4),
    )


def _inside(values: pd.Series, window: Interval) -> pd.Series:
    index = pd.DatetimeIndex(values.index)
    return values[np.asarray((index >= pd.Timestamp(window.start)) & (index < pd.Timestamp(window.end)))]


def _plain(values: pd.Series) -> Numbers:
    return tuple(None if np.isnan(value) else round(float(value), 4) for value in values.to_numpy(dtype=float))
