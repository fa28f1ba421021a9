"""Episodes: consecutive hours of one parameter at one station above its threshold.

The thresholds with their sources: ``data/episode_thresholds.toml``.
"""

from __future__ import annotations

import tomllib
from datetime import date, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd

from analysis.statistics.daily import civil_date, on_hours
from analysis.statistics.limit import DATA
from schemas.words import words

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_HOUR = timedelta(hours=1)


class Threshold(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hourly value above which an episode begins, for a span of days ``[since, until)``.

    Attributes
    ----------
    basis : str
        ``iaqi_100`` or ``class_2``.
    name_zh, name_en : str
        Of the basis, for readers of stored documents.
    """

    parameter: str
    value: float
    unit: str
    basis: str
    source: str
    verified: bool
    name_zh: str = ""
    name_en: str = ""
    since: date = date.min
    until: date = date.max


class Episode(msgspec.Struct, frozen=True, kw_only=True):
    """Hours of one parameter above its threshold.

    Attributes
    ----------
    start, end : datetime
        UTC, half-open; ``end`` follows the last hour above the threshold.
    hours : int
        Hours above the threshold.
    peak : float
        In ``threshold.unit``.
    peak_at : datetime
    mean : float
        Of the valid hours of the episode.
    """

    station_id: str
    parameter: str
    start: datetime
    end: datetime
    threshold: Threshold
    hours: int
    peak: float
    peak_at: datetime
    mean: float

    @property
    def key(self) -> str:
        """Key of its document: ``{station}/{parameter}/{start}``."""
        return f"{self.station_id}/{self.parameter}/{self.start:%Y-%m-%dT%H:%MZ}"


class _Grouping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    gap_h: int
    verified: bool


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    episode: _Grouping
    threshold: list[Threshold]


def watched_parameters() -> tuple[str, ...]:
    """Parameters with a threshold, in the order of the file.

    Examples
    --------
    >>> watched_parameters()[:3]
    ('pm25', 'pm10', 'o3')
    """
    return tuple(dict.fromkeys(item.parameter for item in _file().threshold))


def threshold_on(parameter: str, day: date) -> Threshold | None:
    """Threshold of a parameter (registry code) on a civil day; None where it has none.

    Examples
    --------
    >>> from datetime import date
    >>> threshold_on("pm25", date(2025, 1, 1)).value
    75.0
    """
    rows = (item for item in _file().threshold if item.parameter == parameter)
    return next((item for item in rows if item.since <= day < item.until), None)


def find_episodes(values: pd.Series, station_id: str, parameter: str, zone: ZoneInfo) -> tuple[Episode, ...]:
    """Find the episodes of one parameter at one station.

    Parameters
    ----------
    values : pd.Series of float, index UTC hour starts
        Canonical unit; NaN is missing.
    station_id, parameter : str
    zone : ZoneInfo
        Of the civil day that chooses the threshold.

    Returns
    -------
    tuple of Episode
        Ascending. Runs with at most ``gap_h`` hours between them that are not above the threshold are one.

    Examples
    --------
    >>> import pandas as pd
    >>> from zoneinfo import ZoneInfo
    >>> hours = pd.date_range("2025-01-01", periods=8, freq="h", tz="UTC")
    >>> values = pd.Series([40.0, 90.0, 120.0, 100.0, 95.0, 40.0, 30.0, 30.0], index=hours)
    >>> found = find_episodes(values, "ln-sy-01", "pm25", ZoneInfo("Asia/Shanghai"))
    >>> [(item.start.hour, item.end.hour) for item in found]
    [(1, 5)]
    """
    series = on_hours(values)
    if series.empty:
        return ()
    index = pd.DatetimeIndex(series.index)
    limits = {day: threshold_on(parameter, day) for day in {civil_date(moment, zone) for moment in index}}
    levels = np.array([_value(limits[civil_date(moment, zone)]) for moment in index])
    above = np.flatnonzero(series.to_numpy() > levels)
    if not len(above):
        return ()
    breaks = np.flatnonzero(np.diff(above) > _file().episode.gap_h + 1) + 1
    return tuple(_episode(series, run, station_id, parameter, zone=zone) for run in np.split(above, breaks))


def _value(threshold: Threshold | None) -> float:
    return float("inf") if threshold is None else threshold.value


def _episode(
    series: pd.Series,
    run: np.ndarray[tuple[int], np.dtype[np.int64]],
    station_id: str,
    parameter: str,
    *,
    zone: ZoneInfo,
) -> Episode:
    index = pd.DatetimeIndex(series.index)
    start, end = index[run[0]].to_pydatetime(), index[run[-1]].to_pydatetime() + _HOUR
    inside = series.iloc[run[0] : run[-1] + 1]
    threshold = threshold_on(parameter, civil_date(start, zone))
    if threshold is None:
        msg = f"an episode of {parameter} without a threshold"
        raise AssertionError(msg)
    return Episode(
        station_id=station_id,
        parameter=parameter,
        start=start,
        end=end,
        threshold=threshold,
        hours=len(run),
        peak=float(inside.max()),
        peak_at=pd.Timestamp(str(inside.idxmax())).to_pydatetime(),
        mean=float(inside.mean()),
    )


@cache
def _file() -> _File:
    read = msgspec.convert(tomllib.loads((DATA / "episode_thresholds.toml").read_text(encoding="utf-8")), _File)
    zh, en = (words(language, "word.threshold_basis") for language in ("zh", "en"))
    named = [msgspec.structs.replace(item, name_zh=zh(item.basis), name_en=en(item.basis)) for item in read.threshold]
    return msgspec.structs.replace(read, threshold=named)
