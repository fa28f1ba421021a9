"""Renames codes and units in a JSON message, which is parsed as the decoder parses it.

Times are not rewritten: decoding moves them in any format.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, cast

import msgspec

from ingest.process.error import IngestError
from schemas.message import CALIBRATION_PREFIX, TopicError, parse_topic
from schemas.moment import BoundsError, parse_moment
from sensors.json_text import JsonError, JsonObject, read_json
from sensors.json_v1 import FORMAT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from schemas.message import RawMessage

_CODED = ("values", "units", "status")
_Fields = dict[str, object]


class RepairError(IngestError):
    """A message that cannot be repaired; the text gives the reason."""


class MessageRepair(msgspec.Struct, frozen=True, kw_only=True):
    """A requested change and its author.

    Attributes
    ----------
    codes : dict of str to str
        New parameter code by the one in the message.
    move : timedelta
        Added to every time.
    who, note : str
    units : dict of str to str
        New unit by the one in the message.
    """

    codes: dict[str, str]
    move: timedelta
    who: str
    note: str = ""
    units: dict[str, str] = {}

    @property
    def is_rewriting(self) -> bool:
        """Whether anything but times is to be changed."""
        return bool(self.codes or self.units)


def rewrite_message(message: RawMessage, repair: MessageRepair, start: datetime | None = None) -> RawMessage:
    """The message with codes and units renamed.

    Parameters
    ----------
    message : RawMessage
    repair : MessageRepair
    start : datetime or None
        Of the one reading that matters; None: all of them.

    Raises
    ------
    RepairError
        Where the message cannot be rewritten, or a renamed value would replace another one.
    """
    if message.topic.startswith(CALIBRATION_PREFIX):
        msg = "a calibration result: it is not rewritten; the station has to send it again"
        raise RepairError(msg)
    try:
        form = parse_topic(message.topic).format
    except TopicError as error:
        raise RepairError(str(error)) from error
    if form != FORMAT:
        msg = "not JSON: name factor and unit in the network file, then replay"
        raise RepairError(msg)
    try:
        document = read_json(message.payload)
        readings = document if isinstance(document, list) else [document]
        for reading in readings:
            _refuse_twice(reading)
        changed = [_rewritten_reading(reading, repair, start) for reading in readings]
        body = changed if isinstance(document, list) else changed[0]
        return msgspec.structs.replace(message, payload=json.dumps(body).encode())
    except JsonError as error:
        msg = f"the message cannot be read: {error}"
        raise RepairError(msg) from error
    except RecursionError as error:
        msg = "the message cannot be read: nested too deeply"
        raise RepairError(msg) from error


def _refuse_twice(reading: object) -> None:
    """Raise where a key occurs twice: rewriting would lose one of its values."""
    if not isinstance(reading, JsonObject):
        return
    for held in (reading, *reading.values()):
        if isinstance(held, JsonObject) and held.twice:
            msg = f"{min(held.twice)!r} occurs twice with two values: the station has to send it again"
            raise RepairError(msg)


def _rewritten_reading(reading: object, repair: MessageRepair, start: datetime | None) -> object:
    if not isinstance(reading, dict) or not _is_meant(reading, start):
        return reading  # the decoder refuses it with the reason
    changed: _Fields = dict(reading)
    for name in _CODED:
        held = changed.get(name)
        if isinstance(held, dict):
            changed[name] = _renamed(name, held, repair.codes)
    units = changed.get("units")
    if isinstance(units, dict):
        changed["units"] = {
            code: repair.units.get(unit, unit) if isinstance(unit, str) else unit for code, unit in units.items()
        }
    return changed


def _is_meant(reading: _Fields, start: datetime | None) -> bool:
    if start is None:
        return True
    try:
        return parse_moment(cast("str", reading.get("start"))) == start
    except (BoundsError, TypeError):
        return False


def _renamed(name: str, held: Mapping[str, object], codes: Mapping[str, str]) -> _Fields:
    changed: _Fields = {}
    origin: dict[str, str] = {}
    for code, value in held.items():
        new = codes.get(code, code)
        if new in changed and (name == "values" or changed[new] != value):
            msg = f"{name} hold {origin[new]!r} and {code!r}, which would both be {new!r}: one of them would be lost"
            raise RepairError(msg)
        changed[new] = value
        origin[new] = code
    return changed
