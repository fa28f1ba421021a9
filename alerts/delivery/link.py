"""Signed links by which the recipient of a mail acts on a case. Pure.

A link names case, person, action and expiry, and is used once. Opening it shows a page with one button, since mail scanners follow
links; only the button acts. Signed with HMAC-SHA-256 by itsdangerous.

Errors::

    LinkError(reason)    forged, expired or used; nothing changes
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec
from itsdangerous import BadData, URLSafeSerializer

from alerts.wording import word

if TYPE_CHECKING:
    from collections.abc import Mapping

LINK_LIFE = timedelta(hours=48)
_SALT = "skyground.case.link"


class LinkAction(StrEnum):
    """What a link does."""

    TAKE = "take"
    DECLINE = "decline"
    """It is not the recipient's: the next person is notified."""
    COMMENT = "comment"
    MUTE = "mute"
    """For an hour."""
    RESOLVE = "resolve"


class LinkReason(StrEnum):
    """Why a link is refused."""

    FORGED = "forged"
    EXPIRED = "expired"
    USED = "used"
    GONE = "gone"
    """Its person is in the people file no longer."""


class LinkError(Exception):
    """A link that is refused."""

    def __init__(self, reason: LinkReason) -> None:
        super().__init__(reason.value)
        self.reason = reason

    def text(self, language: str) -> str:
        """The reason in ``zh`` or ``en``."""
        return word(f"link_{self.reason}", language)


class ActionLink(msgspec.Struct, frozen=True, kw_only=True):
    """What a link allows: one action of one person on one case until a moment (UTC, whole seconds)."""

    case_id: str
    person: str
    action: LinkAction
    expires_at: datetime


def sign_link(link: ActionLink, key: bytes) -> str:
    """The token of a link, of characters that stay as they are in a URL.

    >>> when = datetime(2026, 11, 29, 20, tzinfo=UTC)
    >>> link = ActionLink(case_id="20261129-1200-5a01e7", person="li-na", action=LinkAction.TAKE, expires_at=when)
    >>> read_link(sign_link(link, b"k" * 32), b"k" * 32, now=when - LINK_LIFE) == link
    True
    """
    payload = [link.case_id, link.person, link.action.value, int(link.expires_at.timestamp())]
    signed: str | bytes = _serializer(key).dumps(payload)
    return signed if isinstance(signed, str) else signed.decode()


def read_link(token: str, key: bytes, *, now: datetime) -> ActionLink:
    """What a token allows at a moment (aware); raises `LinkError` for one that is not ours or has expired."""
    try:
        case_id, person, action, expires = _serializer(key).loads(token)
        link = ActionLink(
            case_id=case_id,
            person=person,
            action=LinkAction(action),
            expires_at=datetime.fromtimestamp(expires, UTC),
        )
    except (BadData, ValueError, TypeError, OverflowError) as error:
        raise LinkError(LinkReason.FORGED) from error
    if now >= link.expires_at:
        raise LinkError(LinkReason.EXPIRED)
    return link


def link_digest(link: ActionLink, key: bytes) -> str:
    """Digest under which the use of a link is stored; the same for every spelling of its token."""
    return hashlib.sha256(sign_link(link, key).encode()).hexdigest()


def action_urls(console_url: str, case_id: str, person: str, key: bytes, *, now: datetime) -> Mapping[LinkAction, str]:
    """Addresses of all actions for one person, which expire `LINK_LIFE` after ``now`` (aware)."""
    expires_at = (now + LINK_LIFE).replace(microsecond=0)
    links = {
        action: ActionLink(case_id=case_id, person=person, action=action, expires_at=expires_at)
        for action in LinkAction
    }
    return {action: f"{console_url}/cases/act?token={quote(sign_link(link, key))}" for action, link in links.items()}


def _serializer(key: bytes) -> URLSafeSerializer:
    return URLSafeSerializer(key, salt=_SALT, signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"})
