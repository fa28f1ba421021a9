"""Sending mail: the only home of smtplib.

Errors::

    DeliveryError(permanent)    permanent: the server refused this mail for good; else try again later
"""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import structlog
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage

    from alerts.settings import AlertSettings

ATTEMPTS = 3
"""Within one call; a mail that still could not go stays pending for the next delivery round."""
FIRST_PERMANENT_CODE = 500
TIMEOUTS = 6
"""A whole conversation may take so many times as long as one answer [1]. Project's choice."""
_READY = 220
_log = structlog.get_logger(__name__)
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class DeliveryError(Exception):
    """A mail that did not go.

    Attributes
    ----------
    permanent : bool
        True where sending it again cannot help.
    is_of_server : bool
        True where the server gave no answer about this mail: it may be down for all others.
    is_uncertain : bool
        True where the connection ended after the mail was handed over: the server may have taken it.
    """

    def __init__(self, detail: str, *, permanent: bool, is_of_server: bool = False, is_uncertain: bool = False) -> None:
        super().__init__(detail)
        self.permanent = permanent
        self.is_of_server = is_of_server
        self.is_uncertain = is_uncertain


def send(message: EmailMessage, settings: AlertSettings, *, attempts: int = ATTEMPTS) -> None:
    """Hand a mail to the server.

    Parameters
    ----------
    message : EmailMessage
        With From, To and Message-ID.
    settings : AlertSettings
    attempts : int
        Tries before giving up, with pauses of 0.5 s, 1 s, ...

    Raises
    ------
    DeliveryError
        Transient only after all attempts. One refused recipient among several is not an error of the mail.
    """
    retrying = Retrying(
        stop=stop_after_attempt(attempts),
        wait=wait_exponential(multiplier=0.5, max=4),
        retry=retry_if_exception(lambda error: isinstance(error, DeliveryError) and not error.permanent),
        reraise=True,
    )
    retrying(_send_once, message, settings)


def check(settings: AlertSettings) -> str:
    """Greet the server without sending anything; returns its greeting's answer, raises `DeliveryError`."""
    try:
        with _conversation(settings) as server:
            code, text = server.noop()
    except (smtplib.SMTPException, OSError) as error:
        raise _sorted(error) from error
    return f"{code} {text.decode(errors='replace')}"


def _send_once(message: EmailMessage, settings: AlertSettings) -> None:
    is_begun = False
    try:
        with _conversation(settings) as server:
            is_begun = True
            refused = server.send_message(message)
    except (smtplib.SMTPException, OSError) as error:
        raise _sorted(error, is_begun=is_begun) from error
    if refused:
        refusals = {name: f"{code} {text.decode(errors='replace')}" for name, (code, text) in refused.items()}
        _log.error("recipients_refused", recipients=refusals, detail="the others got the mail")


@contextmanager
def _conversation(settings: AlertSettings) -> Iterator[smtplib.SMTP]:
    """A server that has greeted, encrypted and let us in, for ``TIMEOUTS`` times the time of one answer at the most.

    A server that sends a line now and then would otherwise hold up every alert for as long as it likes.
    """
    url = urlsplit(settings.smtp_url)
    host, timeout_s = url.hostname or "127.0.0.1", settings.smtp_timeout_s
    server = (
        smtplib.SMTP_SSL(timeout=timeout_s, context=ssl.create_default_context())
        if url.scheme == "smtps"
        else smtplib.SMTP(timeout=timeout_s)
    )
    clock = threading.Timer(TIMEOUTS * timeout_s, _break_off, (server,))
    clock.daemon = True
    clock.start()
    try:
        server._host = host  # type: ignore[attr-defined]  # noqa: SLF001 - only the constructor that connects sets it; TLS checks it
        code, greeting = server.connect(host, url.port or (465 if url.scheme == "smtps" else 25))
        if code != _READY:
            raise smtplib.SMTPConnectError(code, greeting)
        if url.scheme == "smtp+starttls":
            server.starttls(context=ssl.create_default_context())
        _log_in(server, unquote(url.username or ""), settings, is_private=url.scheme != "smtp" or host in _LOOPBACK)
        yield server
        with suppress(smtplib.SMTPException, OSError):  # an accepted mail is sent, whatever the server answers to QUIT
            server.quit()
    finally:
        clock.cancel()
        server.close()


def _break_off(server: smtplib.SMTP) -> None:
    connection = server.sock
    if connection is not None:
        with suppress(OSError):
            # of the plain socket: TLS is in use by the thread that waits for an answer
            socket.socket.shutdown(connection, socket.SHUT_RDWR)


def _log_in(server: smtplib.SMTP, user: str, settings: AlertSettings, *, is_private: bool) -> None:
    if not user:
        return
    if not is_private:
        msg = "a password is sent over TLS only: use smtps:// or smtp+starttls:// in SKYGROUND_SMTP_URL"
        raise DeliveryError(msg, permanent=False)
    server.login(user, settings.smtp_password.get_secret_value())


def _sorted(error: smtplib.SMTPException | OSError, *, is_begun: bool = False) -> DeliveryError:
    """Permanent only where the server refused this mail: a 5xx on sender, recipients or content."""
    detail = f"{type(error).__name__}: {error}"
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return DeliveryError(detail, permanent=False)  # the password can be corrected; the mail must not be lost
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in error.recipients.values()]
        return DeliveryError(detail, permanent=all(code >= FIRST_PERMANENT_CODE for code in codes))
    if isinstance(error, (smtplib.SMTPSenderRefused, smtplib.SMTPDataError)):
        return DeliveryError(detail, permanent=error.smtp_code >= FIRST_PERMANENT_CODE)
    return DeliveryError(detail, permanent=False, is_of_server=True, is_uncertain=is_begun)
