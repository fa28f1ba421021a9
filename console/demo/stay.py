"""The screen of a loaded demo: addresses; the province goes on in real time until Ctrl-C."""

from __future__ import annotations

import contextlib
import signal
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from console.demo.report import mails_in
from schemas.words import words as words_of

if TYPE_CHECKING:
    from pathlib import Path

    from console.local.settings import LocalSettings


def stay(settings: LocalSettings, maildir: Path) -> None:
    """Show where everything is and wait for Ctrl-C."""
    screen = Console(stderr=True)
    screen.print(_addresses(settings, maildir))
    words = words_of(settings.language, "cli.demo")
    for text in mails_in(maildir)[:5]:
        screen.print(f"{words('mail')}:", text.splitlines()[0], style="bold", markup=False)
    screen.print(words("live"))
    with contextlib.suppress(KeyboardInterrupt):
        signal.pause()
    screen.print(words("ending"))


def _addresses(settings: LocalSettings, maildir: Path) -> Table:
    table = Table(title="skyground", show_header=False, title_style="bold")
    rows = {
        "console": settings.console_url,
        "alerts": settings.console_url + "/alerts",
        "cases": settings.console_url + "/case-files",
        "reports": settings.console_url + "/reports",
        "airflow": settings.airflow_url,
        "datadocs": settings.console_url + "/datadocs/",
        "mails": str(maildir),
        "metrics": f"http://127.0.0.1:{settings.metrics_port}/metrics",
        "terminal": f"SKYGROUND_RUN_DIR={settings.run_dir} .venv/bin/skyground status",
    }
    words = words_of(settings.language, "cli.demo")
    for name, value in rows.items():
        table.add_row(words(name), value)
    return table
