"""Context of the worst value of a case: wind, the station's other instruments, stations near, what is usual. Reads only.

What is not known is left out. Tolerances and periods are the project's choice, not verified.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from msgspec.structs import replace

from alerts.mail.evidence.alert_evidence import nearest
from alerts.mail.view.mail_value import UsualLevel, WindValue
from alerts.mail.view.plain import lead_alert, name_of
from alerts.rules.incremental import NORMAL, OVER_RANGE, physical_range
from alerts.run.mail.values import count_risen
from qc.angle import vector_mean
from schemas.alert_case import CaseKind
from schemas.frames import STATUS, valid_values
from schemas.geodesy import km_between
from schemas.interval import floor_hour
from schemas.parameter import load_parameters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.mail.evidence.series import Sources
    from alerts.mail.view.case_mail import CaseMail
    from alerts.mail.view.finding import DataQuality
    from alerts.mail.view.mail_value import Companion, LeadValue
    from schemas.alert_case import AlertCase
    from schemas.network import Instrument, Station

SPEED, DIRECTION = "wind_speed", "wind_direction"
HOUR = timedelta(hours=1)
WIND_MEAN = timedelta(minutes=10)
"""Period of a mean wind (WMO-No. 8)."""
WIND_KM = 30.0
"""Stations further away say nothing of the wind at the station [km]."""
AGREE_SHARE = 0.2
"""Instruments agree that differ by at most this part of the larger value [1]."""
AGREE_DIGITS = 2
"""Or by this many units of the last digit."""
SEASON_DAYS = 30
AROUND_H = 1
"""Hours of the day before and after that count as this hour as well."""
LEAST_HOURS = 15
"""With fewer valid hours nothing is usual."""


class _WindFeed(NamedTuple):
    """An instrument that measures the wind."""

    station: Station
    instrument: Instrument
    distance_km: float


def with_wind(sources: Sources, case: AlertCase, view: CaseMail) -> CaseMail:
    """The wind as the case began and, while it goes on, now; of the station, or of the nearest within 30 km that measures it."""
    alert = lead_alert(case)
    own = None if alert is None or alert.parameter is None else sources.network.stations.get(alert.station_id)
    if own is None or case.kind is CaseKind.FAULT or case.since > sources.now:  # wind explains no fault
        return view
    begin: WindValue | None = None
    for feed in _wind_feeds(sources, own):
        span = max(WIND_MEAN, timedelta(seconds=feed.instrument.cadence_s))
        begin = begin or _wind(sources, feed, own, case.since, case.since + span)
        if case.is_open:
            now = _wind(sources, feed, own, sources.now - max(HOUR, 2 * span), sources.now)
            if now is not None:
                return replace(view, wind=now, wind_at_begin=begin)
        elif begin is not None:
            break
    return replace(view, wind_at_begin=begin)


def _wind_feeds(sources: Sources, own: Station) -> Iterator[_WindFeed]:
    """Instruments in service, those of the station first, then the nearest."""
    found = [
        _WindFeed(item, instrument, km_between(own, item))
        for item in sources.network.station_list
        if item.id == own.id or km_between(own, item) <= WIND_KM
        for instrument in item.instruments
        if {SPEED, DIRECTION} <= set(instrument.parameters) and instrument.serves_at(sources.now)
    ]
    yield from sorted(found, key=lambda item: (item.station.id != own.id, item.distance_km, item.station.id))[:3]


def _wind(sources: Sources, feed: _WindFeed, own: Station, start: datetime, end: datetime) -> WindValue | None:
    """Vector mean of the last ten minutes with values in a period; None without a value."""
    instrument, station = feed.instrument, feed.station
    frame = sources.influx.read_native(instrument.network, station.id, instrument.id, start, end, [SPEED, DIRECTION])
    speed, direction = _usable(frame, SPEED), _usable(frame, DIRECTION)
    both = speed.notna() & direction.notna()
    if not both.any():
        return None
    cadence = timedelta(seconds=instrument.cadence_s)
    last = speed.index[both][-1].to_pydatetime() + cadence
    kept = both & (speed.index >= last - max(WIND_MEAN, cadence))
    degrees = vector_mean(direction[kept].to_numpy(dtype=float), speed[kept].to_numpy(dtype=float))
    is_own = station.id == own.id
    return WindValue(
        from_deg=0.0 if np.isnan(degrees) else degrees,
        speed_m_s=0.0 if np.isnan(degrees) else float(speed[kept].mean()),
        at=last,
        station=None if is_own else name_of(station),
        distance_km=None if is_own else feed.distance_km,
    )


def _usable(frame: pd.DataFrame, code: str, *, with_over_range: bool = False) -> pd.Series:
    """Readings with status N (and T) within the physical range; NaN for others."""
    if code not in frame:
        return pd.Series(np.nan, index=frame.index)
    letters = frame.get(code + STATUS, pd.Series(index=frame.index, dtype=object))
    low, high = physical_range(code)
    values = frame[code].astype(float)
    usable = [NORMAL, OVER_RANGE] if with_over_range else [NORMAL]
    values = values.mask((letters == OVER_RANGE) & (values > high), high)
    return values.where((letters.isna() | letters.isin(usable)) & values.between(low, high))


def with_instruments(sources: Sources, case: AlertCase, view: CaseMail) -> CaseMail:
    """Values of the station's other instruments for the parameter at the same time, and whether they agree."""
    lead, quality, station = view.lead, view.quality, _station_of(sources, case)
    if lead is None or quality is None or station is None or lead.latest is None or lead.latest.at is None:
        return view
    measuring = [item for item in station.instruments if lead.parameter in item.parameters]
    measuring = [item for item in measuring if item.serves_at(lead.latest.at)]
    if len(measuring) < 2:  # noqa: PLR2004 - one alone agrees with nothing
        return view
    end = lead.latest.at
    found = [_mean(sources, station.id, item, lead, end) for item in measuring]
    known = [item for item in found if item is not None]
    if len(known) < 2:  # noqa: PLR2004 - as above
        return view
    return replace(view, quality=_compared(quality, lead, known))


def _mean(sources: Sources, station_id: str, instrument: Instrument, lead: LeadValue, end: datetime) -> float | None:
    """Mean of an instrument's readings in the last interval of the series; None without any."""
    start = end - max(lead.cadence, timedelta(seconds=instrument.cadence_s))
    frame = sources.influx.read_native(instrument.network, station_id, instrument.id, start, end, [lead.parameter])
    mean = _usable(frame, lead.parameter, with_over_range=True).mean()
    return None if pd.isna(mean) else float(mean)


def _compared(quality: DataQuality, lead: LeadValue, values: list[float]) -> DataQuality:
    """The value nearest to that of the case first."""
    latest = lead.latest.value if lead.latest else values[0]
    first = min(values, key=lambda item: abs(item - latest))
    rest = [item for number, item in enumerate(values) if number != values.index(first)]
    agreeing = 1 + sum(do_agree(first, item, lead.decimals) for item in rest)
    return replace(quality, instruments=(first, *rest), agreeing=agreeing, do_agree=agreeing == len(values))


def do_agree(one: float, other: float, decimals: int) -> bool:
    """Whether two values of one parameter are those of the same air.

    Examples
    --------
    >>> do_agree(161.0, 140.0, 0), do_agree(161.0, 90.0, 0), do_agree(1.0, 3.0, 0)
    (True, False, True)
    """
    return abs(one - other) <= max(AGREE_SHARE * max(abs(one), abs(other)), AGREE_DIGITS * 10.0**-decimals)


def with_neighbours(sources: Sources, case: AlertCase, view: CaseMail) -> CaseMail:
    """How many of the nearest stations are beyond the limit as well, of those with a value; for cases of readings."""
    alert, lead, quality, own = lead_alert(case), view.lead, view.quality, _station_of(sources, case)
    if (
        alert is None
        or own is None
        or lead is None
        or quality is None
        or lead.threshold is None
        or alert.network is None
    ):
        return view
    if quality.near_total or lead.latest is None or lead.latest.at is None or lead.baseline:
        return view
    start = lead.latest.at - max(HOUR, lead.cadence)
    frames = sources.influx.read_native_many(
        alert.network, nearest(sources.network, own, alert.network), start, lead.latest.at, [lead.parameter]
    )
    newest: dict[str, float] = {}
    for (station_id, _), frame in sorted(frames.items()):
        values = _usable(frame, lead.parameter, with_over_range=True).dropna()
        if len(values):
            newest.setdefault(station_id, float(values.iloc[-1]))
    if not newest:
        return view
    risen = count_risen(case, lead, newest)
    return replace(view, quality=replace(quality, near_beyond=risen, near_total=len(newest)))


def with_usual(sources: Sources, case: AlertCase, view: CaseMail) -> CaseMail:
    """What is usual at this hour of the day in the thirty days before, of the worst parameter and its companions."""
    alert, lead = lead_alert(case), view.lead
    if alert is None or lead is None or alert.network is None:
        return view
    networks = {item.parameter: item.network for item in case.alerts if item.station_id == alert.station_id}
    shown = (lead.extreme if view.is_over else lead.latest) or lead.extreme
    moment = case.since if shown is None or shown.at is None else shown.at
    if not view.is_over and moment > case.since:
        moment -= min(lead.cadence, HOUR)  # a newest value has the end of its interval
    usual = {
        code: _usual(sources, network, alert.station_id, code, (case.since, moment))
        for code, network in networks.items()
        if code is not None and network is not None
    }
    return replace(
        view,
        lead=replace(lead, usual=usual.get(lead.parameter)),
        companions=tuple(_companion(item, usual.get(item.parameter)) for item in view.companions),
    )


def _companion(item: Companion, usual: UsualLevel | None) -> Companion:
    return item if usual is None else replace(item, usual=usual.median)


def _usual(
    sources: Sources, network: str, station_id: str, code: str, when: tuple[datetime, datetime]
) -> UsualLevel | None:
    """Of the hours up to the begin of the case; ``when``: that begin, and the moment whose hour of the day counts."""
    known = load_parameters().get(code)
    if known is not None and known.period:
        return None  # a direction has no usual level
    end = floor_hour(when[0])
    frame = sources.influx.read_hourly(network, station_id, end - timedelta(days=SEASON_DAYS), end, [code])
    if code not in frame or frame.empty:
        return None
    values = valid_values(frame, code).dropna()
    zone = sources.network.timezone
    hour = when[1].astimezone(zone).hour
    away = (pd.DatetimeIndex(values.index).tz_convert(zone).hour - hour + 12) % 24 - 12
    own = values[np.abs(away) <= AROUND_H]
    if len(own) < LEAST_HOURS:
        return None
    low, median, high = (float(item) for item in np.percentile(own, (10, 50, 90)))
    return UsualLevel(
        median=median,
        low=low,
        high=high,
        count=len(own),
        days=SEASON_DAYS,
        first_h=(hour - AROUND_H) % 24,
        last_h=(hour + AROUND_H) % 24 + 1,
    )


def _station_of(sources: Sources, case: AlertCase) -> Station | None:
    alert = lead_alert(case)
    return None if alert is None else sources.network.stations.get(alert.station_id)
