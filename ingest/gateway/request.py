"""Requests of the platform to stations: sent, repeated, and completed by 9011 and 9012.

References
----------
HJ 212-2017, 6.6: a request is answered by 9011 (QnRtn), then data, then 9012 (ExeRtn); 10 s, three repetitions.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol, TypeVar

import msgspec

from sensors.hj212.command import Command, RequestAnswer, Result
from sensors.hj212.content import field_name, parse_content
from sensors.hj212.frame import BadFrameError, Frame

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from ingest.gateway.device import Device
    from ingest.gateway.metrics import GatewayMetrics

ANSWER_S = 10.0
RESENDS = 3
RESULT_S = 60.0
_FLAG = "5"
AMBIENT_AIR = "22"
"""ST of ambient air (HJ 212-2017, table 5)."""
_Code = TypeVar("_Code", RequestAnswer, Result)


class FrameSender(Protocol):
    """A connection that frames can be sent on."""

    def send(self, frame: Frame) -> None:
        """Write a frame."""
        ...


class RequestOutcome(msgspec.Struct, frozen=True):
    """What became of a request.

    Attributes
    ----------
    answer : RequestAnswer or None
        None when the station did not answer.
    result : Result or None
        None when it was not executed, or its end was not reported in time.
    """

    answer: RequestAnswer | None = None
    result: Result | None = None


class _Open(msgspec.Struct):
    answer: asyncio.Future[int]
    result: asyncio.Future[int]


class RequestBook:
    """Requests that wait for an answer, and the connections that devices are reached on.

    Parameters
    ----------
    devices : mapping of str to Device
    metrics : GatewayMetrics
    """

    def __init__(self, devices: Mapping[str, Device], metrics: GatewayMetrics) -> None:
        self._devices = devices
        self._metrics = metrics
        self._lines: dict[str, FrameSender] = {}
        self._types: dict[str, str] = {}
        self._open: dict[tuple[str, str], _Open] = {}

    def arrive(self, mn: str, line: FrameSender, system_type: str = AMBIENT_AIR) -> None:
        """Note the connection of the last frame of a device, and its ST."""
        self._lines[mn] = line
        self._types[mn] = system_type

    def system_type(self, mn: str) -> str:
        """ST that a device uses, that of ambient air before its first frame."""
        return self._types.get(mn, AMBIENT_AIR)

    def leave(self, mn: str, line: FrameSender) -> None:
        """Forget a connection that is gone."""
        if self._lines.get(mn) is line:
            del self._lines[mn]

    async def ask(
        self,
        mn: str,
        header: Mapping[str, str],
        content: bytes,
        *,
        now: datetime,
        answer_s: float = ANSWER_S,
        result_s: float = RESULT_S,
    ) -> RequestOutcome:
        """Send a request and wait for its end.

        Parameters
        ----------
        header : mapping of str to str
            ``ST`` and ``CN``.
        content : bytes
            Such as ``BeginTime=...,EndTime=...``.
        now : datetime
            Local time of the network, aware; becomes the request's number.
        answer_s, result_s : float
            Longest waits for 9011 (before each of three repetitions) and for 9012 [s].
        """
        qn = now.strftime("%Y%m%d%H%M%S") + f"{now.microsecond // 1_000:03d}"
        names = {"PW": self._devices[mn].password, "MN": mn, "Flag": _FLAG}
        frame = Frame({"QN": qn, **header, **names}, content)
        loop = asyncio.get_running_loop()
        waiting = self._open[mn, qn] = _Open(loop.create_future(), loop.create_future())
        try:
            answer = await self._answer(mn, frame, waiting, answer_s)
            if answer is not RequestAnswer.READY:
                return RequestOutcome(answer)
            try:
                code = await asyncio.wait_for(waiting.result, result_s)
            except TimeoutError:
                return RequestOutcome(answer)
            return RequestOutcome(answer, _known(Result, code, Result.FAILED))
        finally:
            del self._open[mn, qn]

    def receive(self, frame: Frame) -> None:
        """Complete a request by the station's 9011 or 9012; unrequested answers are only counted."""
        name = "QnRtn" if frame.cn == Command.REQUEST_ANSWER else "ExeRtn"
        code = _code(frame, name)
        kind = RequestAnswer if name == "QnRtn" else Result
        known = code in set(kind)
        self._metrics.results.labels(f"{name}={code}" if known else f"{name}=?").inc()
        waiting = self._open.get((frame.mn, frame.qn))
        if waiting is None or code is None:
            return
        # a station that reports the end at once has taken the request
        for future, value in ((waiting.answer, code if name == "QnRtn" else 1), (waiting.result, code)):
            if (future is waiting.answer or name == "ExeRtn") and not future.done():
                future.set_result(value)

    async def _answer(self, mn: str, frame: Frame, waiting: _Open, answer_s: float) -> RequestAnswer | None:
        for _ in range(1 + RESENDS):
            line = self._lines.get(mn)
            if line is not None:
                line.send(frame)
            try:
                code = await asyncio.wait_for(asyncio.shield(waiting.answer), answer_s)
            except TimeoutError:
                continue
            return _known(RequestAnswer, code, RequestAnswer.UNKNOWN)
        return None


def _code(frame: Frame, name: str) -> int | None:
    try:
        fields = parse_content(frame.content)
    except BadFrameError:
        return None
    for field in fields:
        if field_name(field) == name and field[2].isascii() and field[2].isdigit():
            return int(field[2][:6])
    return None


def _known(kind: type[_Code], code: int, other: _Code) -> _Code:
    return kind(code) if code in set(kind) else other
