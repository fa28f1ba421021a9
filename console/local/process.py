"""Waiting until a server that was started answers."""

from __future__ import annotations

import socket
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed

if TYPE_CHECKING:
    from collections.abc import Callable


class NotReadyError(RuntimeError):
    """A server did not answer within its time."""


def port_answers(port: int) -> bool:
    """Whether something accepts connections on a loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def http_answers(url: str) -> bool:
    """Whether a GET of ``url`` gives a status below 400."""
    try:
        with urllib.request.urlopen(url, timeout=6) as answer:  # noqa: S310 - our own loopback address
            return bool(answer.status < 400)  # noqa: PLR2004 - first error status of HTTP
    except (urllib.error.URLError, OSError):
        return False


def wait_until(
    ready: Callable[[], bool], *, what: str, timeout_s: float, alive: Callable[[], bool] = lambda: True
) -> float:
    """Poll ``ready`` every 0.1 s; return the seconds it took.

    Raises
    ------
    NotReadyError
        Not ready within ``timeout_s``, or ``alive`` turned false.
    """

    def is_ready() -> bool:
        if ready():
            return True
        if not alive():
            msg = f"{what} ended while it was starting"
            raise NotReadyError(msg)
        return False

    began = time.monotonic()
    poll(is_ready, f"{what} did not answer", timeout_s=timeout_s)
    return time.monotonic() - began


def poll(is_ready: Callable[[], bool], complaint: str, *, timeout_s: float, every_s: float = 0.1) -> None:
    """Poll until ``is_ready``; raises `NotReadyError` with the complaint after ``timeout_s``."""
    retrying = Retrying(
        retry=retry_if_result(lambda answer: not answer), stop=stop_after_delay(timeout_s), wait=wait_fixed(every_s)
    )
    try:
        retrying(is_ready)
    except RetryError:
        msg = f"{complaint} within {timeout_s:.0f} s"
        raise NotReadyError(msg) from None
