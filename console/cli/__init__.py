"""The command ``skyground``: one small module a sub-command, found by name so that each start imports only what it needs."""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    "registry",
    "alerts",
    "people",
    "watch",
    "export",
    "console",
    "migrate",
    "backup",
    "token",
    "demo",
)


#: Sub-commands that share the module of another.
_SIBLINGS = {"down": "up", "status": "up", "restore": "backup"}


def build_app(modules: Sequence[str] = COMMANDS) -> typer.Typer:
    """Assemble the command from its modules."""
    import typer

    app = typer.Typer(
        name="skyground",
        help="Monitoring-network pipeline: collect, check, analyse, warn. 天地一体监测网络数据管线。",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        # without a callback, a single sub-command would become the command itself
        callback=lambda: None,
    )
    for name in modules:
        importlib.import_module(f"console.cli.{name}").register(app)
    return app


def main() -> None:
    """Run the command; a wrong setting or file ends it with its message and status 2, a database that cannot be used with status 1."""
    from schemas.network.file import NetworkFileError
    from store.error import StoreError
    from store.settings import SettingsError

    # read by numpy at its import; the matrices of a case file are so small that threads only wait for each other
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        _run(sys.argv[1:])
    except (SettingsError, NetworkFileError) as error:
        sys.stderr.write(f"skyground: {error}\n")
        sys.exit(2)
    except StoreError as error:
        sys.stderr.write(f"skyground: {error}\n")
        sys.exit(1)


def _run(words: Sequence[str]) -> None:
    """Run the sub-command that is named, without importing the others."""
    named = _SIBLINGS.get(words[0], words[0]) if words else ""
    if words == ["collect"]:
        # a parser has nothing to do here, and every part of a second counts after a crash
        from console.cli.collect import collect

        collect()
        return
    build_app([named] if named in COMMANDS else COMMANDS)()
