"""A local mail server that keeps every mail in a Maildir: for the demo and for tests, never relays."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Mailbox

if TYPE_CHECKING:
    from pathlib import Path

MAX_MAIL_BYTES = 16 * 1024 * 1024


def run(host: str, port: int, maildir: Path) -> None:
    """Serve until SIGTERM or SIGINT.

    Parameters
    ----------
    host, port : str, int
        Where to listen; a mail sink has no password, so loopback unless told otherwise.
    maildir : Path
        Made if absent.

    Raises
    ------
    OSError
        If the port is taken.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    maildir.parent.mkdir(parents=True, exist_ok=True)
    controller = Controller(Mailbox(maildir), hostname=host, port=port, data_size_limit=MAX_MAIL_BYTES)
    controller.start()
    try:
        stop.wait()
    finally:
        controller.stop()
