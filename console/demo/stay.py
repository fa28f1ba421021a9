"""What a person sees when the demo has loaded: addresses; the province goes on in real time until Ctrl-C."""

from __future__ import annotations

import contextlib
import signal
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from console.demo.report import mails_in

if TYPE_CHECKING:
    from pathlib import Path

    from console.local.settings import LocalSettings


def stay(settings: LocalSettings, maildir: Path) -> None:
    """Show where everything is and wait for Ctrl-C."""
    screen = Console(stderr=True)
    screen.print(_addresses(settings, maildir))
    for text in mails_in(maildir)[:5]:
        screen.print("mail 邮件:", text.splitlines()[0], style="bold", markup=False)
    screen.print("Stations go on publishing in real time. Ctrl-C ends everything. 站点持续实时上报，按 Ctrl-C 结束。")
    with contextlib.suppress(KeyboardInterrupt):
        signal.pause()
    screen.print("ending 正在结束")


def _addresses(settings: LocalSettings, maildir: Path) -> Table:
    table = Table(title="skyground", show_header=False, title_style="bold")
    rows = {
        "console 控制台": settings.console_url,
        "alerts 告警": settings.console_url + "/alerts",
        "Airflow 调度": settings.airflow_url,
        "Data Docs 质检报告": settings.console_url + "/datadocs/",
        "mails 邮件": str(maildir),
        "metrics 指标": f"http://127.0.0.1:{settings.metrics_port}/metrics",
        "another terminal 另开终端": f"SKYGROUND_RUN_DIR={settings.run_dir} .venv/bin/skyground status",
    }
    for name, value in rows.items():
        table.add_row(name, value)
    return table
