"""From factors of a device to parameters of an instrument, by the network file.

A factor is taken by its code. Explicit entries of the network file come first; without one the standard's own code is used
where the annex was read and its unit is beyond doubt (`sensors.hj212.factor`), and refused with its reason otherwise.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, tzinfo

import msgspec

from schemas.interval import Interval
from schemas.message import Topic
from schemas.network import Hj212, Instrument
from schemas.parameter import load_parameters
from schemas.reading import Decoded, Reading, Rejection, RejectReason, Status
from schemas.units import UnitError, conversion
from sensors.hj212.command import Command, end_of
from sensors.hj212.content import Content, field_name
from sensors.hj212.factor import VERIFIED, load_factors, parameter_of_code

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_TIME = re.compile(r"[0-9]{14}(?:[0-9]{3})?")
_LETTERS = frozenset(Status)
_SHOWN = 60
_FACTORS_MAX = 1_000


class Target(msgspec.Struct, frozen=True):
    """Where the factors of a frame go.

    Attributes
    ----------
    topic : Topic
    instrument : Instrument
    hj212 : Hj212
        The instrument's table.
    others : tuple of Instrument
        Further instruments of the same device and kind of upload, in the order of the network file.
    is_first : bool
        Whether this one names what none of them knows.
    zone : tzinfo
        Of ``DataTime``.
    """

    topic: Topic
    instrument: Instrument
    hj212: Hj212
    others: tuple[Instrument, ...]
    is_first: bool
    zone: tzinfo


class _RefusedError(Exception):
    def __init__(self, reason: RejectReason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


def read_content(content: Content, cn: str, target: Target) -> Decoded:
    """Readings of a content, one a ``DataTime``, and what of it is refused.

    Parameters
    ----------
    content : Content
    cn : str
        One of `sensors.hj212.command.READINGS`.
    target : Target
    """
    decoded = Decoded([], [])
    for moment, factors in _by_time(content).items():
        try:
            if len(factors) > _FACTORS_MAX:
                detail = f"{len(factors)} factors, expected at most {_FACTORS_MAX}"
                raise _RefusedError(RejectReason.BAD_SCHEMA, detail)  # noqa: TRY301 - one way out for a whole reading
            interval = _interval(moment, cn, target)
        except _RefusedError as refused:
            decoded.rejections.append(_rejection(refused, target))
            continue
        _read_factors(factors, cn, interval, target=target, decoded=decoded)
    return decoded


def _by_time(content: Content) -> dict[str, dict[str, dict[str, str]]]:
    """Sub-fields by suffix by factor code by ``DataTime`` (empty where none stands before them)."""
    times: dict[str, dict[str, dict[str, str]]] = {}
    moment = ""
    for field in content:
        name, value = field_name(field), field[2]
        if name == "DataTime":
            moment = value
            continue
        code, dash, suffix = name.rpartition("-")
        if not dash or not code:
            continue  # PolId, BeginTime and the like say nothing about a value
        fields = times.setdefault(moment, {}).setdefault(code, {})
        # a second value under the same name is kept apart, so that the factor can be refused
        fields[suffix if fields.get(suffix, value) == value else "twice"] = value
    return times


def _read_factors(
    factors: dict[str, dict[str, str]], cn: str, interval: Interval, *, target: Target, decoded: Decoded
) -> None:
    values: dict[str, float] = {}
    status: dict[str, str] = {}
    suffix = "Rtd" if cn == Command.REALTIME else "Avg"
    for code, fields in factors.items():
        try:
            found = _parameter(code, target)
            if found is None:
                continue
            parameter, unit = found
            value, letter = _value(code, fields, suffix, parameter=parameter, unit=unit)
        except _RefusedError as refused:
            decoded.rejections.append(_rejection(refused, target, _clipped(code), interval))
            continue
        if value is not None:
            values[parameter] = value
        if letter != Status.NORMAL:
            status[parameter] = letter
    if values or status:
        topic = target.topic
        decoded.readings.append(Reading(topic.network, topic.station_id, topic.instrument_id, interval, values, status))


def _parameter(code: str, target: Target) -> tuple[str, str] | None:
    """Parameter and unit of a factor; None where it is not this instrument's matter."""
    explicit = target.hj212.factors.get(code)
    if explicit is not None:
        return explicit.parameter, explicit.unit
    if code in target.hj212.ignore:
        return None
    known = _default(code, target.instrument)
    if known is None:
        if target.is_first and not any(_claims(code, item) for item in target.others):
            detail = f"factor {_clipped(code)!r} is neither mapped nor ignored by an instrument of mn {target.hj212.mn}"
            raise _RefusedError(RejectReason.UNKNOWN_PARAMETER, detail)
        return None
    factor = load_factors().get(code)
    if factor is None or factor.status != VERIFIED:
        status = factor.status if factor is not None else "not in the table of factors"
        detail = f"factor {code!r} may be {known!r} ({status}): name parameter and unit in hj212.factors"
        raise _RefusedError(RejectReason.UNKNOWN_PARAMETER, detail)
    if not factor.has_sure_unit:
        detail = (
            f"factor {code!r} ({known}): unit unknown, expected in hj212.factors; "
            f"the standard says {factor.unit}, devices often send another"
        )
        raise _RefusedError(RejectReason.BAD_UNIT, detail)
    return known, factor.unit


def _default(code: str, instrument: Instrument) -> str | None:
    """Parameter that the registry has for a code, where the instrument reports it and no explicit entry gives it."""
    known = parameter_of_code().get(code)
    if known is None or known not in instrument.parameters or instrument.hj212 is None:
        return None
    mapped = {factor.parameter for factor in instrument.hj212.factors.values()}
    return None if known in mapped else known


def _claims(code: str, instrument: Instrument) -> bool:
    hj212 = instrument.hj212
    return hj212 is not None and (
        code in hj212.factors or code in hj212.ignore or _default(code, instrument) is not None
    )


def _value(code: str, fields: dict[str, str], suffix: str, *, parameter: str, unit: str) -> tuple[float | None, str]:
    """Value in the canonical unit, and the letter; no value where the device left it out."""
    if "twice" in fields:
        raise _RefusedError(RejectReason.BAD_VALUE, f"{_clipped(code)}: two values under one name")
    letter = fields.get("Flag", Status.NORMAL.value)
    if letter not in _LETTERS:
        detail = f"{code}-Flag: {_clipped(letter)!r}, expected one of {' '.join(Status)}"
        raise _RefusedError(RejectReason.BAD_STATUS, detail)
    text = fields.get(suffix, "")
    if not text:
        return None, letter
    try:
        factor, offset = conversion(unit, load_parameters()[parameter])
    except UnitError as error:
        raise _RefusedError(RejectReason.BAD_UNIT, f"{code}: {error}") from error
    value = float(text) * factor + offset if _NUMBER.fullmatch(text) else math.nan
    if not math.isfinite(value):
        raise _RefusedError(RejectReason.BAD_VALUE, f"{code}-{suffix}: {_clipped(text)!r}, expected a finite number")
    return value, letter


def _interval(moment: str, cn: str, target: Target) -> Interval:
    try:
        if not _TIME.fullmatch(moment):
            raise ValueError  # noqa: TRY301 - one way out for every time that is none
        start = datetime.strptime(moment[:14], "%Y%m%d%H%M%S").replace(tzinfo=target.zone)  # the zone of the network
        start = start.replace(microsecond=int(moment[14:] or "0") * 1_000)
        end = end_of(cn, start, target.hj212.minute_interval)
        return Interval(start.astimezone(UTC), end.astimezone(UTC))
    except (ValueError, OverflowError) as error:
        detail = f"DataTime: {_clipped(moment)!r}, expected YYYYMMDDhhmmss {error}".rstrip()
        raise _RefusedError(RejectReason.BAD_SCHEMA, detail) from error


def _rejection(
    refused: _RefusedError, target: Target, parameter: str | None = None, interval: Interval | None = None
) -> Rejection:
    topic = target.topic
    return Rejection(refused.reason, str(refused), topic.station_id, topic.instrument_id, parameter, interval)


def _clipped(text: str) -> str:
    short = text[:_SHOWN]
    return short if short.isprintable() else repr(short)[1:-1][:_SHOWN]
