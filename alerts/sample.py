"""Samples for the engine out of frames, readings' times and forecasts. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from alerts.engine import Condition, Sample
from schemas.frames import STATUS, valid_values
from schemas.interval import floor_hour

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from alerts.rules import ForecastRule, SilenceRule, ThresholdRule
    from schemas.network import Instrument, Station

HOUR = timedelta(hours=1)
#: Instants (silence, forecast) have no duration, so a gap between them means nothing.
INSTANT = Condition(above=True, max_gap_s=float("inf"))


def condition_of(rule: ThresholdRule) -> Condition:
    """The engine's condition of a threshold rule."""
    return Condition(
        above=rule.above is not None,
        for_s=rule.for_h * 3600.0,
        clear_for_s=rule.clear_for_h * 3600.0,
        max_gap_s=rule.max_gap_h * 3600.0,
    )


def hourly_samples(
    hourly: pd.DataFrame, rule: ThresholdRule, zone: ZoneInfo, rain: pd.Series | None = None
) -> list[Sample]:
    """Samples of one station's hours.

    Parameters
    ----------
    hourly : DataFrame
        `schemas.frames` hourly. With a baseline it must reach ``window_h`` back before the hours that matter.
    rule : ThresholdRule
    zone : ZoneInfo
        Of the civil days of ``rule.since`` and ``rule.until``.
    rain : Series or None
        Hourly rain at the station [mm], for rules with a baseline.

    Returns
    -------
    list of Sample
        Ascending. An hour without a valid value (or with rain within ``dry_h``, or without baseline) is absent.
    """
    values = valid_values(hourly, rule.parameter)
    base = pd.Series(0.0, index=values.index)
    if rule.baseline:
        base = baseline(values, rule.baseline.window_h, rule.baseline.min_hours)
        values = values.where(_is_dry(values, rain, rule.baseline.dry_h))
    keep = values.notna() & base.notna() & _in_force(values.index, rule, zone)
    pairs = zip(_moments(values[keep]), values[keep].tolist(), base[keep].tolist(), strict=True)
    return [Sample(start, start + HOUR, value, rule.limit + add, rule.clear_limit + add) for start, value, add in pairs]


def may_exceed(hourly: pd.DataFrame, rule: ThresholdRule) -> bool:
    """Whether any hour could be beyond the limit; False lets a caller skip a station whose alert is ok.

    Flags are not looked at, and a rule with a baseline always may.
    """
    if rule.baseline or rule.parameter not in hourly:
        return rule.baseline is not None
    values = hourly[rule.parameter].to_numpy(dtype=float)
    return bool(np.any(values > rule.limit) if rule.above is not None else np.any(values < rule.limit))


def baseline(values: pd.Series, window_h: int, min_hours: int) -> pd.Series:
    """Median of the valid hours in the ``window_h`` hours before each hour, itself not included.

    NaN where fewer than ``min_hours`` are valid.
    """
    rolling = values.rolling(f"{window_h}h", closed="left", min_periods=min_hours)
    return rolling.median()


def native_samples(native: pd.DataFrame, rule: ThresholdRule, cadence_s: int, zone: ZoneInfo) -> list[Sample]:
    """Samples of one instrument's readings; a reading whose status is not N is absent, each covers one cadence."""
    if rule.parameter not in native:
        return []
    values = native[rule.parameter].astype(float)
    status = rule.parameter + STATUS
    if status in native:
        values = values.where(native[status].isna() | (native[status] == "N"))
    keep = values.notna() & _in_force(values.index, rule, zone)
    step = timedelta(seconds=cadence_s)
    pairs = zip(_moments(values[keep]), values[keep].tolist(), strict=True)
    return [Sample(start, start + step, value, rule.limit, rule.clear_limit) for start, value in pairs]


class Silence(NamedTuple):
    """How long a station's network has said nothing, against what is allowed."""

    station_id: str
    network: str
    last_end: datetime
    minutes: float
    allowed_minutes: float

    @property
    def is_silent(self) -> bool:
        """Whether it is beyond what is allowed."""
        return self.minutes > self.allowed_minutes

    def spoken(self) -> Silence:
        """The same with nothing to complain of: somebody else speaks for what it shares."""
        return self._replace(minutes=0.0)

    def sample(self) -> Sample:
        """As an instant for the engine, at the moment that decides.

        That is when the allowed time ran out, or the last reading: the same whoever looks and whenever.
        """
        at = self.last_end + timedelta(minutes=self.allowed_minutes) if self.is_silent else self.last_end
        return Sample(at, at, self.minutes, self.allowed_minutes, self.allowed_minutes)


def silence_of(station: Station, network: str, last: datetime, rule: SilenceRule, now: datetime) -> Silence | None:
    """Silence of one network at one station.

    Parameters
    ----------
    last : datetime
        Start of its last reading, UTC.

    Returns
    -------
    Silence or None
        None where no instrument is in service, or the station is a data set (``late_window_h = 0``).
    """
    serving = [item for item in station.instruments_of(network) if _in_service(item, now)]
    if not serving or station.late_window_h == 0:
        return None
    cadence = timedelta(seconds=max(item.cadence_s for item in serving))
    allowed = max(cadence.total_seconds() * rule.cadences / 60.0, rule.min_minutes)
    minutes = max(0.0, (now - last - cadence) / timedelta(minutes=1))
    return Silence(station.id, network, last + cadence, minutes, allowed)


def all_silent(silences: list[Silence], at_least: int) -> bool:
    """Whether every station that ever spoke is silent, and they are enough to blame what they share."""
    stations = {item.station_id for item in silences}
    speaking = {item.station_id for item in silences if not item.is_silent}
    return len(stations) >= at_least and not speaking


def forecast_of(product: pd.DataFrame, parameter: str) -> pd.DataFrame:
    """One parameter's forecast at one station, columns ``q10``, ``q50``, ``q90`` in the canonical unit, ascending.

    Parameters
    ----------
    product : DataFrame
        Product ``forecast_hourly`` of one station: a column ``parameter`` (tag) with the fields ``value`` (or ``q50``),
        ``q10`` and ``q90``, or fields named ``<parameter>_q50`` and so on. Of several rows for an hour the last counts.
    """
    rows = product[product["parameter"] == parameter] if "parameter" in product else product
    prefix = "" if "parameter" in product else f"{parameter}_"
    names = {prefix + name: name for name in ("q10", "q50", "q90")}
    if prefix + "q50" not in rows:
        names[prefix + "value"] = "q50"
    found = rows.rename(columns=names).reindex(columns=["q10", "q50", "q90"]).astype(float)
    return found[~found.index.duplicated(keep="last")].sort_index().dropna(subset=["q50"])


def forecast_sample(forecast: pd.DataFrame, rule: ForecastRule, now: datetime) -> Sample | None:
    """The forecast's verdict for one station, as an instant at the full hour before ``now``.

    Parameters
    ----------
    forecast : DataFrame
        As `forecast_of` gives it.

    Returns
    -------
    Sample or None
        Its value is the ``hours``-th largest within the lead time, so that it is above the limit when that many hours
        are. None without so many forecast hours.
    """
    inside = (forecast.index > now - HOUR) & (forecast.index < now + timedelta(hours=rule.lead_h))
    values = np.sort(forecast[rule.quantile.value][inside].dropna().to_numpy(dtype=float))
    if values.size < rule.hours:
        return None
    at = floor_hour(now)
    return Sample(at, at, float(values[-rule.hours]), rule.limit, rule.clear_limit)


def _moments(series: pd.Series) -> list[datetime]:
    return [moment.to_pydatetime() for moment in pd.DatetimeIndex(series.index)]


def _in_force(index: pd.Index, rule: ThresholdRule, zone: ZoneInfo) -> pd.Series:
    inside = pd.Series(data=True, index=index)
    if rule.since:
        inside &= index >= pd.Timestamp(datetime.combine(rule.since, time(), zone).astimezone(UTC))
    if rule.until:
        inside &= index < pd.Timestamp(datetime.combine(rule.until + timedelta(days=1), time(), zone).astimezone(UTC))
    return inside


def _is_dry(values: pd.Series, rain: pd.Series | None, dry_h: int) -> pd.Series:
    """Hours with no rain in them and in the ``dry_h - 1`` before; unknown rain counts as none."""
    if rain is None or not dry_h or rain.empty:
        return pd.Series(data=True, index=values.index)
    total = rain.reindex(values.index).fillna(0.0).rolling(f"{dry_h}h").sum()
    return total <= 0.0


def _in_service(instrument: Instrument, now: datetime) -> bool:
    return (instrument.since is None or instrument.since <= now) and (
        instrument.until is None or now < instrument.until
    )
