"""Message-IDs of the mails of a case: the same for the same version, and ours beyond doubt when a reply quotes one. Pure."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from store.state import Notice

_DIGEST = 24
_ID = re.compile(r"<skyground\.(?P<notice>\d{1,18})\.(?P<version>\d{1,9})\.(?P<digest>[0-9a-f]{24})@[^<>\s]{1,253}>")
_ANY = re.compile(r"<[^<>\s]{3,998}>")


class SentVersion(NamedTuple):
    """A notice and the version that a message with its Message-ID states."""

    notice_id: int
    version: int


def message_identity(store_id: str, item: Notice, version: int) -> str:
    """The part of a Message-ID before the sender's domain, between ``skyground.`` and ``@``.

    Parameters
    ----------
    store_id : str
        Random id of the state database: a rebuilt database gives others, and no one else can make one.
    item : Notice
    version : int
        Of the case, fixed by the claim.
    """
    return f"{item.id}.{version}.{_digest(store_id, item, version)}"


def digest_identity(store_id: str, versions: Iterable[tuple[Notice, int]]) -> str:
    """As `message_identity`, of one mail about several cases."""
    parts = sorted(message_identity(store_id, item, version) for item, version in versions)
    return f"digest.{hashlib.sha256(' '.join(parts).encode()).hexdigest()[:_DIGEST]}"


def parse_message_id(text: str) -> SentVersion | None:
    """Notice and version of a Message-ID of ours, not yet verified (`is_ours`); None for any other."""
    found = _ID.fullmatch(text)
    return None if found is None else SentVersion(int(found["notice"]), int(found["version"]))


def is_ours(text: str, store_id: str, item: Notice) -> bool:
    """Whether a Message-ID is one that this state database gave to a message of the notice."""
    found = _ID.fullmatch(text)
    return (
        found is not None
        and int(found["notice"]) == item.id
        and int(found["version"]) <= item.wanted
        and found["digest"] == _digest(store_id, item, int(found["version"]))
    )


def quoted_ids(*headers: str) -> tuple[str, ...]:
    """Message-IDs in ``In-Reply-To`` and ``References``, each once, in order."""
    return tuple(dict.fromkeys(hit for header in headers for hit in _ANY.findall(header)))


def _digest(store_id: str, item: Notice, version: int) -> str:
    text = "\n".join((store_id, item.case_id, item.recipient, item.channel, str(version)))
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST]
