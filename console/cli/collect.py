"""``skyground collect``: run the collector until it is stopped."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import typer

_STOP_S = 45.0
"""At most so long after SIGTERM the collector is gone [s]; idle or under load it takes a second."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("collect")(collect)


def collect() -> None:
    """Take messages from the broker into the raw log and the database until SIGTERM or Ctrl-C. 运行采集器。"""
    import threading

    from ingest.collector import collector
    from ingest.process.error import IngestError
    from ingest.process.log import configure_logging
    from ingest.process.settings import CollectorSettings
    from ingest.process.shutdown import shutdown_on_signals
    from store.error import StoreError
    from store.settings import load_settings

    stop = threading.Event()
    shutdown_on_signals(stop, within_s=_STOP_S)
    configure_logging()
    settings = load_settings(CollectorSettings)
    try:
        collector.collect(settings, stop)
    except (IngestError, StoreError) as error:
        sys.stderr.write(f"skyground collect: {error}\n")
        sys.exit(1)
