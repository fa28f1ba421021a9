from __future__ import annotations

import os
import signal
import smtplib
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from aiosmtpd.controller import Controller
from pydantic import ValidationError
from structlog.testing import capture_logs

from alerts.channels.email import DeliveryError, check, send
from alerts.mail.frame.case_message import CaseEnvelope, compose_case, render_case
from alerts.mail.samples import sample_mail
from alerts.settings import AlertSettings
from console.local.process import port_answers, wait_until
from console.local.settings import free_ports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from email.message import EmailMessage
    from pathlib import Path

NOW = datetime(2026, 11, 22, tzinfo=UTC)


class Refusing:
    """A server that answers DATA with a code, the first times or always."""

    def __init__(self) -> None:
        self.answers: list[str] = []
        self.seen = 0

    async def handle_DATA(self, *_: object) -> str:  # noqa: N802 - aiosmtpd's name
        self.seen += 1
        return self.answers.pop(0) if self.answers else "250 OK"


@pytest.fixture
def refusing() -> Iterator[tuple[Refusing, AlertSettings]]:
    handler = Refusing()
    (port,) = free_ports(1)
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield handler, AlertSettings(smtp_url=f"smtp://127.0.0.1:{port}")
    controller.stop()


@pytest.fixture
def mail() -> EmailMessage:
    envelope = CaseEnvelope(sender="s@example.org", recipient="d@example.org", message_id="<1@example.org>")
    view = sample_mail("system", NOW, "http://c")
    return compose_case(render_case(view, "zh", envelope.message_id, ()), envelope, view)


def test_a_refusal_for_good_is_permanent_and_not_repeated(
    refusing: tuple[Refusing, AlertSettings], mail: EmailMessage
) -> None:
    handler, settings = refusing
    handler.answers = ["554 no such thing"] * 5
    with pytest.raises(DeliveryError) as caught:
        send(mail, settings)
    assert caught.value.permanent
    assert handler.seen == 1


def test_a_passing_refusal_is_repeated(refusing: tuple[Refusing, AlertSettings], mail: EmailMessage) -> None:
    handler, settings = refusing
    handler.answers = ["451 later"]
    send(mail, settings)
    assert handler.seen == 2


def test_attempts_are_bounded(refusing: tuple[Refusing, AlertSettings], mail: EmailMessage) -> None:
    handler, settings = refusing
    handler.answers = ["451 later"] * 9
    with pytest.raises(DeliveryError) as caught:
        send(mail, settings, attempts=2)
    assert not caught.value.permanent
    assert handler.seen == 2


def test_a_server_that_is_away_is_not_permanent() -> None:
    (port,) = free_ports(1)
    with pytest.raises(DeliveryError) as caught:
        check(AlertSettings(smtp_url=f"smtp://127.0.0.1:{port}"))
    assert not caught.value.permanent


@contextmanager
def talking(talk: Callable[[socket.socket], None]) -> Iterator[AlertSettings]:
    """A server of few words."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                    with connection:
                        talk(connection)
                except OSError:
                    if listener.fileno() < 0:
                        return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield AlertSettings(smtp_url=f"smtp://127.0.0.1:{listener.getsockname()[1]}", smtp_timeout_s=0.5)
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(10)


def drip(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"220-a moment\r\n")
        time.sleep(0.1)


def test_a_server_that_never_comes_to_an_end_is_left() -> None:
    with talking(drip) as settings:
        began = time.monotonic()
        with pytest.raises(DeliveryError) as caught:
            check(settings)
        assert time.monotonic() - began < 10.0
        assert not caught.value.permanent


@pytest.mark.parametrize("farewell", [b"", b"421 too busy to say good-bye\r\n"])
def test_a_mail_that_was_accepted_is_sent_once_whatever_the_farewell(mail: EmailMessage, farewell: bytes) -> None:
    accepted: list[bytes] = []

    def talk(connection: socket.socket) -> None:
        with connection.makefile("rb") as lines:
            connection.sendall(b"220 here\r\n")
            for line in lines:
                word = line[:4].upper().strip()
                if word == b"QUIT":
                    connection.sendall(farewell)
                    time.sleep(1.0)
                    return
                connection.sendall(b"354 go on\r\n" if word == b"DATA" else b"250 well\r\n")
                if word == b"DATA":
                    accepted.append(b"".join(iter(lines.readline, b".\r\n")))
                    connection.sendall(b"250 accepted\r\n")

    with talking(talk) as settings:
        send(mail, settings)
    assert len(accepted) == 1


def test_a_recipient_that_is_refused_among_others_is_named(mail: EmailMessage) -> None:
    class OneUnknown:
        async def handle_RCPT(self, _server: object, _session: object, envelope: Any, address: str, _: object) -> str:  # noqa: N802 - aiosmtpd's name
            if address.startswith("gone"):
                return "550 no such person"
            envelope.rcpt_tos.append(address)
            return "250 OK"

        async def handle_DATA(self, *_: object) -> str:  # noqa: N802 - aiosmtpd's name
            return "250 OK"

    del mail["To"]
    mail["To"] = "d@example.org, gone@example.org"
    (port,) = free_ports(1)
    controller = Controller(OneUnknown(), hostname="127.0.0.1", port=port)
    controller.start()
    with capture_logs() as lines:
        send(mail, AlertSettings(smtp_url=f"smtp://127.0.0.1:{port}"))
    controller.stop()
    (line,) = [item for item in lines if item["event"] == "recipients_refused"]
    assert line["recipients"] == {"gone@example.org": "550 no such person"}


def test_a_password_never_goes_in_clear_beyond_loopback(refusing: tuple[Refusing, AlertSettings]) -> None:
    _, settings = refusing
    named = settings.smtp_url.replace("smtp://127.0.0.1", "smtp://user@0.0.0.0")
    with pytest.raises(DeliveryError, match="over TLS only"):
        check(AlertSettings(smtp_url=named, smtp_password="secret"))  # type: ignore[arg-type]  # pydantic wraps it


def test_starttls_is_not_given_up_where_the_server_has_none(refusing: tuple[Refusing, AlertSettings]) -> None:
    _, settings = refusing
    with pytest.raises(DeliveryError, match="STARTTLS"):
        check(AlertSettings(smtp_url=settings.smtp_url.replace("smtp://", "smtp+starttls://")))


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("smtp_url", "http://x", "expected one of smtp://"),
        ("mail_to", " , ", "at least one address"),
        ("mail_to", "nobody", "expected an address"),
        ("mail_from", "a@b\nBcc: c@d", "expected an address"),
        *(("watch_interval_s", value, "above zero") for value in ("0", "nan")),
        ("smtp_timeout_s", "inf", "at most 86400"),
        *(("notify_max_age_h", value, "expected hours between 0") for value in ("nan", "-1")),
    ],
)
def test_a_wrong_setting_says_what_was_expected(name: str, value: str, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        AlertSettings(**{name: value})  # type: ignore[arg-type]  # wrong on purpose


def test_recipients_and_password_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hush\n")
    monkeypatch.setenv("SKYGROUND_MAIL_TO", "a@example.org, B <b@example.org>")
    monkeypatch.setenv("SKYGROUND_SMTP_PASSWORD_FILE", str(tmp_path / "secret"))
    settings = AlertSettings()
    assert settings.mail_to == ("a@example.org", "B <b@example.org>")
    assert settings.smtp_password.get_secret_value() == "hush"


@pytest.mark.integration
def test_the_sink_keeps_mails_and_ends_on_sigterm(tmp_path: Path, mail: EmailMessage) -> None:
    (port,) = free_ports(1)
    code = f"from pathlib import Path; from alerts.channels.sink import run; run('127.0.0.1', {port}, Path({str(tmp_path / 'mail')!r}))"
    with subprocess.Popen([sys.executable, "-c", code]) as process:
        wait_until(lambda: port_answers(port), what="sink", timeout_s=30, alive=lambda: process.poll() is None)
        with smtplib.SMTP("127.0.0.1", port) as server:
            server.send_message(mail)
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(15) == 0
    assert len(list((tmp_path / "mail" / "new").iterdir())) == 1
