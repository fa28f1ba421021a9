"""``skyground analyse forecast``."""

from __future__ import annotations

from console.cli import shell
from console.cli.shell.moment import Moment, past
from console.cli.shell.option import AsJson
from console.cli.shell.row import plain, show


def forecast(now: Moment = None, as_json: AsJson = False) -> None:
    """Forecast the next 72 h of every station and city and store it. 预报各站点与城市未来72小时并存储。"""
    from analysis.run.forecast import forecast as run

    settings = shell.settings()
    moment = past(now, settings.stations.timezone)
    show([plain(shell.or_exit(lambda: run(settings, moment)))], as_json=as_json)
