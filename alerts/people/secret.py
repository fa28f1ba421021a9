"""The URL of a channel, read from where the people file refers to."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.people.people import People


class ChannelError(ValueError):
    """A channel has no URL; the message names the reference and never the URL."""


def read_url(reference: str) -> str:
    """URL of a channel.

    Parameters
    ----------
    reference : str
        ``env:NAME`` or ``file:PATH``, as `alerts.people.person.ContactChannel.reference` and `alerts.people.route.Recipient.address` have it.

    Raises
    ------
    ChannelError
        The variable or file is not there or empty, or its text is no URL.
    """
    kind, _, place = reference.partition(":")
    if kind == "env":
        found = os.environ.get(place, "")
    else:
        try:
            found = Path(place).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            msg = f"{reference}: cannot be read: {getattr(error, 'strerror', None) or type(error).__name__}"
            raise ChannelError(msg) from None
    url = found.strip()
    if "://" not in url:
        msg = f"{reference}: {'no URL' if url else 'empty or not set'}, expected an Apprise URL"
        raise ChannelError(msg)
    return url


def unreadable_channels(people: People) -> Iterator[tuple[str, str]]:
    """Person or team, and why a channel of it cannot be used by this process."""
    owners = [(f"person {item.id!r}", item.channels) for item in people.persons]
    owners += [(f"team {item.id!r}", item.channels) for item in people.teams]
    for owner, channels in owners:
        for channel in channels:
            try:
                read_url(channel.reference)
            except ChannelError as error:
                yield owner, f"channel {channel.name!r}: {error}"
