"""``skyground analyse coanalysis``."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import typer

from console.cli import shell
from console.cli.analyse.day_option import Day
from console.cli.shell.moment import day as read_day
from console.cli.shell.option import AsJson
from console.cli.shell.row import plain, show


def coanalysis(day_from: Day = None, day_to: Day = None, as_json: AsJson = False) -> None:
    """Compute and store AQI, joint exceedance and OFP of civil days. 计算并存储AQI、协同超标与臭氧生成潜势。"""
    from analysis.run.coanalysis.daily import coanalyse

    settings, now = shell.settings(), datetime.now(UTC)
    today = now.astimezone(settings.stations.timezone).date()
    first = read_day(day_from, "--day-from") or today - timedelta(days=1)
    last = read_day(day_to, "--day-to") or max(first, today)
    if last < first:
        msg = f"{last} is before --day-from {first}"
        raise typer.BadParameter(msg, param_hint="--day-to")
    if first > today:
        msg = f"{first} has not come, expected a day up to today, {today}"
        raise typer.BadParameter(msg, param_hint="--day-from")
    last = min(last, today)
    show([plain(shell.or_exit(lambda: coanalyse(settings, first, last, now)))], as_json=as_json)
