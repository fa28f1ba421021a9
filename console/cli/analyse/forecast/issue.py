"""``skyground analyse forecast``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console.cli import shell
from console.cli.shell.moment import Moment, past
from console.cli.shell.option import AsJson
from console.cli.shell.row import plain, show


def forecast(
    weather: Annotated[
        list[Path] | None,
        typer.Option(
            exists=True, help="file of one run in place of the folder of the settings, may be repeated 指定数值预报文件"
        ),
    ] = None,
    now: Moment = None,
    as_json: AsJson = False,
) -> None:
    """Forecast the next 72 h of every station and city and store it. 预报各站点与城市未来72小时并存储。"""
    from analysis.run.forecast import forecast as run

    settings = shell.settings()
    moment = past(now, settings.stations.timezone)
    found = shell.or_exit(lambda: run(settings, moment, weather_files=weather or ()))
    show([plain(found)], as_json=as_json)
    if not found.forecasts:
        typer.echo(f"skyground: {shell.text('forecast.none', origin=f'{found.origin:%Y-%m-%dT%H:%MZ}')}", err=True)
        raise typer.Exit(1)
