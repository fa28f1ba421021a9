"""Orderly shutdown of a program on signals."""

from __future__ import annotations

import _thread
import os
import signal
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import threading


def shutdown_on_signals(stop: threading.Event, *, within_s: float | None = None) -> None:
    """Set ``stop`` on SIGTERM, SIGINT and the end of the terminal (SIGHUP, unless ignored as by nohup); a second signal ends the program at once.

    Parameters
    ----------
    stop : threading.Event
    within_s : float or None
        The program ends by force when it is still there so long after the first signal [s]: every program here may be killed
        at any moment without losing anything. None: no limit.

    Notes
    -----
    The handler runs between any two instructions of the main thread, which may just hold the lock of ``stop``: setting it
    there could wait for itself. So that is left to a thread, started without any lock.
    """
    asked = False

    def handle(number: int, _frame: object) -> None:
        nonlocal asked
        if asked:
            os._exit(128 + number)
        asked = True
        _thread.start_new_thread(_end, (stop, number, within_s))

    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGINT, handle)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        signal.signal(signal.SIGHUP, handle)


def _end(stop: threading.Event, number: int, within_s: float | None) -> None:
    stop.set()
    if within_s is not None:
        time.sleep(within_s)
        os.write(2, f"still here {within_s:.0f} s after the signal to stop: ended by force\n".encode())
        os._exit(128 + number)
