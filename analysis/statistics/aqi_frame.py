"""AQI of many hours or days of one station at once, as the products ``aqi_hourly`` and ``aqi_daily`` store it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.statistics.aqi import (
    PRIMARY_ABOVE,
    PUBLISHED_THOUGH_INCOMPLETE,
    Item,
    Report,
    items_of,
)
from analysis.statistics.aqi_level import levels
from analysis.statistics.daily import MINIMUM_HOURS_OF_DAY, daily_maximum, daily_mean
from analysis.statistics.iaqi import Averaging, iaqi_series
from analysis.statistics.limit import FIRST_DAY_2026, PARAMETER_OF, Edition
from analysis.statistics.ozone import mda8, running_mean
from schemas.frames import check_time_index, valid_values

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime
    from zoneinfo import ZoneInfo


def hourly_aqi(hourly: pd.DataFrame, zone: ZoneInfo, *, monitored: Collection[str]) -> pd.DataFrame:
    """Real-time AQI of every hour of a station.

    Parameters
    ----------
    hourly : pd.DataFrame
        ``schemas.frames`` hourly of one station; begin it 24 h before the first hour that is wanted, for moving means.
    zone : ZoneInfo
        Decides the edition of an hour by its civil day.
    monitored : collection of str
        Registry codes the station measures; others are not counted as missing.

    Returns
    -------
    pd.DataFrame
        Index as ``hourly``. ``aqi`` (published, NaN = NA), ``aqi_computed``, ``level`` (1 to 6), ``complete`` (1 or 0),
        ``iaqi_<parameter>_<averaging>``, all float; ``primary`` (codes with commas) and ``edition``, text.

    References
    ----------
    HJ 633-2012 4.3-4.4, 6.1-6.2; HJ 633-2026 Table 3.

    Examples
    --------
    >>> import pandas as pd
    >>> from zoneinfo import ZoneInfo
    >>> hours = pd.date_range("2026-05-01", periods=1, freq="h", tz="UTC", name="start")
    >>> found = hourly_aqi(pd.DataFrame({"pm25": [75.0]}, index=hours), ZoneInfo("Asia/Shanghai"), monitored=["pm25"])
    >>> found[["aqi", "level", "primary"]].to_numpy().tolist()
    [[114.0, 3.0, 'pm25']]
    """
    check_time_index(hourly)
    values: dict[Item, pd.Series] = {}
    for code, name in ((PARAMETER_OF[name], name) for name in PARAMETER_OF):
        series = valid_values(hourly, code)
        values[Item(name, Averaging.ONE_HOUR)] = series
        if name.startswith("PM"):
            moving = running_mean(series, hours=24, minimum=MINIMUM_HOURS_OF_DAY)
            values[Item(name, Averaging.DAY)] = moving.reindex(hourly.index)
        if name == "O3":
            values[Item(name, Averaging.EIGHT_HOURS)] = running_mean(series).reindex(hourly.index)
    return _frame(values, Report.REAL_TIME, zone, monitored)


def daily_statistics(hourly: pd.DataFrame, zone: ZoneInfo, *, until: datetime | None = None) -> pd.DataFrame:
    """Valid daily statistics of the six pollutants of a station.

    Parameters
    ----------
    hourly : pd.DataFrame
        ``schemas.frames`` hourly of one station.
    zone : ZoneInfo
    until : datetime or None
        End of what is known, for a day still under way (`analysis.statistics.ozone.mda8`).

    Returns
    -------
    pd.DataFrame
        Index ``start`` (UTC start of the civil day): ``so2, no2, pm10, pm25`` 24 h means [µg m⁻³], ``co`` [mg m⁻³],
        ``o3_mda8`` and ``o3_1h`` [µg m⁻³]; NaN where the validity rule fails. ``<name>_hours`` counts valid hours,
        ``o3_mda8_windows`` valid windows.

    Validity rules: `analysis.statistics.daily` and `analysis.statistics.ozone` (GB 3095-2026 Table 4).

    Examples
    --------
    >>> import pandas as pd
    >>> from zoneinfo import ZoneInfo
    >>> zone, hours = ZoneInfo("Asia/Shanghai"), pd.date_range("2026-04-30T16:00", periods=24, freq="h", tz="UTC", name="start")
    >>> statistics = daily_statistics(pd.DataFrame({"pm25": 80.0}, index=hours), zone)
    >>> statistics[["pm25", "pm25_hours"]].to_numpy().tolist()
    [[80.0, 24.0]]
    >>> daily_aqi(statistics, zone, monitored=["pm25"])["aqi"].tolist()
    [119.0]
    """
    check_time_index(hourly)
    columns: dict[str, pd.Series] = {}
    for code in ("pm25", "pm10", "so2", "no2", "co"):
        table = daily_mean(valid_values(hourly, code), zone)
        columns[code], columns[f"{code}_hours"] = table["mean"], table["n"].astype(float)
    ozone = valid_values(hourly, "o3")
    eight, hour = mda8(ozone, zone, until=until), daily_maximum(ozone, zone)
    columns |= {"o3_mda8": eight["mda8"], "o3_mda8_windows": eight["windows"].astype(float)}
    columns |= {"o3_1h": hour["maximum"], "o3_1h_hours": hour["n"].astype(float)}
    return pd.DataFrame(columns).rename_axis("start")


def daily_aqi(statistics: pd.DataFrame, zone: ZoneInfo, *, monitored: Collection[str]) -> pd.DataFrame:
    """Daily AQI from `daily_statistics`, with an example there; parameters and columns as in `hourly_aqi`."""
    values = {Item(name, Averaging.DAY): statistics[PARAMETER_OF[name]] for name in PARAMETER_OF if name != "O3"}
    values[Item("O3", Averaging.EIGHT_HOURS)] = statistics["o3_mda8"]
    values[Item("O3", Averaging.ONE_HOUR)] = statistics["o3_1h"]
    return _frame(values, Report.DAILY, zone, monitored)


def _frame(
    values: Mapping[Item, pd.Series], report: Report, zone: ZoneInfo, monitored: Collection[str]
) -> pd.DataFrame:
    index = pd.DatetimeIndex(next(iter(values.values())).index)
    is_2012 = np.asarray(index < pd.Timestamp(FIRST_DAY_2026, tz=zone))
    parts = []
    for edition, chosen in ((Edition.HJ633_2012, is_2012), (Edition.HJ633_2026, ~is_2012)):
        items = [item for item in items_of(report, edition) if PARAMETER_OF[item.pollutant] in monitored]
        if chosen.any() and items:
            parts.append(_edition_frame({item: values[item][chosen] for item in items}, edition, zone))
    return (
        pd.concat(parts).sort_index().reindex(index)
        if parts
        else pd.DataFrame(index=index, columns=["aqi"], dtype=float)
    )


def _edition_frame(values: Mapping[Item, pd.Series], edition: Edition, zone: ZoneInfo) -> pd.DataFrame:
    names = {item: f"iaqi_{PARAMETER_OF[item.pollutant]}_{item.averaging}" for item in values}
    frame = pd.DataFrame(
        {
            names[item]: iaqi_series(series, item.pollutant, item.averaging, zone=zone, edition=edition).astype(
                "Float64"
            )
            for item, series in values.items()
        }
    ).astype(float)
    highest = frame.max(axis=1)
    missing = frame.isna().any(axis=1)
    primary = [_primary(row, tuple(values)) for row in frame.to_numpy()]
    computed = highest.clip(lower=1) if edition is Edition.HJ633_2026 else highest
    withheld = missing & (computed <= PUBLISHED_THOUGH_INCOMPLETE) & (edition is Edition.HJ633_2026)
    frame.insert(0, "aqi", computed.mask(withheld))
    frame.insert(1, "aqi_computed", computed)
    edges = [level.highest for level in levels()]
    frame.insert(
        2, "level", pd.Series(np.searchsorted(edges, frame["aqi"]) + 1.0, index=frame.index).where(frame["aqi"].notna())
    )
    frame.insert(3, "complete", (~missing).astype(float))
    frame["primary"], frame["edition"] = primary, str(edition)
    return frame


def _primary(row: np.ndarray[tuple[int], np.dtype[np.float64]], items: tuple[Item, ...]) -> str:
    present = row[~np.isnan(row)]
    if not len(present) or present.max() <= PRIMARY_ABOVE:
        return ""
    tops = [PARAMETER_OF[item.pollutant] for item, index in zip(items, row, strict=True) if index == present.max()]
    return ",".join(dict.fromkeys(tops))
