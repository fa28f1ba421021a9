"""``skyground analyse score``: the running score of the issued forecasts."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli import shell
from console.cli.analyse.day_option import Day
from console.cli.shell.moment import day as read_day
from console.cli.shell.option import AsJson
from console.cli.shell.row import plain, show

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.run.forecast.aqi_scoring import RunningAqiScore
    from analysis.run.forecast.scoring import RunningScore


def score(  # noqa: PLR0917 - typer passes them by name
    day_from: Day = None,
    day_to: Day = None,
    station: Annotated[
        list[str] | None, typer.Option(help="station id or city code, may be repeated 站点或城市代码")
    ] = None,
    by_station: Annotated[bool, typer.Option("--by-station", help="a row a station or city 按站点或城市列出")] = False,
    aqi: Annotated[
        bool,
        typer.Option("--aqi", help="daily AQI: level, range and primary pollutant right 日AQI级别、范围与首要污染物"),
    ] = False,
    renew: Annotated[
        bool, typer.Option("--renew", help="compute and store the scores of these days first 重新评分")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show the scores of issued forecasts by lead and model; default: the last 7 days. 显示已发布预报的评分。"""
    from analysis.run.forecast.aqi_scoring import read_aqi_scores
    from analysis.run.forecast.scoring import bounds_of, read_scores, score_days

    settings = shell.settings()
    known = {*settings.stations.stations, *(item.city for item in settings.stations.station_list if item.city)}
    for name in station or ():
        if name not in known:
            shell.stop(shell.text("score.unknown", name=name))
    yesterday = shell.now().astimezone(settings.stations.timezone).date() - timedelta(days=1)
    last = read_day(day_to, "--day-to") or yesterday
    first = read_day(day_from, "--day-from") or last - timedelta(days=6)
    if last < first:
        shell.stop(shell.text("score.order", first=str(first), last=str(last)))
    if renew:
        shell.or_exit(lambda: score_days(settings, first, last))
    asked = station or ()
    start, end = bounds_of(settings, first)[0], bounds_of(settings, last)[1]

    def read() -> Sequence[RunningScore | RunningAqiScore]:
        if aqi:
            return read_aqi_scores(settings, start, end, series=asked, by_station=by_station)
        return read_scores(settings, first, last, series=asked, by_station=by_station)

    found = shell.or_exit(read)
    if not found:
        typer.echo(f"skyground: {shell.text('score.none', first=str(first), last=str(last))}", err=True)
        raise typer.Exit(1)
    show([plain(item) for item in found], as_json=as_json)
