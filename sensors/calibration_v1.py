"""Results of calibration checks: one JSON object or an array of them a message, UTF-8."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from schemas.bounds import NUMBER_MAX, is_number
from schemas.calibration import FLOW_UNIT, CheckKind, CheckResult
from schemas.moment import BoundsError, parse_moment
from schemas.parameter import UnknownParameterError, parameter
from schemas.reading import Rejection, RejectReason
from schemas.unit_spelling import unit_form
from schemas.units import UnitError, conversion
from sensors.json_text import JsonError, JsonObject, clipped, read_json, shown

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from schemas.message import RawMessage, Topic

RESULTS_MAX = 1_000
"""Results in one array; a multi-point calibration of every parameter has some hundred."""
_SHOWN = 200


class _Wire(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """One result of the payload."""

    at: str
    kind: CheckKind
    parameter: str
    reference: float
    response: float
    unit: str | None = None
    gas: Annotated[str, Meta(max_length=80)] = ""
    station: str | None = None
    instrument: str | None = None


class DecodedChecks(msgspec.Struct, frozen=True):
    """What one message held: the sound results, and what was refused."""

    results: list[CheckResult]
    rejections: list[Rejection]


def decode(message: RawMessage, topic: Topic) -> DecodedChecks:
    """Decode a message of results; parameters as of `sensors.json_v1.decode`.

    Returns
    -------
    DecodedChecks
        Figures in canonical units, of flow checks in litres per minute. One refused result costs only itself.
    """
    try:
        document = read_json(message.payload)
    except JsonError as error:
        return _refused(topic, error.reason, str(error))
    if isinstance(document, list) and len(document) > RESULTS_MAX:
        return _refused(
            topic, RejectReason.BAD_SCHEMA, f"array of {len(document)} results, expected at most {RESULTS_MAX}"
        )
    decoded = DecodedChecks([], [])
    for position, item in enumerate(document if isinstance(document, list) else [document]):
        found = _result(item, topic)
        if isinstance(found, CheckResult):
            decoded.results.append(found)
        else:
            place = f"result {position}: {found.detail}" if isinstance(document, list) else found.detail
            decoded.rejections.append(msgspec.structs.replace(found, detail=place))
    return decoded


def encode(results: Iterable[CheckResult]) -> bytes:
    """Encode results of one instrument as a station publishes them, in canonical units."""
    return msgspec.json.encode(
        [
            _Wire(
                at=item.at.isoformat(),
                kind=item.kind,
                parameter=item.parameter,
                reference=item.reference,
                response=item.response,
                unit=FLOW_UNIT if item.kind is CheckKind.FLOW else parameter(item.parameter).unit,
                gas=item.gas,
            )
            for item in results
        ]
    )


def _result(item: object, topic: Topic) -> CheckResult | Rejection:
    if isinstance(item, JsonObject) and item.twice:
        detail = f"{clipped(min(item.twice))} occurs twice with two values, expected one"
        return _rejection(topic, RejectReason.BAD_SCHEMA, detail)
    try:
        wire = msgspec.convert(item, _Wire)
        at = parse_moment(wire.at)
    except BoundsError as error:
        return _rejection(topic, RejectReason.BAD_SCHEMA, f"at: {error}")
    except msgspec.ValidationError as error:
        return _rejection(topic, RejectReason.BAD_SCHEMA, clipped(str(error), _SHOWN))
    for name, stated, own in (
        ("station", wire.station, topic.station_id),
        ("instrument", wire.instrument, topic.instrument_id),
    ):
        if stated is not None and stated != own:
            return _rejection(topic, RejectReason.TOPIC_MISMATCH, f"{name} {shown(stated)}, the topic says {own!r}")
    return _checked(wire, at, topic)


def _checked(wire: _Wire, at: datetime, topic: Topic) -> CheckResult | Rejection:
    try:
        reference, response = _canonical(wire)
    except UnknownParameterError:
        detail = f"unknown parameter {shown(wire.parameter)}, expected a code of the registry"
        return _rejection(topic, RejectReason.UNKNOWN_PARAMETER, f"{at.isoformat()}: {detail}", wire)
    except UnitError as error:
        return _rejection(topic, RejectReason.BAD_UNIT, f"{at.isoformat()}: {error}", wire)
    wrong = _wrong_value(wire.kind, reference, response)
    if wrong:
        return _rejection(topic, RejectReason.BAD_VALUE, f"{at.isoformat()}: {wrong}", wire)
    return CheckResult(
        topic.network,
        topic.station_id,
        topic.instrument_id,
        wire.parameter,
        at,
        wire.kind,
        reference,
        response,
        wire.gas,
    )


def _canonical(wire: _Wire) -> tuple[float, float]:
    known = parameter(wire.parameter)
    if wire.kind is CheckKind.FLOW:
        if wire.unit is not None and unit_form(wire.unit) != unit_form(FLOW_UNIT):
            msg = f"unit {shown(wire.unit)} of a flow check, expected {FLOW_UNIT}"
            raise UnitError(msg)
        return wire.reference, wire.response
    factor, offset = conversion(wire.unit or known.unit, known)
    return wire.reference * factor + offset, wire.response * factor + offset


def _wrong_value(kind: CheckKind, reference: float, response: float) -> str:
    if not (is_number(reference) and is_number(response)):
        return f"reference {reference!r}, response {response!r}, expected finite numbers of at most {NUMBER_MAX:g}"
    if kind is not CheckKind.ZERO and reference <= 0:
        return f"reference {reference!r} of a {kind.value} check, expected above 0"
    return ""


def _refused(topic: Topic, reason: RejectReason, detail: str) -> DecodedChecks:
    return DecodedChecks([], [_rejection(topic, reason, detail)])


def _rejection(topic: Topic, reason: RejectReason, detail: str, wire: _Wire | None = None) -> Rejection:
    """Refusal without an interval: a result is no reading, and would else be counted as a lost one."""
    parameter = None if wire is None else clipped(wire.parameter)
    return Rejection(reason, detail, topic.station_id, topic.instrument_id, parameter)
