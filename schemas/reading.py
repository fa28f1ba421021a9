"""Readings, what is refused, and why."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from schemas.interval import Interval


class Status(StrEnum):
    """Status reported by an instrument (letters of HJ 212-2017)."""

    NORMAL = "N"
    STOPPED = "F"
    MAINTENANCE = "M"
    SET_BY_HAND = "S"
    FAULT = "D"
    CALIBRATION = "C"
    OVER_RANGE = "T"
    COMMUNICATION_ERROR = "B"


class Reading(msgspec.Struct, frozen=True, gc=False):
    """One instrument at one time step.

    Attributes
    ----------
    network, station_id, instrument_id : str
    interval : Interval
        UTC, half-open; an instant has ``start == end``.
    values : dict of str to float
        By parameter code, in the parameter's canonical unit. A parameter without a value is absent.
    status : dict of str to str
        Letters of `Status` by parameter, only those that are not ``N``. May name a parameter without a value.
    seq : int or None
        Counts up per instrument; a gap proves a loss.
    """

    network: str
    station_id: str
    instrument_id: str
    interval: Interval
    values: dict[str, float]
    status: dict[str, str] = msgspec.field(default_factory=dict)
    seq: int | None = None


class RejectReason(StrEnum):
    """Closed list of the reasons for which something goes to the quarantine."""

    TOO_LARGE = "too_large"
    BAD_UTF8 = "bad_utf8"
    NOT_JSON = "not_json"
    BAD_SCHEMA = "bad_schema"
    UNKNOWN_NETWORK = "unknown_network"
    UNKNOWN_STATION = "unknown_station"
    UNKNOWN_INSTRUMENT = "unknown_instrument"
    TOPIC_MISMATCH = "topic_mismatch"
    UNKNOWN_PARAMETER = "unknown_parameter"
    BAD_UNIT = "bad_unit"
    BAD_VALUE = "bad_value"
    BAD_STATUS = "bad_status"
    TIME_FUTURE = "time_future"
    TIME_LATE = "time_late"
    CLOCK_SUSPECT = "clock_suspect"
    BAD_FRAME = "bad_frame"
    REFUSED_BY_STORE = "refused_by_store"
    INTERNAL_ERROR = "internal_error"
    """Something of ours raised; exception and place are in the detail."""


class Rejection(msgspec.Struct, frozen=True, gc=False):
    """One thing that cannot be accepted: a whole message, a reading, or one value of it.

    ``detail`` is text for people: the place, what was found, what was expected. ``parameter`` is given where a single value is
    refused and the rest of the reading is kept; place and interval as far as they are known.
    """

    reason: RejectReason
    detail: str
    station_id: str | None = None
    instrument_id: str | None = None
    parameter: str | None = None
    interval: Interval | None = None


class Decoded(msgspec.Struct, frozen=True, gc=False):
    """What one message held: the sound readings, and what was refused."""

    readings: list[Reading]
    rejections: list[Rejection]
