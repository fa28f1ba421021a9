"""What a person sees when the demo has loaded: addresses, then the province goes on in real time until Ctrl-C."""

from __future__ import annotations

import contextlib
import subprocess
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from console.demo.command import background
from console.demo.report import mails_in

if TYPE_CHECKING:
    from console.demo.report import DemoReport
    from console.local.settings import LocalSettings


def stay(settings: LocalSettings, report: DemoReport) -> None:
    """Show where everything is and keep simulated stations publishing until Ctrl-C."""
    screen = Console(stderr=True)
    screen.print(_addresses(settings, report))
    for text in mails_in(settings.maildir or settings.run_dir / "maildir")[:3]:
        screen.print("mail:", text.splitlines()[0], style="bold")
    screen.print("Stations go on publishing in real time. Ctrl-C ends everything. 按 Ctrl-C 结束。")
    live = background(
        "simulate", "--days", "1", "--speed", "real", log=settings.run_dir / "log" / "live.log"
    )
    try:
        with contextlib.suppress(KeyboardInterrupt):
            live.wait()
    finally:
        live.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            live.wait(10)


def _addresses(settings: LocalSettings, report: DemoReport) -> Table:
    table = Table(title="skyground", show_header=False, title_style="bold")
    rows = {
        "console 控制台": settings.console_url,
        "alerts 告警": settings.console_url + "/alerts",
        "Airflow 调度": settings.airflow_url,
        "mails 邮件": str(settings.maildir or settings.run_dir / "maildir"),
        "metrics 指标": f"http://127.0.0.1:{settings.metrics_port}/metrics",
        "other terminal 另开终端": f"SKYGROUND_RUN_DIR={settings.run_dir} skyground status",
        "stored 已入库": f"{report.values_stored:,} values, {report.hours:,} hours, {report.flags:,} flags, {report.mails} mails, lost {report.lost}",
    }
    for name, value in rows.items():
        table.add_row(name, value)
    return table
