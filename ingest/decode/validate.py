"""Validation of a reading: known station, instrument and channels, a plausible time. Pure.

Two steps, so that a message of an unknown station costs one rejection and is never decoded: `validate_topic` checks the topic,
`validate` each decoded reading.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from schemas.message import ID_PATTERN, NetworkCode, Topic
from schemas.reading import Reading, Rejection, RejectReason

if TYPE_CHECKING:
    from schemas.calibration import CheckResult
    from schemas.interval import Interval
    from schemas.network import Network

TIME_AHEAD_MAX = timedelta(minutes=10)
_NETWORKS = frozenset(NetworkCode)
_LEVELS = 6
_NO_TIME = timedelta(0)


class Validated(msgspec.Struct, frozen=True, gc=False):
    """The part of a reading that may be stored, and what was refused.

    Attributes
    ----------
    reading : Reading or None
        None when nothing of it may be stored.
    rejections : tuple of Rejection
        Of the whole reading, or one for each refused value.
    """

    reading: Reading | None
    rejections: tuple[Rejection, ...] = ()


def validate(
    reading: Reading, network: Network, now: datetime, *, time_ahead_max: timedelta = TIME_AHEAD_MAX
) -> Validated:
    """Check one reading against the configured network.

    Parameters
    ----------
    now : datetime
        When the message was received, aware: the result does not depend on when it is decoded.
    time_ahead_max : timedelta
        How far the end of the reading may lie ahead of ``now``.

    Returns
    -------
    Validated
        The reading itself where everything is sound; a copy without the refused values where some are not channels of
        the instrument; None where the reading as a whole cannot be stored, or every value was refused.
    """
    key = (reading.station_id, reading.instrument_id)
    channels = network.channels.get(key)
    if channels is None or network.instruments[key].network != reading.network:
        return Validated(None, (_unknown(reading.network, *key, network=network, interval=reading.interval),))
    late = _outside_time(reading, network.late_windows[key], now, time_ahead_max)
    if late is not None:
        return Validated(None, (late,))
    if channels.issuperset(reading.values) and channels.issuperset(reading.status):
        return Validated(reading)
    return _without_unknown(reading, channels)


def validate_result(
    result: CheckResult, network: Network, now: datetime, *, time_ahead_max: timedelta = TIME_AHEAD_MAX
) -> Rejection | None:
    """Refuse a calibration result of a parameter that is no channel, or of a time that cannot be; None where it is sound.

    Parameters
    ----------
    result : CheckResult
        Of an instrument of the network (`validate_topic`).
    network : Network
    now : datetime
        When the message was received, aware.
    time_ahead_max : timedelta
    """
    key = (result.station_id, result.instrument_id)
    if result.parameter not in network.channels[key]:
        detail = f"parameter {result.parameter!r} is not a channel of instrument {'/'.join(key)}"
        return Rejection(RejectReason.UNKNOWN_PARAMETER, detail, *key, result.parameter)
    window = network.late_windows[key]
    reason = None
    if result.at - now > time_ahead_max:
        reason = RejectReason.TIME_FUTURE
    elif window > _NO_TIME and now - result.at > window:
        reason = RejectReason.TIME_LATE
    if reason is None:
        return None
    detail = f"check at {result.at.isoformat()}, received at {now.isoformat()}, late window {_words(window)}"
    return Rejection(reason, detail, *key, result.parameter)


def validate_topic(topic: Topic, network: Network) -> Rejection | None:
    """Check that the topic names an instrument of the network file that reports to that network; None when it does."""
    instrument = network.instruments.get((topic.station_id, topic.instrument_id))
    if instrument is not None and instrument.network == topic.network:
        return None
    return _unknown(topic.network, topic.station_id, topic.instrument_id, network=network, interval=None)


def refuse_malformed_topic(topic: str) -> Rejection:
    """Rejection of a topic that does not follow the contract: by the part that names nothing, or as a whole."""
    parts = topic.split("/")
    if len(parts) == _LEVELS and parts[:2] == ["obs", "v1"]:
        named = (
            ("station", parts[3], RejectReason.UNKNOWN_STATION),
            ("instrument", parts[4], RejectReason.UNKNOWN_INSTRUMENT),
        )
        for what, text, reason in named:
            if not ID_PATTERN.fullmatch(text):
                return Rejection(reason, f"topic: {what} {text[:80]!r}, expected [a-z0-9-]{{1,48}}")
    return Rejection(
        RejectReason.TOPIC_MISMATCH,
        "topic: expected obs/v1/{network}/{station_id}/{instrument_id}/{format} or cal/v1/{network}/{station_id}/{instrument_id}",
    )


def _unknown(
    code: str, station_id: str, instrument_id: str, *, network: Network, interval: Interval | None
) -> Rejection:
    reason, detail = _why_unknown(code, station_id, instrument_id, network)
    return Rejection(reason, detail, station_id, instrument_id, None, interval)


def _why_unknown(code: str, station_id: str, instrument_id: str, network: Network) -> tuple[RejectReason, str]:
    if code not in _NETWORKS:
        return RejectReason.UNKNOWN_NETWORK, f"network {code[:80]!r}, expected one of {' '.join(NetworkCode)}"
    station = network.stations.get(station_id)
    if station is None:
        return RejectReason.UNKNOWN_STATION, f"station {station_id!r} is not in the network file"
    instrument = network.instruments.get((station_id, instrument_id))
    if instrument is None:
        known = " ".join(item.id for item in station.instruments)
        return RejectReason.UNKNOWN_INSTRUMENT, f"instrument {instrument_id!r}, station {station_id} has {known}"
    detail = f"network {code!r}, instrument {station_id}/{instrument_id} reports to {str(instrument.network)!r}"
    return RejectReason.TOPIC_MISMATCH, detail


def _outside_time(reading: Reading, window: timedelta, now: datetime, time_ahead_max: timedelta) -> Rejection | None:
    """Refuse a time that cannot be yet, or one older than the late-data window (zero: any age)."""
    end = reading.interval.end
    if end - now > time_ahead_max:
        detail = (
            f"ends {end.isoformat()}, {_words(end - now)} after reception, expected at most {_words(time_ahead_max)}"
        )
        return _of_reading(reading, RejectReason.TIME_FUTURE, detail)
    if window > _NO_TIME and now - end > window:
        detail = f"ends {end.isoformat()}, {_words(now - end)} before reception, expected at most {_words(window)}"
        return _of_reading(reading, RejectReason.TIME_LATE, detail)
    return None


def _without_unknown(reading: Reading, channels: frozenset[str]) -> Validated:
    values = {code: value for code, value in reading.values.items() if code in channels}
    status = {code: letter for code, letter in reading.status.items() if code in channels}
    unknown = sorted({*reading.values, *reading.status} - channels)
    rejections = tuple(_unknown_parameter(reading, code) for code in unknown)
    if not values and not status:
        return Validated(None, rejections)
    return Validated(msgspec.structs.replace(reading, values=values, status=status), rejections)


def _unknown_parameter(reading: Reading, code: str) -> Rejection:
    given_text = f"value {reading.values[code]!r}" if code in reading.values else f"status {reading.status[code]!r}"
    detail = (
        f"parameter {code!r} ({given_text}) is not a channel of instrument {reading.station_id}/{reading.instrument_id}"
    )
    return Rejection(
        RejectReason.UNKNOWN_PARAMETER, detail, reading.station_id, reading.instrument_id, code, reading.interval
    )


def _of_reading(reading: Reading, reason: RejectReason, detail: str) -> Rejection:
    return Rejection(reason, detail, reading.station_id, reading.instrument_id, None, reading.interval)


def _words(span: timedelta) -> str:
    minutes = span / timedelta(minutes=1)
    if minutes < 120:  # noqa: PLR2004 - below two hours minutes say more
        return f"{minutes:.1f} min"
    hours = minutes / 60
    return f"{hours:.1f} h" if hours < 72 else f"{hours / 24:.1f} d"  # noqa: PLR2004 - three days
