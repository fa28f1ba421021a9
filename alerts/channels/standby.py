"""Standby channel for mail outages: an HTTP address or a local command, as configured.

The body is JSON. Besides its own keys it has ``msgtype`` and ``text.content``, the shape of the robots of WeCom and DingTalk.

Errors::

    StandbyError    the standby channel fails; the message names the cause
"""

from __future__ import annotations

import shlex
import subprocess
from typing import TYPE_CHECKING, Any

import httpx
import msgspec

from alerts.settings import is_address

if TYPE_CHECKING:
    from datetime import datetime

    from alerts.settings import AlertSettings

TIMEOUT_S = 10.0
"""Longest wait for the address or the command [s]; a round of the watch waits for it."""
_SHOWN = 200


class StandbyError(Exception):
    """The standby channel fails."""


def post_standby(settings: AlertSettings, *, event: str, text: str, now: datetime, **facts: Any) -> bool:  # noqa: ANN401 - plain JSON
    """Post a text to the standby channel.

    Parameters
    ----------
    event : str
        What it is about: ``mail_down``, ``mail_up``, ``watch_failing``.
    text : str
        For a person.
    facts
        Further keys of the JSON body.

    Returns
    -------
    bool
        False where no standby channel is configured.

    Raises
    ------
    StandbyError
    """
    if not settings.alarm_to:
        return False
    body = msgspec.json.encode(
        {"source": "skyground", "event": event, "at": now, "msgtype": "text", "text": {"content": text}, **facts}
    )
    (_post if is_address(settings.alarm_to) else _run)(settings.alarm_to, body)
    return True


def _post(address: str, body: bytes) -> None:
    try:
        answer = httpx.post(address, content=body, headers={"content-type": "application/json"}, timeout=TIMEOUT_S)
    except httpx.HTTPError as error:
        msg = f"{_bare(address)}: {type(error).__name__}: {error}"
        raise StandbyError(msg) from error
    if not answer.is_success:
        msg = f"{_bare(address)}: HTTP {answer.status_code}: {answer.text[:_SHOWN]}"
        raise StandbyError(msg)


def _bare(address: str) -> str:
    """The address without what may be a secret: path and query hold the keys of robots."""
    url = httpx.URL(address)
    return f"{url.scheme}://{url.host}"


def _run(command: str, body: bytes) -> None:
    words = shlex.split(command)
    try:
        done = subprocess.run(words, input=body, capture_output=True, timeout=TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        msg = f"{words[0]}: {error}"
        raise StandbyError(msg) from error
    if done.returncode:
        msg = f"{words[0]}: status {done.returncode}: {done.stderr.decode(errors='replace')[:_SHOWN]}"
        raise StandbyError(msg)
