"""A person who is notified of cases, and the ways to reach one."""

from __future__ import annotations

import re
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from alerts.people.clock import ClockSpan

PeopleId = Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,48}\Z")]
"""Id of a person, team, shift or route."""
OneLine = Annotated[str, Meta(pattern=r"^[^\x00-\x1f\x7f]{1,80}\Z")]
CityPattern = Annotated[str, Meta(pattern=r"^(?:[0-9*?]|\[!?[0-9-]+\])+\Z")]
"""Shell pattern of GB/T 2260 codes."""
StationPattern = Annotated[str, Meta(pattern=r"^(?:[a-z0-9*?-]|\[!?[a-z0-9-]+\])+\Z")]
"""Shell pattern of station ids."""
Areas = Annotated[tuple[CityPattern, ...], Meta(min_length=1)]
MAIL = "mail"
"""Channel that every person has."""
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,8}")


class ContactChannel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another way than mail: an Apprise URL, which is a secret and therefore only referred to.

    Attributes
    ----------
    name : str
        What routes call it, such as ``wecom``.
    url_env, url_file : str or None
        Environment variable or file that has the URL; exactly one.
    """

    name: PeopleId
    url_env: Annotated[str, Meta(pattern=r"^[A-Z][A-Z0-9_]{0,79}\Z")] | None = None
    url_file: OneLine | None = None

    @property
    def reference(self) -> str:
        """``env:NAME`` or ``file:PATH``: what a stored notice has in place of the URL."""
        return f"env:{self.url_env}" if self.url_env is not None else f"file:{self.url_file}"


class Person(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One person.

    Attributes
    ----------
    id : str
    name_zh, name_en : str
    mail : str
        Address alone, without a name.
    language : str
        Of the mails, ``zh`` or ``en``.
    channels : tuple of ContactChannel
    quiet : ClockSpan or None
        Quiet hours: what is not critical waits until they are over, except in a shift of the person.
    areas : tuple of str
        Patterns of GB/T 2260 codes: on duty with others, the person is notified of cases there only.
    """

    id: PeopleId
    name_zh: OneLine
    name_en: OneLine
    mail: str
    language: Literal["zh", "en"] = "zh"
    channels: tuple[ContactChannel, ...] = ()
    quiet: ClockSpan | None = None
    areas: Areas = ("*",)

    def name(self, language: str) -> str:
        """Name in ``zh`` or ``en``."""
        return self.name_zh if language == "zh" else self.name_en


def is_mail_address(text: str) -> bool:
    """Whether a text is one address as a mail server takes it, without a name.

    >>> is_mail_address("li.na@example.org"), is_mail_address("Li Na <li.na@example.org>"), is_mail_address("li.na")
    (True, False, False)
    """
    local, _, domain = text.rpartition("@")
    is_dotted = not (local.startswith(".") or local.endswith(".") or ".." in local)
    return (
        bool(_ADDRESS.fullmatch(text))
        and is_dotted
        and not any(part.startswith("-") or part.endswith("-") for part in domain.split("."))
    )
