"""Settings of the alerts: the mail server, who gets mail, which rules."""

from __future__ import annotations

import shlex
import shutil
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, ClassVar
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import NoDecode

from alerts.rules.rule import LONGEST_H
from store.settings import SharedSettings

LONGEST_S = 86_400.0
"""Longest pause and longest wait [s]."""
IMAP_SCHEMES = ("imap://", "imaps://", "imap+starttls://")
SMTP_SCHEMES = ("smtp://", "smtps://", "smtp+starttls://")


class AlertSettings(SharedSettings):
    """Shared settings and the alerts' own.

    Attributes
    ----------
    smtp_url : str
        ``smtp://[user@]host:port``, ``smtps://`` (TLS from the start) or ``smtp+starttls://`` (TLS required).
    smtp_password : SecretStr
        Or ``SKYGROUND_SMTP_PASSWORD_FILE``; sent only over TLS or to loopback.
    smtp_timeout_s : float
        [s]
    mail_from : str
    mail_reply_to : str
        Address for replies; empty: that of the sender.
    mails_per_h : int
        Messages to one recipient through one channel within an hour; more are merged into digests. Critical cases are always sent.
    mail_to : tuple of str
        Comma-separated in the environment; not used where ``people`` is set.
    people : Path or None
        TOML: persons, teams, duty roster, routes. None: ``mail_to`` is the one team.
    rules : Path
        TOML.
    notify_max_age_h : float or None
        Replaces the rules' own value [h]; 0 mails at any age (replays of old data).
    watch_interval_s : float
        Pause between two rounds of ``skyground watch`` [s].
    watch_fresh_min : float
        Values that ended longer ago raise and end no alert in the stream [min]; the pass over stored values decides them. Project's choice.
    remind_after_h : float
        A case that was taken and is still open is recalled after so long [h]; so is one that none of the chain has taken.
    imap_url : str
        Mailbox of replies: ``imap://user@host:port/FOLDER`` (loopback only), ``imaps://``, ``imap+starttls://``. Empty: replies are not read.
    imap_password : SecretStr
        Or ``SKYGROUND_IMAP_PASSWORD_FILE``.
    link_key_file : Path or None
        Key of the links in mails, made at the first start where it is absent. None: ``link.key`` of the run directory.
    deadman_url : str
        Address that is asked every minute while the watch works, of a service that alarms when it is not. Empty: none.
    alarm_to : str
        Standby channel for mail outages: ``https://...`` or a command with JSON on its standard input. Empty: the log only.
    watch_metrics_host, watch_metrics_port : str, int
        Where Prometheus asks for the counters of ``skyground watch``; port 0 is off.
    """

    MADE_AT_START: ClassVar[frozenset[str]] = frozenset({"link_key_file"})

    smtp_url: str = "smtp://127.0.0.1:1025"
    smtp_password: SecretStr = SecretStr("")
    smtp_password_file: Path | None = None
    smtp_timeout_s: float = 20.0
    mail_from: str = "skyground <skyground@localhost>"
    mail_reply_to: str = ""
    mails_per_h: Annotated[int, Field(ge=1, le=1000)] = 10
    mail_to: Annotated[tuple[str, ...], NoDecode] = ("duty@localhost",)
    people: Path | None = None
    rules: Path = Path("deploy/rules.example.toml")
    notify_max_age_h: float | None = None
    watch_interval_s: float = 3.0
    watch_fresh_min: Annotated[float, Field(ge=5, le=2_880)] = 60.0
    remind_after_h: Annotated[float, Field(gt=0, le=720)] = 4.0
    imap_url: str = ""
    imap_password: SecretStr = SecretStr("")
    imap_password_file: Path | None = None
    link_key_file: Path | None = None
    deadman_url: str = ""
    alarm_to: str = ""
    watch_metrics_host: str = "127.0.0.1"
    watch_metrics_port: Annotated[int, Field(ge=0, le=65_535)] = 9466

    @field_validator("smtp_url")
    @classmethod
    def _is_smtp(cls, value: str) -> str:
        if not value.startswith(SMTP_SCHEMES):
            msg = f"expected one of {', '.join(item + 'host:port' for item in SMTP_SCHEMES)}"
            raise ValueError(msg)
        return value

    @field_validator("people", "link_key_file", mode="before")
    @classmethod
    def _no_file_where_empty(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("imap_url")
    @classmethod
    def _is_imap(cls, value: str) -> str:
        if value and (not value.startswith(IMAP_SCHEMES) or not urlsplit(value).username):
            msg = f"expected one of {', '.join(item + 'user@host:port' for item in IMAP_SCHEMES)}"
            raise ValueError(msg)
        return value

    @field_validator("deadman_url")
    @classmethod
    def _is_web_address(cls, value: str) -> str:
        if value and not is_address(value):
            msg = "expected http://... or https://..."
            raise ValueError(msg)
        return value

    @property
    def link_key(self) -> Path:
        """Where the key of the links in mails is."""
        return self.link_key_file or self.run_dir / "link.key"

    @field_validator("mail_to", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(item.strip() for item in value.split(",") if item.strip()) if isinstance(value, str) else value

    @field_validator("mail_to")
    @classmethod
    def _has_recipients(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            msg = "expected at least one address"
            raise ValueError(msg)
        return tuple(_address(item) for item in value)

    @field_validator("mail_from", "mail_reply_to")
    @classmethod
    def _has_sender(cls, value: str, info: ValidationInfo) -> str:
        return value if not value and info.field_name == "mail_reply_to" else _address(value)

    @field_validator("watch_interval_s", "smtp_timeout_s")
    @classmethod
    def _is_positive(cls, value: float) -> float:
        if not 0 < value <= LONGEST_S:
            msg = f"expected a number above zero, at most {LONGEST_S:g}"
            raise ValueError(msg)
        return value

    @field_validator("alarm_to")
    @classmethod
    def _is_way(cls, value: str) -> str:
        value = value.strip()
        if not value or is_address(value):
            return value
        try:
            words = shlex.split(value)
        except ValueError as error:
            msg = f"a command whose quotes do not match: {error}"
            raise ValueError(msg) from error
        if not words or shutil.which(words[0]) is None:
            msg = "expected http://..., https://... or a command that exists"
            raise ValueError(msg)
        return value

    @field_validator("notify_max_age_h")
    @classmethod
    def _is_age(cls, value: float | None) -> float | None:
        if value is not None and not 0 <= value <= LONGEST_H:
            msg = f"expected hours between 0 (any age) and {LONGEST_H:g}"
            raise ValueError(msg)
        return value


def alert_settings(settings: SharedSettings) -> AlertSettings:
    """``settings`` as alert settings: shared values as given, the alerts' own from the environment where not set."""
    if isinstance(settings, AlertSettings):
        return settings
    return AlertSettings(_env_file=settings.run_dir / "settings.env", **settings.model_dump())


def is_address(way: str) -> bool:
    """Whether a standby channel is an HTTP address; else it is a command."""
    return way.startswith(("http://", "https://"))


def _address(text: str) -> str:
    if "@" not in parseaddr(text)[1] or any(item in text for item in "\r\n"):
        msg = f"{text!r}: expected an address like duty@example.org"
        raise ValueError(msg)
    return text
