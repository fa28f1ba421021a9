"""What the watch does next to its rounds: a server that hangs or fails costs neither a round nor the thread."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest
from structlog.testing import capture_logs

from alerts.channels.mailbox import MailboxError
from alerts.run.evaluation import EvaluationError
from alerts.run.reply import ReplyOutcome, ReplyReader
from alerts.stream.background import BackgroundThread, DeadmanThread, ReplyThread
from alerts.stream.warm import warm_up
from console.local.settings import free_ports
from tests.alerts.delivery.build import PEOPLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from alerts.stream.configuration import Configuration

LONGEST_S = 10.0


def wait_for(condition: Callable[[], object]) -> None:
    until = time.monotonic() + LONGEST_S
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


@contextmanager
def answering() -> Iterator[tuple[str, list[str]]]:
    """A server on loopback: its address, and the paths that were asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        worker = threading.Thread(target=server.serve_forever, daemon=True)
        worker.start()
        yield f"http://127.0.0.1:{server.server_port}/ping/secret", asked
        server.shutdown()
        worker.join()


@contextmanager
def running(thread: BackgroundThread, stop: threading.Event) -> Iterator[None]:
    thread.start()
    yield
    stop.set()
    begun = time.monotonic()
    thread.join()
    assert time.monotonic() - begun < 2


@pytest.mark.integration
def test_the_switch_is_asked_while_the_watch_works_and_no_longer() -> None:
    stop, complaint, answers = threading.Event(), "", list[str]()

    def complained() -> str:
        answers.append(complaint)
        return complaint

    def looks() -> int:
        return answers.count(complaint)

    with answering() as (url, asked):
        thread = DeadmanThread(url, stop, complained, every_s=0.02)
        with running(thread, stop):
            wait_for(lambda: len(asked) > 2)
            complaint = "no round has ended for 11 min"
            wait_for(lambda: looks() > 0)  # the last question was asked before
            count = len(asked)
            wait_for(lambda: looks() > 3)
            assert len(asked) == count
            complaint = ""
            wait_for(lambda: len(asked) > count)
    assert set(asked) == {"/ping/secret"}


@pytest.mark.integration
def test_a_switch_that_cannot_be_reached_is_asked_again_and_its_key_is_not_logged() -> None:
    stop = threading.Event()
    thread = DeadmanThread(f"http://127.0.0.1:{free_ports(1)[0]}/ping/secret", stop, str, every_s=0.02)
    with capture_logs() as logs, running(thread, stop):
        wait_for(lambda: len(logs) > 1)
    assert {item["event"] for item in logs} == {"deadman_not_reached"}
    assert "secret" not in str(logs)


def test_without_an_address_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("httpx.get", lambda *_, **__: pytest.fail("asked"))
    DeadmanThread("", threading.Event(), str).look()


def test_an_error_of_the_mailbox_is_kept_until_it_is_read_again_and_a_reply_wakes_the_round(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers: list[Exception | ReplyOutcome] = [
        MailboxError("refused"),
        OverflowError("a bug"),
        ReplyOutcome(0, {}),
        ReplyOutcome(1, {}),
    ]

    def read(*_: object) -> ReplyOutcome:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(ReplyReader, "read", read)
    current = cast("Configuration", SimpleNamespace(settings=SimpleNamespace(imap_url="imap://x"), people=None))
    woken: list[int] = []
    thread = ReplyThread(current, threading.Event(), lambda: woken.append(len(answers)))
    seen = []
    while answers:
        thread.look()
        seen.append(thread.errors.get("replies", "").partition(" (")[0])
    assert seen == ["MailboxError: refused", "OverflowError: a bug", "", ""]
    assert woken == [0]


def test_without_a_mailbox_none_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ReplyReader, "read", lambda *_: pytest.fail("read"))
    current = cast("Configuration", SimpleNamespace(settings=SimpleNamespace(imap_url=""), people=None))
    ReplyThread(current, threading.Event(), lambda: None).look()


class _Failing(BackgroundThread):
    def __init__(self, stop: threading.Event) -> None:
        super().__init__("failing", stop, 0.01)
        self.looks = 0

    def look(self) -> None:
        self.looks += 1
        self.attempt("first", self._first)
        self.attempt("second", self._second)

    def _first(self) -> None:
        if self.looks < 3:
            raise ArithmeticError(self.looks)

    def _second(self) -> None:
        raise EvaluationError(["rule r0: x"], stored=1)


def test_a_thread_outlives_its_errors_and_forgets_those_that_are_over() -> None:
    stop = threading.Event()
    thread = _Failing(stop)
    thread.look()
    assert list(thread.errors) == ["first", "second"]
    with running(thread, stop):
        wait_for(lambda: thread.looks > 4)
    assert thread.errors == {"second": "rule r0: x"}


def test_what_the_first_alert_needs_is_there_after_warming_up_and_a_stop_is_obeyed() -> None:
    stop = threading.Event()
    warm_up(PEOPLE, stop)
    assert {"alerts.mail.evidence.first_case", "qc.run.verdict", "alerts.run.mail.send"} <= sys.modules.keys()
    stop.set()
    begun = time.monotonic()
    warm_up(PEOPLE, stop)
    assert time.monotonic() - begun < 0.1
