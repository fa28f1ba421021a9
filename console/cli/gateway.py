"""``skyground gateway``: HJ 212 over TCP until it is stopped."""

from __future__ import annotations

import typer

_STOP_S = 25.0
"""At most so long after SIGTERM the gateway is gone [s]."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("gateway")(gateway)


def gateway() -> None:
    """Take HJ 212 frames over TCP, keep, answer and publish them until SIGTERM or Ctrl-C. 运行 HJ 212 接入网关。"""
    import threading

    from ingest.gateway import server
    from ingest.gateway.settings import GatewaySettings
    from ingest.process.error import IngestError
    from ingest.process.log import configure_logging
    from ingest.process.shutdown import shutdown_on_signals
    from store.error import StoreError
    from store.settings import load_settings

    stop = threading.Event()
    shutdown_on_signals(stop, within_s=_STOP_S)
    configure_logging()
    settings = load_settings(GatewaySettings)
    try:
        server.run(settings, stop)
    except (IngestError, StoreError) as error:
        typer.echo(f"skyground gateway: {error}", err=True)
        raise typer.Exit(1) from error
