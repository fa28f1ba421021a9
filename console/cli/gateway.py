"""``skyground gateway``: HJ 212 over TCP until it is stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import typer

_STOP_S = 25.0
"""Longest time from SIGTERM to the end of the gateway [s]."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("gateway")(gateway)


def gateway() -> None:
    """Take HJ 212 frames over TCP, keep, answer and publish them until SIGTERM or Ctrl-C. 运行 HJ 212 接入网关。"""
    from console.cli.collect import run_part
    from ingest.gateway import server
    from ingest.gateway.settings import GatewaySettings

    run_part("gateway", GatewaySettings, server.run, within_s=_STOP_S)
