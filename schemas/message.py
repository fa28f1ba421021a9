"""A message from the broker, before decoding."""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

import msgspec

MAX_PAYLOAD_BYTES = 1 << 20
ID_PATTERN = re.compile(r"[a-z0-9-]{1,48}")


class NetworkCode(StrEnum):
    """The networks a station can belong to."""

    VOC = "voc"
    GHG = "ghg"
    PM = "pm"
    ECO = "eco"
    RAD = "rad"
    GAS = "gas"
    MET = "met"


class RawMessage(msgspec.Struct, frozen=True, gc=False):
    """A PUBLISH as received; ``received_at`` is UTC by the collector's clock, ``redelivered`` the broker's DUP flag."""

    topic: str
    payload: bytes
    received_at: datetime
    redelivered: bool = False


class Topic(msgspec.Struct, frozen=True, gc=False):
    """``obs/v1/{network}/{station_id}/{instrument_id}/{format}``, split. Ids are checked, the network is not."""

    network: str
    station_id: str
    instrument_id: str
    format: str

    def __str__(self) -> str:
        return f"obs/v1/{self.network}/{self.station_id}/{self.instrument_id}/{self.format}"


class TopicError(ValueError):
    """A topic that does not follow the contract."""


@lru_cache(maxsize=16_384)
def parse_topic(topic: str) -> Topic:
    """Split an observation topic.

    Raises
    ------
    TopicError
        Names the topic and the part that is wrong.

    Examples
    --------
    >>> parse_topic("obs/v1/voc/ln-sy-01/gc1/json").station_id
    'ln-sy-01'
    """
    parts = topic.split("/")
    if len(parts) != 6 or parts[0] != "obs" or parts[1] != "v1":  # noqa: PLR2004 - the six levels of the contract
        msg = f"topic {topic!r}: expected obs/v1/{{network}}/{{station_id}}/{{instrument_id}}/{{format}}"
        raise TopicError(msg)
    for name, value in (("station_id", parts[3]), ("instrument_id", parts[4])):
        if not ID_PATTERN.fullmatch(value):
            msg = f"topic {topic!r}: {name} {value!r} is not of the form [a-z0-9-]{{1,48}}"
            raise TopicError(msg)
    return Topic(parts[2], parts[3], parts[4], parts[5])


#: First levels of the topics of calibration results.
CALIBRATION_PREFIX = "cal/v1/"


def parse_calibration_topic(topic: str) -> Topic:
    """Split ``cal/v1/{network}/{station_id}/{instrument_id}``; its format is ``json``. Raises `TopicError`."""
    parts = topic.split("/")
    if len(parts) != 5 or not topic.startswith(CALIBRATION_PREFIX):  # noqa: PLR2004 - the five levels of the contract
        msg = f"topic {topic!r}: expected cal/v1/{{network}}/{{station_id}}/{{instrument_id}}"
        raise TopicError(msg)
    return parse_topic("/".join(["obs", *parts[1:], "json"]))


def calibration_topic(network: str, station_id: str, instrument_id: str) -> str:
    """Where an instrument publishes results of its calibration checks."""
    return f"{CALIBRATION_PREFIX}{network}/{station_id}/{instrument_id}"


def status_topic(network: str, station_id: str, instrument_id: str) -> str:
    """Retained status topic of an instrument."""
    return f"status/v1/{network}/{station_id}/{instrument_id}"


#: Topic filter of all commands.
COMMANDS = "cmd/v1/+/+"


def command_topic(station_id: str, instrument_id: str) -> str:
    """Where an instrument of a station takes commands."""
    return f"cmd/v1/{station_id}/{instrument_id}"


def parse_command_topic(topic: str) -> tuple[str, str] | None:
    """Station and instrument of a command topic; None where it is none."""
    parts = topic.split("/")
    if len(parts) != 4 or parts[:2] != ["cmd", "v1"]:  # noqa: PLR2004 - the four levels of the contract
        return None
    return (parts[2], parts[3]) if all(ID_PATTERN.fullmatch(part) for part in parts[2:]) else None
