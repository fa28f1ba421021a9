"""The command ``skyground``: one small module a sub-command, found by name so that each start imports only what it needs."""

from __future__ import annotations

import importlib
import sys

import typer

#: Sub-command modules in the order of the help page.
COMMANDS = (
    "up",
    "doctor",
    "collect",
    "gateway",
    "simulate",
    "replay",
    "health",
    "balance",
    "quarantine",
    "gaps",
    "revisions",
    "qc",
    "review",
    "analyse",
    "alerts",
    "watch",
    "export",
    "console",
    "migrate",
    "token",
    "demo",
)


def build_app() -> typer.Typer:
    """Assemble the command from its modules."""
    app = typer.Typer(
        name="skyground",
        help="Monitoring-network pipeline: collect, check, analyse, warn. 天地一体监测网络数据管线。",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    for name in COMMANDS:
        importlib.import_module(f"console.cli.{name}").register(app)
    return app


def main() -> None:
    """Run the command; a wrong setting or file ends it with its message and status 2."""
    from schemas.network import NetworkFileError
    from store.settings import SettingsError

    try:
        build_app()()
    except (SettingsError, NetworkFileError) as error:
        sys.stderr.write(f"skyground: {error}\n")
        sys.exit(2)
