"""Sending mail: the only home of smtplib.

Errors::

    DeliveryError(permanent)    permanent: the server refused this mail for good; else try again later
"""

from __future__ import annotations

import smtplib
import ssl
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential

if TYPE_CHECKING:
    from email.message import EmailMessage

    from alerts.settings import AlertSettings

ATTEMPTS = 3
"""Within one call; a mail that still could not go stays pending for the next delivery round."""
FIRST_PERMANENT_CODE = 500
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class DeliveryError(Exception):
    """A mail that did not go.

    Attributes
    ----------
    permanent : bool
        True where sending it again cannot help.
    """

    def __init__(self, detail: str, *, permanent: bool) -> None:
        super().__init__(detail)
        self.permanent = permanent


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
        with _connect(settings) as server:
            code, text = server.noop()
    except (smtplib.SMTPException, OSError) as error:
        raise _sorted(error) from error
    return f"{code} {text.decode(errors='replace')}"


def _send_once(message: EmailMessage, settings: AlertSettings) -> None:
    try:
        with _connect(settings) as server:
            server.send_message(message)
    except (smtplib.SMTPException, OSError) as error:
        raise _sorted(error) from error


def _connect(settings: AlertSettings) -> smtplib.SMTP:
    url = urlsplit(settings.smtp_url)
    host, timeout_s = url.hostname or "127.0.0.1", settings.smtp_timeout_s
    if url.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            host, url.port or 465, timeout=timeout_s, context=ssl.create_default_context()
        )
    else:
        server = smtplib.SMTP(host, url.port or 25, timeout=timeout_s)
    try:
        if url.scheme == "smtp+starttls":
            server.starttls(context=ssl.create_default_context())
        _log_in(server, unquote(url.username or ""), settings, is_private=url.scheme != "smtp" or host in _LOOPBACK)
    except BaseException:
        server.close()
        raise
    return server


def _log_in(server: smtplib.SMTP, user: str, settings: AlertSettings, *, is_private: bool) -> None:
    if not user:
        return
    if not is_private:
        msg = "a password is sent over TLS only: use smtps:// or smtp+starttls:// in SKYGROUND_SMTP_URL"
        raise DeliveryError(msg, permanent=False)
    server.login(user, settings.smtp_password.get_secret_value())


def _sorted(error: smtplib.SMTPException | OSError) -> DeliveryError:
    """Permanent only where the server said so of this mail: a 5xx on sender, recipients or content."""
    detail = f"{type(error).__name__}: {error}"
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return DeliveryError(detail, permanent=False)  # the operator can mend the password; the mail must not be lost
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in error.recipients.values()]
        return DeliveryError(detail, permanent=all(code >= FIRST_PERMANENT_CODE for code in codes))
    if isinstance(error, (smtplib.SMTPSenderRefused, smtplib.SMTPDataError)):
        return DeliveryError(detail, permanent=error.smtp_code >= FIRST_PERMANENT_CODE)
    return DeliveryError(detail, permanent=False)
