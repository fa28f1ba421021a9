"""``skyground collect``: run the collector until it is stopped."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    import typer

    from store.settings import SharedSettings

_Settings = TypeVar("_Settings", bound="SharedSettings")
_STOP_S = 45.0
"""Longest time from SIGTERM to the end of the collector [s]; idle or under load it takes a second."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("collect")(collect)


def collect() -> None:
    """Take messages from the broker into the raw log and the database until SIGTERM or Ctrl-C. 运行采集器。"""
    from ingest.collector import collector
    from ingest.process.settings import CollectorSettings

    run_part("collect", CollectorSettings, collector.collect, within_s=_STOP_S)


def run_part(
    name: str, kind: type[_Settings], run: Callable[[_Settings, threading.Event], object], *, within_s: float
) -> None:
    """Run a part of the ingest until SIGTERM or Ctrl-C; an error that a person can act on ends it with status 1.

    Parameters
    ----------
    name : str
        Command.
    kind : type of settings
    run : callable
    within_s : float
        Longest time from the signal to the end [s].
    """
    import threading

    from ingest.process.error import IngestError
    from ingest.process.log import configure_logging
    from ingest.process.shutdown import shutdown_on_signals
    from store.error import StoreError
    from store.settings import load_settings

    stop = threading.Event()
    shutdown_on_signals(stop, within_s=within_s)
    configure_logging()
    settings = load_settings(kind)
    try:
        run(settings, stop)
    except (IngestError, StoreError) as error:
        sys.stderr.write(f"skyground {name}: {error}\n")
        sys.exit(1)
