"""Commands (CN): which ones carry readings, and what the other side expects as an answer."""

from __future__ import annotations

import csv
from datetime import datetime, time, timedelta
from enum import IntEnum, StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sensors.hj212.frame import Frame

if TYPE_CHECKING:
    from collections.abc import Mapping

_PATH = Path(__file__).with_name("commands.csv")
INTERACTION = "91"
"""ST of interaction frames."""


class Command(StrEnum):
    """Commands that skyground does something about."""

    REALTIME = "2011"
    MINUTE = "2051"
    HOUR = "2061"
    DAY = "2031"
    REQUEST_ANSWER = "9011"
    RESULT = "9012"
    NOTICE_ANSWER = "9013"
    DATA_ANSWER = "9014"
    HEARTBEAT = "9015"


READINGS = frozenset({Command.REALTIME, Command.MINUTE, Command.HOUR, Command.DAY})
"""Commands whose uploads are readings."""


class RequestAnswer(IntEnum):
    """QnRtn of 9011 (HJ 212-2017, table 7)."""

    READY = 1
    REFUSED = 2
    WRONG_PASSWORD = 3
    WRONG_MN = 4
    WRONG_ST = 5
    WRONG_FLAG = 6
    WRONG_QN = 7
    WRONG_CN = 8
    WRONG_CRC = 9
    UNKNOWN = 100


class Result(IntEnum):
    """ExeRtn of 9012 (HJ 212-2017, table 8)."""

    DONE = 1
    FAILED = 2
    WRONG_CONDITION = 3
    TIMEOUT = 4
    BUSY = 5
    FAULT = 6
    NO_DATA = 100


@cache
def command_types() -> Mapping[str, str]:
    """``request``, ``request/upload``, ``upload``, ``notify``, ``interaction`` or empty by CN."""
    with _PATH.open(encoding="utf-8", newline="") as file:
        return {row["cn"]: row["command_type"] for row in csv.DictReader(file)}


def answer_to(frame: Frame) -> Frame | None:
    """Answer that a station expects to what it has sent, or None.

    Uploads get 9014, notices 9013, answers and heartbeats nothing; nor does a frame whose Flag does not ask for it.
    """
    kind = command_types().get(frame.cn, "upload")
    if not frame.wants_answer or not frame.qn or kind == "interaction":
        return None
    answer = Command.NOTICE_ANSWER if kind == "notify" else Command.DATA_ANSWER
    header = {"QN": frame.qn, "ST": INTERACTION, "CN": answer.value, "PW": frame.header.get("PW", ""), "MN": frame.mn}
    header["Flag"] = str(frame.version << 2)
    return Frame(header, b"", frame.crc_kind)  # a device that computes MODBUS expects it


def end_of(command: str, start: datetime, minutes: int | None) -> datetime:
    """End of the interval that begins at ``DataTime``.

    Parameters
    ----------
    command : str
        One of `READINGS`.
    start : datetime
        Aware, in the zone in which a day is a civil day.
    minutes : int or None
        Length of minute data [min].

    Returns
    -------
    datetime
        ``start`` for real-time data; the next civil midnight for daily data.

    Raises
    ------
    ValueError
        Minute data of an unknown length.
    """
    if command == Command.REALTIME:
        return start
    if command == Command.MINUTE:
        if minutes is None:
            msg = "minute data, but the network file has no minute_interval"
            raise ValueError(msg)
        return start + timedelta(minutes=minutes)
    if command == Command.HOUR:
        return start + timedelta(hours=1)
    return datetime.combine(start.date() + timedelta(days=1), time(), start.tzinfo)
