"""Whether issued daily AQI was right: level, range and primary pollutant, by lead day.

References
----------
Level, range and primary pollutant are what forecasts of the AQI are assessed by in practice (DB32/T 4678-2024 names the accuracy of AQI and
primary pollutant; its formulas and any figure that must be reached are not verified).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd

from analysis.forecast.hourly.daily_index import DAYS
from analysis.statistics.limit import PARAMETER_OF

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from zoneinfo import ZoneInfo


class AqiScoreSum(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over pairs of issued and observed daily AQI.

    Attributes
    ----------
    n : int
        Pairs.
    level_right, level_range_right, range_right : int
        The level of the median was observed; the observed level lies in the issued levels; the observed AQI lies in the 80 % range.
    primary_n, primary_right : int
        Pairs whose observed day has a primary pollutant (AQI above 50), and those that name one of them.
    absolute : float
        Sum of |median - observed| [1].
    """

    n: int = 0
    level_right: int = 0
    level_range_right: int = 0
    range_right: int = 0
    primary_n: int = 0
    primary_right: int = 0
    absolute: float = 0.0

    def __add__(self, other: AqiScoreSum) -> AqiScoreSum:
        """Sums of both."""
        return AqiScoreSum(**{name: getattr(self, name) + getattr(other, name) for name in self.__struct_fields__})


class AqiScores(msgspec.Struct, frozen=True, kw_only=True):
    """Shares of right forecasts [1] and the mean absolute error of the AQI [1]; None without a pair."""

    n: int
    level: float | None
    level_range: float | None
    range: float | None
    primary_n: int
    primary: float | None
    mae: float | None


def aqi_scores(sums: Iterable[AqiScoreSum]) -> AqiScores:
    """Scores of sums.

    Examples
    --------
    >>> found = aqi_scores([AqiScoreSum(n=2, level_right=1, primary_n=1, absolute=30.0), AqiScoreSum(n=2, level_right=2, absolute=10.0)])
    >>> found.n, found.level, found.primary, found.mae
    (4, 0.75, 0.0, 10.0)
    """
    whole = AqiScoreSum()
    for item in sums:
        whole += item
    return AqiScores(
        n=whole.n,
        level=_share(whole.level_right, whole.n),
        level_range=_share(whole.level_range_right, whole.n),
        range=_share(whole.range_right, whole.n),
        primary_n=whole.primary_n,
        primary=_share(whole.primary_right, whole.primary_n),
        mae=_share(whole.absolute, whole.n),
    )


def score_aqi(
    issued: pd.DataFrame, observed: pd.DataFrame, zone: ZoneInfo
) -> Iterator[tuple[str, str, int, pd.Timestamp, AqiScoreSum]]:
    """Sums of every issue for some civil days against the AQI of these days.

    Parameters
    ----------
    issued : DataFrame
        Product ``forecast_daily_issued``: index ``start`` (UTC), ``station_id``, ``origin``, ``model``, AQI, levels, range and primary.
    observed : DataFrame
        Products ``aqi_daily`` and ``aqi_city_daily``: index ``start`` (UTC), ``station_id``, ``aqi``, ``level``, ``primary``. Days without
        a published AQI are left out.
    zone : ZoneInfo

    Yields
    ------
    tuple
        Station or city, model, lead day (0: the day of the issue), start of the day, sums.
    """
    if issued.empty or observed.empty:
        return
    measured = observed.reset_index()[["start", "station_id", "aqi", "level", "primary"]].dropna(
        subset=["aqi", "level"]
    )
    names = {"aqi": "aqi_observed", "level": "level_observed", "primary": "primary_observed"}
    table = issued.reset_index().merge(measured.rename(columns=names), on=["start", "station_id"])
    if table.empty:
        return
    issue = pd.DatetimeIndex(pd.to_datetime(table["origin"], utc=True)).tz_convert(zone).tz_localize(None).normalize()
    day = pd.DatetimeIndex(table["start"]).tz_convert(zone).tz_localize(None).normalize()
    table["lead"] = (day - issue).days
    table = table[(table["lead"] >= 0) & (table["lead"] < DAYS)]
    for _, rows in table.groupby(["station_id", "model", "lead", "start"]):
        first = rows.iloc[0]
        yield (
            str(first["station_id"]),
            str(first["model"]),
            int(first["lead"]),
            pd.Timestamp(first["start"]),
            _sum(rows),
        )


def _sum(rows: pd.DataFrame) -> AqiScoreSum:
    observed, level = (rows[name].to_numpy(dtype=float) for name in ("aqi_observed", "level_observed"))
    columns = ("aqi", "level", "aqi_q10", "aqi_q90", "level_low", "level_high")
    aqi, own, low, high, level_low, level_high = (rows[name].to_numpy(dtype=float) for name in columns)
    seen = [_codes(text) for text in rows["primary_observed"]]
    named = [PARAMETER_OF.get(str(text), "") for text in rows["primary"]]
    return AqiScoreSum(
        n=len(rows),
        level_right=int((own == level).sum()),
        level_range_right=int(((level_low <= level) & (level <= level_high)).sum()),
        range_right=int(((low <= observed) & (observed <= high)).sum()),
        primary_n=sum(map(bool, seen)),
        primary_right=sum(name in codes for name, codes in zip(named, seen, strict=True)),
        absolute=float(np.abs(aqi - observed).sum()),
    )


def _codes(text: object) -> set[str]:
    """Pollutants of a stored text; an empty one is read back as missing."""
    return {item for item in str(text).split(",") if item} if isinstance(text, str) else set()


def _share(part: float, whole: int) -> float | None:
    return part / whole if whole else None
