"""Days and hours by what exceeds: neither, PM2.5 only, O3 only, both, or not valid; counts by month, season and hour; joint episodes.

References
----------
Limits by date: GB 3095, as in `analysis.coanalysis.copollution`.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd

from analysis.statistics.daily import civil_date
from schemas.frames import valid_values

if TYPE_CHECKING:
    from collections.abc import Iterable
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

WEATHER = ("temperature", "relative_humidity", "dew_point", "wind_speed", "pressure", "global_radiation")
"""Weather stated of a joint episode, where it was measured (registry codes)."""
_SEASONS = {12: "DJF", 1: "DJF", 2: "DJF", 3: "MAM", 4: "MAM", 5: "MAM", 6: "JJA", 7: "JJA", 8: "JJA"}


class ExceedanceClass(StrEnum):
    """What exceeds its limit on a day, or is above the concentration of IAQI 100 in an hour."""

    NEITHER = "neither"
    PM25 = "pm25"
    O3 = "o3"
    BOTH = "both"
    NOT_VALID = "not_valid"


class ClassCount(msgspec.Struct, frozen=True, kw_only=True):
    """Days or hours of a part of the period by class.

    Attributes
    ----------
    part : str
        Month (``2016-05``), season (``MAM``) or local hour of day (``14``).
    total : int
        Days or hours computed, valid or not.
    valid : int
        The denominator: those with a valid value of both.
    neither, pm25, o3, both : int
        Of ``valid``; ``pm25`` and ``o3`` without the other.
    """

    part: str
    total: int
    valid: int
    neither: int
    pm25: int
    o3: int
    both: int


class EpisodeWeather(msgspec.Struct, frozen=True, kw_only=True):
    """Mean of a parameter of weather over an episode, canonical unit, and its hours."""

    parameter: str
    mean: float
    n: int


class JointEpisode(msgspec.Struct, frozen=True, kw_only=True):
    """Consecutive civil days on which both exceed.

    Attributes
    ----------
    first, last : date
    days : int
    pm25_peak, o3_peak : float
        Largest 24 h mean of PM2.5 and MDA8 of O3 [µg m⁻³].
    pm25_peak_day, o3_peak_day : date
    is_open_before, is_open_after : bool
        Whether the day before or after is not valid, so that the episode may be longer.
    weather : tuple of EpisodeWeather
    cases : tuple of str
        Keys of the case files of events in it (`analysis.case`); empty where none was looked up.
    """

    first: date
    last: date
    days: int
    pm25_peak: float
    pm25_peak_day: date
    o3_peak: float
    o3_peak_day: date
    is_open_before: bool
    is_open_after: bool
    weather: tuple[EpisodeWeather, ...] = ()
    cases: tuple[str, ...] = ()


def exceedance_class(pm25_exceeds: pd.Series, o3_exceeds: pd.Series) -> pd.Series:
    """Class of each day or hour.

    Parameters
    ----------
    pm25_exceeds, o3_exceeds : pd.Series of float
        1, 0, NaN = not valid; the same index.

    Returns
    -------
    pd.Series of str
        Values of `ExceedanceClass`; not valid where either is.

    Examples
    --------
    >>> import pandas as pd
    >>> pm25, o3 = pd.Series([0.0, 1.0, 0.0, 1.0, 1.0]), pd.Series([0.0, 0.0, 1.0, 1.0, float("nan")])
    >>> exceedance_class(pm25, o3).tolist()
    ['neither', 'pm25', 'o3', 'both', 'not_valid']
    """
    first, second = pm25_exceeds.to_numpy(float), o3_exceeds.to_numpy(float)
    known = np.isfinite(first) & np.isfinite(second)
    chosen = [~known, (first > 0) & (second > 0), first > 0, second > 0]
    names = [ExceedanceClass.NOT_VALID, ExceedanceClass.BOTH, ExceedanceClass.PM25, ExceedanceClass.O3]
    found = np.select(chosen, [str(name) for name in names], default=str(ExceedanceClass.NEITHER))
    return pd.Series(found, index=pm25_exceeds.index, name="class", dtype=object)


def hour_classes(hours: pd.DataFrame) -> pd.Series:
    """Class of each hour of `analysis.coanalysis.copollution.joint_hours`."""
    exceeds = [
        (hours[name] > hours[f"{name}_threshold"])
        .astype(float)
        .where(hours[name].notna() & hours[f"{name}_threshold"].notna())
        for name in ("pm25", "o3")
    ]
    return exceedance_class(*exceeds)


def count_months(classes: pd.Series, zone: ZoneInfo) -> tuple[ClassCount, ...]:
    """Counts by civil month, in order of time."""
    return _counts(classes, [f"{day:%Y-%m}" for day in _civil(classes, zone)])


def count_seasons(classes: pd.Series, zone: ZoneInfo) -> tuple[ClassCount, ...]:
    """Counts by season of any year: MAM, JJA, SON, DJF (initials of their months)."""
    parts = [_SEASONS.get(day.month, "SON") for day in _civil(classes, zone)]
    return _counts(classes, parts, ("MAM", "JJA", "SON", "DJF"))


def count_hours(classes: pd.Series, zone: ZoneInfo) -> tuple[ClassCount, ...]:
    """Counts of hours by local hour of day, ``00`` to ``23``.

    Examples
    --------
    >>> import pandas as pd
    >>> from zoneinfo import ZoneInfo
    >>> hours = pd.date_range("2025-06-01T06:00", periods=2, freq="24h", tz="UTC")
    >>> count_hours(pd.Series(["both", "not_valid"], index=hours), ZoneInfo("Asia/Shanghai"))
    (ClassCount(part='14', total=2, valid=1, neither=0, pm25=0, o3=0, both=1),)
    """
    local = pd.DatetimeIndex(classes.index).tz_convert(zone)
    return _counts(classes, [f"{hour:02d}" for hour in local.hour])


def count_all(classes: pd.Series) -> ClassCount:
    """Counts of the whole period; ``part`` is ``all``."""
    return _count("all", classes.to_numpy())


def joint_episodes(days: pd.DataFrame, hourly: pd.DataFrame, zone: ZoneInfo) -> tuple[JointEpisode, ...]:
    """Runs of consecutive days on which both exceed.

    Parameters
    ----------
    days : pd.DataFrame
        Of `analysis.coanalysis.copollution.joint_days`. A day that is not valid, or has no row, ends an episode.
    hourly : pd.DataFrame
        ``schemas.frames`` hourly, for the weather.
    zone : ZoneInfo

    Examples
    --------
    >>> import pandas as pd
    >>> from zoneinfo import ZoneInfo
    >>> start = pd.date_range("2025-05-31T16:00", periods=4, freq="D", tz="UTC", name="start")
    >>> days = pd.DataFrame({"pm25": [80.0, 95, 70, 90], "o3_mda8": [170.0, 165, 180, 200], "joint": [1.0, 1, 0, 1]}, index=start)
    >>> [(str(item.first), item.days, item.pm25_peak) for item in joint_episodes(days, pd.DataFrame(), ZoneInfo("Asia/Shanghai"))]
    [('2025-06-01', 2, 95.0), ('2025-06-04', 1, 90.0)]
    """
    joint = days.index[days["joint"] == 1.0]
    if joint.empty:
        return ()
    civil = pd.DatetimeIndex([civil_date(start, zone) for start in pd.DatetimeIndex(joint)])
    breaks = np.flatnonzero(np.diff(civil.to_numpy()) > np.timedelta64(1, "D")) + 1
    known = {civil_date(start, zone) for start in pd.DatetimeIndex(days.index[days["joint"].notna()])}
    parts = np.split(np.arange(len(joint)), breaks)
    return tuple(_episode(days.loc[joint[part]], hourly, known, zone) for part in parts)


def _episode(run: pd.DataFrame, hourly: pd.DataFrame, known: set[date], zone: ZoneInfo) -> JointEpisode:
    starts = pd.DatetimeIndex(run.index)
    first, last = civil_date(starts[0], zone), civil_date(starts[-1], zone)
    one = pd.Timedelta(days=1)
    inside = hourly[(hourly.index >= starts[0]) & (hourly.index < starts[-1] + one)] if len(hourly) else hourly
    return JointEpisode(
        first=first,
        last=last,
        days=len(run),
        pm25_peak=float(run["pm25"].max()),
        pm25_peak_day=civil_date(starts[int(run["pm25"].to_numpy().argmax())], zone),
        o3_peak=float(run["o3_mda8"].max()),
        o3_peak_day=civil_date(starts[int(run["o3_mda8"].to_numpy().argmax())], zone),
        is_open_before=(pd.Timestamp(first) - one).date() not in known,
        is_open_after=(pd.Timestamp(last) + one).date() not in known,
        weather=tuple(_weather(inside)),
    )


def _weather(inside: pd.DataFrame) -> Iterable[EpisodeWeather]:
    for name in WEATHER:
        values = valid_values(inside, name).dropna() if name in inside else pd.Series(dtype=float)
        if len(values):
            yield EpisodeWeather(parameter=name, mean=float(values.mean()), n=len(values))


def _civil(classes: pd.Series, zone: ZoneInfo) -> list[date]:
    return [civil_date(start, zone) for start in pd.DatetimeIndex(classes.index)]


def _counts(classes: pd.Series, parts: list[str], order: tuple[str, ...] = ()) -> tuple[ClassCount, ...]:
    of_part, values = np.array(parts, dtype=object), classes.to_numpy()
    known = set(parts)
    names = [name for name in order if name in known] or sorted(known)
    return tuple(_count(name, values[of_part == name]) for name in names)


def _count(part: str, values: NDArray[np.object_]) -> ClassCount:
    counts = {name: int((values == str(name)).sum()) for name in ExceedanceClass}
    return ClassCount(
        part=part,
        total=len(values),
        valid=len(values) - counts[ExceedanceClass.NOT_VALID],
        neither=counts[ExceedanceClass.NEITHER],
        pm25=counts[ExceedanceClass.PM25],
        o3=counts[ExceedanceClass.O3],
        both=counts[ExceedanceClass.BOTH],
    )
