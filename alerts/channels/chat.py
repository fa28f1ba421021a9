"""Other channels than mail, through Apprise: webhook, WeCom, DingTalk, Feishu. The only home of apprise.

The URL is a secret: people files and stored notices only refer to it (``env:NAME``, ``file:PATH``), and no error shows it.

Errors::

    ChatError(permanent)    permanent: the reference leads to no usable URL; else the service did not take the message
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHOWN = 200


class ChatError(Exception):
    """A message that did not go."""

    def __init__(self, detail: str, *, permanent: bool) -> None:
        super().__init__(detail)
        self.permanent = permanent


def url_of(reference: str, environment: Mapping[str, str] = os.environ) -> str:
    """The URL that a reference names; raises `ChatError`."""
    kind, _, place = reference.partition(":")
    if kind == "env":
        url = environment.get(place, "").strip()
        if not url:
            msg = f"the environment variable {place} is not set"
            raise ChatError(msg, permanent=False)
        return url
    try:
        return Path(place).read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{place} cannot be read: {getattr(error, 'strerror', None) or type(error).__name__}"
        raise ChatError(msg, permanent=False) from error


def send_chat(reference: str, *, title: str, text: str) -> None:
    """Send a text.

    Parameters
    ----------
    reference : str
        ``env:NAME`` or ``file:PATH`` of an Apprise URL (``wecombot://``, ``dingtalk://``, ``feishu://``, ``json://`` ...).
    title, text : str
        ``title`` may be empty.

    Raises
    ------
    ChatError
    """
    url = url_of(reference)
    apprise, client = _client(url)
    if client is None:
        msg = f"{reference}: not a URL that Apprise knows (scheme {url.partition('://')[0][:20]!r})"
        raise ChatError(msg, permanent=True)
    with apprise.LogCapture(level=apprise.logging.WARNING) as log:
        is_sent = client.notify(body=text, title=title, body_format=apprise.NotifyFormat.TEXT)
        detail = log.getvalue().strip()
    if not is_sent:
        msg = f"{reference}: {_bare(detail, url) or 'not accepted'}"
        raise ChatError(msg, permanent=False)


def _client(url: str) -> tuple[Any, Any]:
    """The library and its client for a URL, None for a URL that it does not know.

    0.7 s, paid by the first message to such a channel, not by each start.
    """
    with warnings.catch_warnings():
        # imghdr, for which it has a replacement of its own in Python 3.13
        warnings.simplefilter("ignore", DeprecationWarning)
        import apprise

        asset = apprise.AppriseAsset(app_id="skyground", app_desc="skyground", secure_logging=True, async_mode=False)
        client = apprise.Apprise(asset=asset)
        return apprise, client if client.add(url) else None


def _bare(detail: str, url: str) -> str:
    """A log text without what may be a secret: every part of the URL behind the scheme."""
    for part in sorted(url.partition("://")[2].replace("?", "/").split("/"), key=len, reverse=True):
        if len(part) >= 6:  # noqa: PLR2004 - shorter parts are no secrets
            detail = detail.replace(part, "...")
    return " ".join(detail.split())[-_SHOWN:]
