"""A local mail server that keeps every mail in a Maildir: for the demo and for tests, never relays."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Mailbox

from ingest.process.shutdown import shutdown_on_signals

if TYPE_CHECKING:
    from pathlib import Path

STOP_S = 10.0
MAX_MAIL_BYTES = 16 * 1024 * 1024


def run(host: str, port: int, maildir: Path) -> None:
    """Serve until SIGTERM or SIGINT.

    Parameters
    ----------
    host, port : str, int
        Address to listen on; loopback by default, since a mail sink has no password.
    maildir : Path
        Made if absent.

    Raises
    ------
    OSError
        If the port is taken.
    """
    stop = threading.Event()
    shutdown_on_signals(stop, within_s=STOP_S)
    maildir.parent.mkdir(parents=True, exist_ok=True)
    controller = Controller(Mailbox(maildir), hostname=host, port=port, data_size_limit=MAX_MAIL_BYTES)
    controller.start()
    try:
        stop.wait()
    finally:
        controller.stop()
