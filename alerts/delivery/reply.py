"""A reply by mail: what it answers, from whom, and what it asks for. Pure.

A mail of a program is never answered or acted on, so that two of them cannot write to each other for ever (RFC 3834).
"""

from __future__ import annotations

import re
from email.utils import getaddresses, parseaddr
from enum import StrEnum
from functools import cache
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from unicodedata import normalize

import msgspec

from alerts.delivery.thread import quoted_ids
from alerts.wording import word
from schemas.plain_text import plain_text
from schemas.words import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from email.message import EmailMessage

MOST_CHARACTERS = 2_000
"""Of a comment; the rest is left in the mailbox."""
MOST_A_MINUTE = 5
"""Replies of one address within a minute; more are those of a program. Project's choice."""
_SIGNATURE = "-- "
_AFTER_WORD = " :,\r\n"
"""What may follow the first word; full-width forms count as their narrow ones."""
_RULE = re.compile(r"_{8,}|-{5,}.*-{3,}")
_FIELD = re.compile(r"[^:]{1,20}:")


class ReplyWish(StrEnum):
    """What a reply asks for."""

    TAKE = "take"
    DECLINE = "decline"
    COMMENT = "comment"


class ReplyFault(StrEnum):
    """Why a mail changes nothing."""

    AUTOMATIC = "automatic"
    """Sent by a program, ourselves among them."""
    TOO_MANY = "too_many"
    NO_MATCH = "no_match"
    """It quotes no Message-ID of ours."""
    STRANGER = "stranger"
    """The sender is not the person who got the mail that it answers."""
    EMPTY = "empty"
    REFUSED = "refused"
    """The case allows no such step."""
    UNREADABLE = "unreadable"
    """It is built so that it cannot be read."""


class MailReply(msgspec.Struct, frozen=True, kw_only=True):
    """A mail in the mailbox of the alerts.

    Attributes
    ----------
    message_id : str
        Its own.
    sender : str
        Address alone, small letters; empty where there is none, or several.
    answers : tuple of str
        Message-IDs that it quotes.
    wish : ReplyWish
    text : str
        Without quoted text and signature; of a comment without the word that begins it.
    is_automatic : bool
    """

    message_id: str
    sender: str
    answers: tuple[str, ...]
    wish: ReplyWish
    text: str
    is_automatic: bool


def parse_reply(message: EmailMessage, own_addresses: Iterable[str]) -> MailReply:
    """Read a mail.

    Parameters
    ----------
    message : EmailMessage
    own_addresses : iterable of str
        Addresses from which alerts are sent; a mail from one of them is our own.
    """
    senders = getaddresses([_header(message, "From")])
    # of several senders any may have written it
    sender = plain_text(senders[0][1]).casefold() if len(senders) == 1 else ""
    own = {parseaddr(item)[1].casefold() for item in own_addresses}
    text = strip_quote(plain_text(_body(message)))
    wish, rest = read_wish(text)
    return MailReply(
        message_id=plain_text(_header(message, "Message-ID")).strip(),
        sender=sender,
        answers=quoted_ids(_header(message, "In-Reply-To"), _header(message, "References")),
        wish=wish,
        text=rest[:MOST_CHARACTERS],
        is_automatic=not sender or sender in own or is_automatic(message),
    )


def is_automatic(message: EmailMessage) -> bool:
    """Whether a program sent a mail: by RFC 3834 (Auto-Submitted, List-Id, an empty sender), and what programs set in practice."""
    submitted = _header(message, "Auto-Submitted").partition(";")[0].strip().casefold()
    precedence = _header(message, "Precedence").strip().casefold()
    return (
        submitted not in {"", "no"}
        or precedence in {"bulk", "list", "junk", "auto_reply"}
        or any(message[name] is not None for name in ("X-Auto-Response-Suppress", "List-Id", "X-Autoreply"))
        or _header(message, "Return-Path").strip() == "<>"
        or message.get_content_type() == "multipart/report"
        or not parseaddr(_header(message, "From"))[1]
    )


def read_wish(text: str) -> tuple[ReplyWish, str]:
    """What the first words ask for, in either language (``mail.reply_take`` and so on), and the text that is a comment.

    >>> read_wish("Ack, on my way")
    (<ReplyWish.TAKE: 'take'>, 'Ack, on my way')
    >>> read_wish("Comment: valve replaced")
    (<ReplyWish.COMMENT: 'comment'>, 'valve replaced')
    >>> read_wish("takeaway ordered")[0]
    <ReplyWish.COMMENT: 'comment'>

    Who says in the first line that it cannot be done has not taken the case (``mail.reply_cannot``):

    >>> read_wish("Ack, but I can't go tonight")[0]
    <ReplyWish.COMMENT: 'comment'>
    """
    begin = " ".join(text.casefold().split())
    for wish in (ReplyWish.DECLINE, ReplyWish.TAKE, ReplyWish.COMMENT):
        for phrase in _phrases(f"reply_{wish}"):
            if begin.startswith(phrase) and _ends_word(begin, len(phrase)):
                if wish is ReplyWish.TAKE and _is_unable(text):
                    return ReplyWish.COMMENT, text.strip()
                rest = text if wish is not ReplyWish.COMMENT else _after_word(text.lstrip()[len(phrase) :])
                return wish, rest.strip()
    return ReplyWish.COMMENT, text.strip()


def _is_unable(text: str) -> bool:
    first = text.strip().partition("\n")[0].casefold()
    return any(phrase in first for phrase in _phrases("reply_cannot"))


def strip_quote(text: str) -> str:
    """The text above the quoted mail, without signature."""
    kept: list[str] = []
    for line in text.replace("\r\n", "\n").split("\n"):
        if line == _SIGNATURE or _begins_quote(line):
            break
        kept.append(line.rstrip())
    return "\n".join(kept).strip()


def _begins_quote(line: str) -> bool:
    """Whether a line begins the mail that is answered: ``> ...``, ``On ... wrote:``, ``From: ...``, ``-----Original ...``."""
    text = _narrow(line).strip().casefold().rstrip(_AFTER_WORD)
    return (
        text.startswith((">", *_phrases("reply_original")))
        or _RULE.fullmatch(text) is not None
        or (text.endswith(_phrases("reply_wrote")) and len(text) < MOST_CHARACTERS)
        or (
            _FIELD.match(_narrow(line).strip().casefold()) is not None
            and line.strip().casefold().startswith(_phrases("reply_from"))
        )
    )


@cache
def _phrases(key: str) -> tuple[str, ...]:
    """Phrases of a key in both languages, the longest first."""
    found = {item.strip().casefold() for language in LANGUAGES for item in word(key, language).split(";")}
    return tuple(sorted(found, key=len, reverse=True))


def _narrow(text: str) -> str:
    return normalize("NFKC", text)


def _after_word(text: str) -> str:
    """The text without the marks at its beginning."""
    shown = _narrow(text)
    return text[len(shown) - len(shown.lstrip(_AFTER_WORD)) :]


def _ends_word(text: str, at: int) -> bool:
    """Whether a word ends at a place: Chinese is written without spaces."""
    return at == len(text) or not (text[at].isascii() and text[at].isalnum()) or not text[at - 1].isascii()


def _header(message: EmailMessage, name: str) -> str:
    try:
        return str(message[name] or "")
    except (ValueError, IndexError, AttributeError):  # headers that the standard library cannot parse
        return ""


def _body(message: EmailMessage) -> str:
    part = message.get_body(preferencelist=("plain", "html"))
    if part is None:
        return ""
    try:
        content = part.get_content()
    except (LookupError, ValueError):  # an unknown character set
        payload = part.get_payload(decode=True)
        content = payload.decode("utf-8", errors="replace") if isinstance(payload, bytes) else ""
    if not isinstance(content, str):
        return ""
    return _plain(content) if part.get_content_subtype() == "html" else content


class _Text(HTMLParser):
    """Text of an HTML body; quoted mails are left out."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._skipped = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - HTMLParser calls it
        if tag in {"blockquote", "style", "script", "head"}:
            self._skipped += 1
        elif tag in {"br", "p", "div", "li", "tr"}:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"blockquote", "style", "script", "head"}:
            self._skipped = max(0, self._skipped - 1)

    def handle_data(self, data: str) -> None:
        if not self._skipped:
            self.parts.append(data)


def _plain(html: str) -> str:
    parser = _Text()
    parser.feed(html)
    return "".join(parser.parts)
