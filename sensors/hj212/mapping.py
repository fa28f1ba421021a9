"""From factors of a device to parameters of an instrument, by the network file.

A factor is taken by its code. Explicit entries of the network file come first; without one the standard's own code is used
where the annex was read and its unit is beyond doubt (`sensors.hj212.factor`), and refused with its reason otherwise.
"""

from __future__ import annotations

import math
import re
from datetime import datetime, tzinfo

import msgspec

from schemas.bounds import NUMBER_MAX, bounded_interval, is_number
from schemas.interval import Interval
from schemas.message import Topic
from schemas.moment import BoundsError, bounded_moment
from schemas.network import Hj212, Hj212Factor, Instrument
from schemas.parameter import load_parameters
from schemas.reading import Decoded, Reading, Rejection, RejectReason, Status
from schemas.units import UnitError, conversion
from sensors.hj212.command import Command, end_of
from sensors.hj212.content import Content, plain_text
from sensors.hj212.factor import VERIFIED, load_factors, parameter_of_code
from sensors.hj212.grouping import STATUS, SUFFIXES, Fields, Group, group
from sensors.json_text import clipped

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_TIME = re.compile(r"[0-9]{14}(?:[0-9]{3})?")
_LETTERS = frozenset(Status)
_SHOWN = 60
_FACTORS_MAX = 1_000
# Annotations of a value, not values.
_NO_FACTORS = frozenset({STATUS, "eflag", "sampletime", "info", "sn"})


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
    groups, broken = group(content)
    if broken:
        detail = f"content: {len(broken)} fields without a name or '=', the first {_clipped(broken[0])!r}"
        decoded.rejections.append(_rejection(_RefusedError(RejectReason.BAD_FRAME, detail), target))
    common = groups[""].status if "" in groups else []
    for moment, found in groups.items():
        if not (found.factors or found.named):
            continue
        try:
            if len(found.factors) + len(found.named) > _FACTORS_MAX:
                detail = f"{len(found.factors) + len(found.named)} factors, expected at most {_FACTORS_MAX}"
                raise _RefusedError(RejectReason.BAD_SCHEMA, detail)  # noqa: TRY301 - one way out for a whole reading
            interval = _interval(moment, cn, target)
        except _RefusedError as refused:
            decoded.rejections.append(_rejection(refused, target))
            continue
        _read_factors(found, _Frame(cn, interval, ",".join({*common, *found.status})), target=target, decoded=decoded)
        _read_named(found, interval, target=target, decoded=decoded)
    return decoded


class _Frame(msgspec.Struct, frozen=True):
    """What the factors of one DataTime share; ``status`` is of those that have none of their own, empty where there is none."""

    cn: str
    interval: Interval
    status: str


def _read_factors(found: Group, frame: _Frame, *, target: Target, decoded: Decoded) -> None:
    values: dict[str, float] = {}
    status: dict[str, str] = {}
    for fields in found.factors.values():
        try:
            known = _parameter(fields.code, target)
            if known is None:
                continue
            parameter, unit = known
            letter = _letter(fields, frame, _clipped(fields.code))
            # a status that explains a refused value is stored
            if letter != Status.NORMAL:
                status[parameter] = letter
            value = _value(fields, frame.cn, target.hj212, letter=letter, parameter=parameter, unit=unit)
        except _RefusedError as refused:
            decoded.rejections.append(_rejection(refused, target, _clipped(fields.code), frame.interval))
            continue
        if value is not None:
            values[parameter] = value
    if values or status:
        topic = target.topic
        decoded.readings.append(
            Reading(topic.network, topic.station_id, topic.instrument_id, frame.interval, values, status)
        )


def _read_named(found: Group, interval: Interval, *, target: Target, decoded: Decoded) -> None:
    """Refuse figures and letters under names that are no factor's; texts are no values."""
    if not target.is_first:
        return
    for name, value in found.named.items():
        if not (_NUMBER.fullmatch(value.replace(",", ".")) or _is_letter(value)):
            continue
        if any(item.hj212 and _is_in(name, item.hj212.ignore) for item in (target.instrument, *target.others)):
            continue
        detail = f"{_clipped(name)}={_clipped(value)}: no factor, expected a code with -Rtd, -Avg or -Flag, or the name in ignore"
        refused = _RefusedError(RejectReason.UNKNOWN_PARAMETER, detail)
        decoded.rejections.append(_rejection(refused, target, _clipped(name), interval))


def _parameter(code: str, target: Target) -> tuple[str, str] | None:
    """Parameter and unit of a factor; None where it is not this instrument's matter."""
    explicit = _named(code, target.hj212)
    if explicit is not None:
        return explicit.parameter, explicit.unit
    if _is_in(code, target.hj212.ignore):
        return None
    known = _default(code, target.instrument)
    if known is None:
        if target.is_first and not any(_claims(code, item) for item in target.others):
            detail = f"factor {_clipped(code)!r} is neither mapped nor ignored by an instrument of mn {target.hj212.mn}"
            raise _RefusedError(RejectReason.UNKNOWN_PARAMETER, detail)
        return None
    factor = load_factors().get(code.casefold())
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
    known = parameter_of_code().get(code.casefold())
    if known is None or known not in instrument.parameters or instrument.hj212 is None:
        return None
    mapped = {factor.parameter for factor in instrument.hj212.factors.values()}
    return None if known in mapped else known


def _claims(code: str, instrument: Instrument) -> bool:
    hj212 = instrument.hj212
    return hj212 is not None and (
        _named(code, hj212) is not None or _is_in(code, hj212.ignore) or _default(code, instrument) is not None
    )


def _named(code: str, hj212: Hj212) -> Hj212Factor | None:
    """Entry of the network file for a code, in whatever letters the device writes it."""
    exact = hj212.factors.get(code)
    if exact is not None:
        return exact
    small = code.casefold()
    return next((factor for name, factor in hj212.factors.items() if name.casefold() == small), None)


def _is_in(name: str, names: tuple[str, ...]) -> bool:
    small = name.casefold()
    return any(small == item.casefold() for item in names)


def _value(fields: Fields, cn: str, hj212: Hj212, *, letter: str, parameter: str, unit: str) -> float | None:
    """Value in the canonical unit; None where the device left it out."""
    code = _clipped(fields.code)
    if fields.twice:
        raise _RefusedError(RejectReason.BAD_VALUE, f"{code}-{_clipped(min(fields.twice))}: two values under one name")
    suffix = hj212.suffix or ("Rtd" if cn == Command.REALTIME else "Avg")
    text = fields.values.get(suffix.casefold(), "")
    if not text:
        _refuse_others(fields, suffix, letter, cn)
        return None
    try:
        factor, offset = conversion(unit, load_parameters()[parameter])
    except UnitError as error:
        raise _RefusedError(RejectReason.BAD_UNIT, f"{code}: {error}") from error
    value = float(text) * factor + offset if _NUMBER.fullmatch(text) else math.nan
    if not is_number(value):
        expected = f"an amount of at most {NUMBER_MAX:g}" if math.isfinite(value) else "a finite number"
        raise _RefusedError(RejectReason.BAD_VALUE, f"{code}-{suffix}: {_clipped(text)!r}, expected {expected}")
    return value


def _letter(fields: Fields, frame: _Frame, code: str) -> str:
    """Status of a factor: its own, or that of the frame; under a name that is none it is refused, never passed over."""
    if STATUS in fields.twice:
        raise _RefusedError(RejectReason.BAD_STATUS, f"{code}-Flag: two values under one name")
    found = fields.values.get(STATUS)
    for name, value in fields.values.items():
        if name in SUFFIXES or not (_is_letter(value) or _STATUS_NAME.search(name)):
            continue
        if found is None or value.casefold() != found.casefold():
            detail = f"{code}-{_clipped(name)}: {_clipped(value)!r}, expected a status as {code}-Flag"
            raise _RefusedError(RejectReason.BAD_STATUS, detail)
    if found is None:
        found = frame.status or Status.NORMAL.value
    letter = found.upper()
    if letter not in _LETTERS:
        detail = f"{code}-Flag: {_clipped(found)!r}, expected one of {' '.join(Status)}"
        raise _RefusedError(RejectReason.BAD_STATUS, detail)
    return letter


def _refuse_others(fields: Fields, suffix: str, letter: str, cn: str) -> None:
    """Refuse a factor without a value that has one under another suffix: the network file has to choose."""
    others = {name: value for name, value in fields.values.items() if value and name not in _NO_FACTORS}
    is_left_out = suffix.casefold() in fields.values and letter != Status.NORMAL
    if not others or is_left_out:
        return
    name, value = next(iter(others.items()))
    code = _clipped(fields.code)
    detail = (
        f"{code}: no -{suffix} in CN {cn}, but -{_clipped(SUFFIXES.get(name, name))}={_clipped(value)}; "
        "where that is the value of the interval, set suffix in the hj212 table"
    )
    raise _RefusedError(RejectReason.BAD_SCHEMA, detail)


_STATUS_NAME = re.compile(r"flag|stat|valid|quality|fault|状态|标[识志]", re.IGNORECASE)
"""Names of a status whatever its value: words and figures are no letters of the protocol, and no values either."""


def _is_letter(value: str) -> bool:
    return len(value) == 1 and value.isalpha()


def _interval(moment: str, cn: str, target: Target) -> Interval:
    try:
        if not _TIME.fullmatch(moment):
            raise ValueError  # noqa: TRY301 - one way out for every time that is none
        start = datetime.strptime(moment[:14], "%Y%m%d%H%M%S").replace(tzinfo=target.zone)  # the zone of the network
        start = start.replace(microsecond=int(moment[14:] or "0") * 1_000)
        bounded_moment(start)
        return bounded_interval(start, end_of(cn, start, target.hj212.minute_interval))
    except BoundsError as error:
        detail = f"DataTime: {_clipped(moment)!r}: {error}"
        raise _RefusedError(RejectReason.BAD_SCHEMA, detail) from error
    except ValueError as error:
        detail = f"DataTime: {_clipped(moment)!r}, expected YYYYMMDDhhmmss {error}".rstrip()
        raise _RefusedError(RejectReason.BAD_SCHEMA, detail) from error


def _rejection(
    refused: _RefusedError, target: Target, parameter: str | None = None, interval: Interval | None = None
) -> Rejection:
    topic = target.topic
    return Rejection(refused.reason, str(refused), topic.station_id, topic.instrument_id, parameter, interval)


def _clipped(text: str) -> str:
    return clipped(plain_text(text), _SHOWN)
