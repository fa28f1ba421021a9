from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from ingest.gateway.device import Device
from ingest.gateway.metrics import GatewayMetrics
from ingest.gateway.request import RequestBook, RequestOutcome
from sensors.hj212.command import RequestAnswer, Result
from sensors.hj212.frame import Frame

NOW = datetime(2026, 11, 22, 8, 0, 0, 123_000, tzinfo=UTC)


class Logger:
    """A data logger that answers the n-th copy of a request with given frames."""

    def __init__(self, answers: list[tuple[str, str]], *, deaf_to: int = 0) -> None:
        self.heard: list[Frame] = []
        self._answers = answers
        self._deaf_to = deaf_to
        self.book: RequestBook | None = None

    def send(self, frame: Frame) -> None:
        self.heard.append(frame)
        if len(self.heard) > self._deaf_to and self.book is not None:
            for cn, content in self._answers:
                self.book.receive(Frame({"QN": frame.qn, "ST": "91", "CN": cn, "MN": frame.mn}, content.encode()))


def ask(logger: Logger) -> RequestOutcome:
    async def run() -> RequestOutcome:
        book = RequestBook({"M1": Device("123456", False, {})}, GatewayMetrics())  # noqa: FBT003 - a device's three fields
        logger.book = book
        book.arrive("M1", logger)
        return await book.ask(
            "M1", {"ST": "22", "CN": "2061"}, b"BeginTime=1,EndTime=2", now=NOW, answer_s=0.05, result_s=0.05
        )

    return asyncio.run(run())


def test_request_is_sent_as_the_standard_has_it() -> None:
    logger = Logger([("9011", "QnRtn=1"), ("9012", "ExeRtn=1")])
    assert ask(logger) == RequestOutcome(RequestAnswer.READY, Result.DONE)
    assert list(logger.heard[0].header) == ["QN", "ST", "CN", "PW", "MN", "Flag"]
    assert logger.heard[0].qn == "20261122080000123"


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        ([("9011", "QnRtn=2")], RequestOutcome(RequestAnswer.REFUSED)),
        ([("9011", "QnRtn=77")], RequestOutcome(RequestAnswer.UNKNOWN)),
        ([("9011", "QnRtn=1"), ("9012", "ExeRtn=100")], RequestOutcome(RequestAnswer.READY, Result.NO_DATA)),
        ([("9012", "ExeRtn=5")], RequestOutcome(RequestAnswer.READY, Result.BUSY)),
        ([("9011", "QnRtn=1")], RequestOutcome(RequestAnswer.READY)),
        ([("9011", "QnRtn=x")], RequestOutcome()),
        ([], RequestOutcome()),
    ],
)
def test_answer_of_the_station_is_the_outcome(answers: list[tuple[str, str]], outcome: RequestOutcome) -> None:
    assert ask(Logger(answers)) == outcome


def test_request_is_repeated_three_times_with_the_same_number() -> None:
    logger = Logger([])
    ask(logger)
    assert [frame.qn for frame in logger.heard] == [logger.heard[0].qn] * 4


def test_answer_to_a_repetition_counts() -> None:
    assert ask(Logger([("9011", "QnRtn=1"), ("9012", "ExeRtn=1")], deaf_to=2)).result is Result.DONE
