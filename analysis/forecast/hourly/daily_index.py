"""Daily AQI, mean of PM2.5 and MDA8 of O3 of today and three more days from joint samples of the hourly forecast.

A sample is a course of all pollutants: ranks of held-out residuals of one origin, mapped to the forecast's own quantiles. Range and
primary pollutant come from the index of each sample, so that pollutants and hours that go together stay together.

References
----------
HJ 633-2026 (forecast of at least three days, before 20:00), Table 3; HJ 633-2012 4.3, 6.1; Clark et al. 2004, J. Hydrometeorol. 5, 243.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.forecast.hourly.grid import LAST_LEAD_H, LEVELS, TARGETS, HourGrid
from analysis.statistics.aqi import PRIMARY_ABOVE, Report, items_of
from analysis.statistics.aqi_level import level_of
from analysis.statistics.iaqi import iaqi_series
from analysis.statistics.limit import PARAMETER_OF, edition_on

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    from analysis.forecast.hourly.issue import SeriesForecast
    from analysis.statistics.aqi import Item

DAYS = 4
"""Today and three more."""
_DAY_HOURS, _EIGHT_HOURS, _OF_EIGHT, _OF_DAY = 24, 8, 6, 20
_SAMPLES = 200


def daily_index(
    grid: HourGrid,
    found: Mapping[str, SeriesForecast],
    origin: pd.Timestamp,
    ranks: NDArray[np.uint8] | None,
    zone: ZoneInfo,
) -> pd.DataFrame:
    """Daily AQI of one series.

    Parameters
    ----------
    grid : HourGrid
        Observed hours of today.
    found : mapping of target to SeriesForecast
        Of one series.
    origin : Timestamp
        UTC, first hour of the forecast.
    ranks : array of uint8, (samples, len(TARGETS), LAST_LEAD_H) or None
        `HourlyModel.ranks`; None: all pollutants and hours of a sample have the same rank, which makes the range wide.
    zone : ZoneInfo
        Of the civil days.

    Returns
    -------
    DataFrame
        Index ``start`` (UTC) of each civil day: ``aqi`` (median), ``aqi_q05``, ``aqi_q10``, ``aqi_q90``, ``aqi_q95``; ``level``,
        ``level_low``, ``level_high`` (1 to 6, of the median and the 80 % range); ``above_100``, ``above_200`` (probabilities);
        ``primary`` (text) with ``primary_probability``; ``pm25`` (mean) and ``mda8`` [µg m⁻³], each with ``_q05``, ``_q95`` and ``_warn``,
        the statistic of the hours' warning values; ``observed_h`` hours of the day that are observed; ``edition``; ``missing``
        items without forecast (text). A day on which nothing can be computed is absent.
    """
    if not found:
        return pd.DataFrame()
    series = grid.series.index(next(iter(found.values())).series)
    samples = {target: _samples(item, ranks) for target, item in found.items()}
    warned = {target: item.warn[None, :] for target, item in found.items()}
    today = origin.tz_convert(zone).normalize()
    rows = {}
    for ahead in range(DAYS):
        day = (today.tz_localize(None) + pd.Timedelta(days=ahead)).tz_localize(zone)
        hours = {target: _hours_of(grid, series, target, values, (day, origin)) for target, values in samples.items()}
        row = _day_row(hours, day.date(), zone)
        if row:
            row |= _pollutant_values(
                hours, {item: _hours_of(grid, series, item, values, (day, origin)) for item, values in warned.items()}
            )
            observed = float(np.clip((origin - day) / pd.Timedelta(hours=1), 0, _DAY_HOURS))
            rows[day.tz_convert("UTC")] = row | {"observed_h": observed}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("start")


def _samples(item: SeriesForecast, ranks: NDArray[np.uint8] | None) -> NDArray[np.float64]:
    """Courses of a pollutant, (samples, LAST_LEAD_H)."""
    count = _SAMPLES if ranks is None else len(ranks)
    own = np.arange(count)[:, None] if ranks is None else ranks[:, TARGETS.index(item.target)].astype(float)
    share = np.broadcast_to((own + 0.5) / count, (count, LAST_LEAD_H))
    columns = [_interpolated(share[:, lead], item.quantiles[lead]) for lead in range(LAST_LEAD_H)]
    return np.column_stack(columns)


def _interpolated(share: NDArray[np.float64], levels: NDArray[np.float64]) -> NDArray[np.float64]:
    known = np.isfinite(levels)
    if not known.any():
        return np.full(len(share), np.nan)
    return np.asarray(np.interp(share, np.array(LEVELS)[known], levels[known]), dtype=float)


def _hours_of(
    grid: HourGrid, series: int, target: str, values: NDArray[np.float64], when: tuple[pd.Timestamp, pd.Timestamp]
) -> NDArray[np.float64]:
    """The 24 hours of a civil day of each sample: observed before the origin, then forecast."""
    day, origin = when
    found = np.full((len(values), _DAY_HOURS), np.nan)
    own = grid.target(target)[:, series]
    for hour in range(_DAY_HOURS):
        moment = day + pd.Timedelta(hours=hour)
        lead = int((moment - origin) / pd.Timedelta(hours=1))
        row = grid.row_of(moment)
        if lead < 0 and row < len(grid.hours) and grid.hours[row] == moment:
            found[:, hour] = own[row]
        elif 0 <= lead < LAST_LEAD_H:
            found[:, hour] = values[:, lead]
    return found


def _day_row(hours: Mapping[str, NDArray[np.float64]], day: date, zone: ZoneInfo) -> dict[str, object]:
    edition = edition_on(day)
    items = items_of(Report.DAILY, edition)
    start = datetime(day.year, day.month, day.day, tzinfo=zone)
    indices = {item: _iaqi(item, hours, start, zone) for item in items}
    known = {item: values for item, values in indices.items() if values is not None and np.isfinite(values).any()}
    if not known:
        return {}
    whole = np.vstack(list(known.values()))
    index = np.nanmax(whole, axis=0)
    index = index[np.isfinite(index)]
    q05, q10, median, q90, q95 = (float(np.ceil(value)) for value in np.quantile(index, (0.05, 0.1, 0.5, 0.9, 0.95)))
    primary, probability = _primary(list(known), whole)
    return {
        "aqi": median, "aqi_q05": q05, "aqi_q10": q10, "aqi_q90": q90, "aqi_q95": q95,
        "level": float(level_of(int(median)).level),
        "level_low": float(level_of(int(q10)).level),
        "level_high": float(level_of(int(q90)).level),
        "above_100": float((index > 100).mean()),  # noqa: PLR2004 - of the name
        "above_200": float((index > 200).mean()),  # noqa: PLR2004 - of the name
        "primary": primary,
        "primary_probability": probability,
        "edition": str(edition),
        "missing": ", ".join(str(item) for item in items if item not in known),
    }  # fmt: skip


def _pollutant_values(
    hours: Mapping[str, NDArray[np.float64]], warned: Mapping[str, NDArray[np.float64]]
) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, target, statistic in (("pm25", "pm25", partial(_mean, minimum=_OF_DAY)), ("mda8", "o3", _mda8)):
        values = statistic(hours[target]) if target in hours else np.empty(0)
        values = values[np.isfinite(values)]
        if len(values):
            low, middle, high = np.quantile(values, (0.05, 0.5, 0.95)).round(3).tolist()
            warn = round(float(statistic(warned[target])[0]), 3)
            found |= {name: middle, f"{name}_q05": low, f"{name}_q95": high, f"{name}_warn": warn}
    return found


def _primary(items: list[Item], whole: NDArray[np.float64]) -> tuple[str, float]:
    """The pollutant that most often has the largest index above 50, and how often; ties count for each."""
    counts: Counter[str] = Counter()
    largest = np.nanmax(whole, axis=0)
    for sample in np.flatnonzero(largest > PRIMARY_ABOVE):
        counts.update(
            {item.pollutant for item, value in zip(items, whole[:, sample], strict=True) if value == largest[sample]}
        )
    if not counts:
        return "", float("nan")
    name, count = counts.most_common(1)[0]
    return name, count / whole.shape[1]


def _iaqi(
    item: Item, hours: Mapping[str, NDArray[np.float64]], start: datetime, zone: ZoneInfo
) -> NDArray[np.float64] | None:
    values = hours.get(PARAMETER_OF[item.pollutant])
    if values is None:
        return None
    statistic = {"24h": _mean(values, _OF_DAY), "1h": _largest_hour(values), "8h": _mda8(values)}[str(item.averaging)]
    index = pd.date_range(start, periods=len(statistic), freq="h").tz_convert("UTC")
    found = iaqi_series(
        pd.Series(statistic, index=index), item.pollutant, item.averaging, zone=zone, edition=edition_on(start.date())
    )
    return found.to_numpy(dtype=float, na_value=np.nan)


def _mda8(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Largest 8 h mean of those that end from 08:00 to 24:00, with 6 of 8 hours."""
    windows = np.lib.stride_tricks.sliding_window_view(values, _EIGHT_HOURS, axis=1)
    means = np.where(np.isfinite(windows).sum(axis=2) >= _OF_EIGHT, _mean(windows, _OF_EIGHT), -1.0)
    largest = means.max(axis=1)
    return np.where(largest >= 0, largest, np.nan)


def _largest_hour(values: NDArray[np.float64]) -> NDArray[np.float64]:
    enough = np.isfinite(values).sum(axis=1) >= _OF_DAY
    return np.where(enough, np.where(np.isfinite(values), values, -1.0).max(axis=1), np.nan)


def _mean(values: NDArray[np.float64], minimum: int) -> NDArray[np.float64]:
    count = np.isfinite(values).sum(axis=-1)
    whole = np.where(np.isfinite(values), values, 0.0).sum(axis=-1)
    return np.asarray(np.divide(whole, count, out=np.full(count.shape, np.nan), where=count >= minimum), dtype=float)
