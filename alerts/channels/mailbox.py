"""The mailbox of replies: the only home of imaplib.

Errors::

    MailboxError    the server cannot be reached, refuses the login or has no such folder; tried again in the next round
"""

from __future__ import annotations

import imaplib
import ssl
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from alerts.settings import AlertSettings

MOST_MAILS = 50
"""Mails that one look into the mailbox handles."""
MOST_BYTES = 1_000_000
"""Of a mail; a longer one is read so far."""
REFUSED = "$SkygroundRefused"
"""Keyword of mails that changed nothing: they stay in the mailbox for a person to read."""
TIMEOUT_S = 20.0
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class MailboxError(Exception):
    """The mailbox cannot be read."""


class ReceivedMail(NamedTuple):
    """A mail of the mailbox.

    Attributes
    ----------
    message : EmailMessage or None
        None: it is built so that the standard library cannot read it.
    received_at : datetime
        When the server got it, UTC.
    """

    message: EmailMessage | None
    received_at: datetime


def handle_new(settings: AlertSettings, handle: Callable[[ReceivedMail], bool]) -> int:
    """Hand every unread mail to a function, and mark it as read afterwards.

    Parameters
    ----------
    settings : AlertSettings
        With ``imap_url``.
    handle : callable
        Gets the mail; returns whether it changed something. What raises leaves the mail unread for the next look.

    Returns
    -------
    int
        Mails handled.

    Raises
    ------
    MailboxError
    """
    count = 0
    try:
        with _opened(settings) as server:
            for number in _unread(server)[:MOST_MAILS]:
                received = _fetch(server, number)
                if received is None:
                    continue
                flags = "(\\Seen)" if handle(received) else f"(\\Seen {REFUSED})"
                _answer(server.uid("STORE", number, "+FLAGS.SILENT", flags))
                count += 1
    except (imaplib.IMAP4.error, OSError) as error:
        msg = f"{type(error).__name__}: {error}"
        raise MailboxError(msg) from error
    return count


@contextmanager
def _opened(settings: AlertSettings) -> Iterator[imaplib.IMAP4]:
    url = urlsplit(settings.imap_url)
    host, is_tls = url.hostname or "127.0.0.1", url.scheme == "imaps"
    if not is_tls and url.scheme != "imap+starttls" and host not in _LOOPBACK:
        msg = "a password is sent over TLS only: use imaps:// or imap+starttls:// in SKYGROUND_IMAP_URL"
        raise MailboxError(msg)
    context = ssl.create_default_context()
    server: imaplib.IMAP4 = (
        imaplib.IMAP4_SSL(host, url.port or 993, ssl_context=context, timeout=TIMEOUT_S)
        if is_tls
        else imaplib.IMAP4(host, url.port or 143, timeout=TIMEOUT_S)
    )
    try:
        if url.scheme == "imap+starttls":
            server.starttls(context)
        server.login(unquote(url.username or ""), settings.imap_password.get_secret_value())
        _answer(server.select(unquote(url.path.strip("/")) or "INBOX"))
        yield server
    finally:
        with suppress(imaplib.IMAP4.error, OSError):
            server.logout()


def _unread(server: imaplib.IMAP4) -> list[str]:
    (found,) = _answer(server.uid("SEARCH", "UNSEEN"))
    return found.decode().split() if isinstance(found, bytes) else []


def _fetch(server: imaplib.IMAP4, number: str) -> ReceivedMail | None:
    """A mail, without marking it as read; None where it is gone."""
    for item in _answer(server.uid("FETCH", number, f"(INTERNALDATE BODY.PEEK[]<0.{MOST_BYTES}>)")):
        if isinstance(item, tuple):
            head, body = item
            arrived = imaplib.Internaldate2tuple(head)
            received_at = datetime.now(UTC) if arrived is None else datetime.fromtimestamp(time.mktime(arrived), UTC)
            return ReceivedMail(_parsed(body), received_at)
    return None


def _parsed(body: bytes) -> EmailMessage | None:
    try:
        message = message_from_bytes(body, policy=default)
    except Exception:  # noqa: BLE001 - a mail nested deeply enough ends the parser in its own ways
        return None
    assert isinstance(message, EmailMessage), "the policy makes these"
    return message


def _answer(reply: tuple[str, Sequence[object]]) -> Sequence[object]:
    state, data = reply
    if state != "OK":
        msg = f"{state}: {data!r}"
        raise imaplib.IMAP4.error(msg)
    return data
