"""``skyground analyse relation``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from console.cli import shell
from console.cli.analyse.hour_option import City, Dataset, DayFrom, DayTo, Files, StationIds, read_station_hours
from console.cli.analyse.picture import StationPicture, check_one_station, write_picture
from console.cli.shell.option import AsJson

if TYPE_CHECKING:
    from analysis.coanalysis.relation import LaggedRelation, PollutantRelation
    from schemas.words import Words


def relation(  # noqa: PLR0917 - typer passes them by name
    files: Files = None,
    dataset: Dataset = None,
    station: StationIds = None,
    city: City = None,
    day_from: DayFrom = None,
    day_to: DayTo = None,
    png: StationPicture = None,
    as_json: AsJson = False,
) -> None:
    """Correlate PM2.5 with O3 and Ox by lag, plain and given the weather; surfaces. PM2.5与O3的滞后、偏相关及响应面。"""
    from analysis.coanalysis.relation import relation_of
    from schemas.interval import Interval

    hours = read_station_hours(files, dataset, stations=station, city=city, days=(day_from, day_to), default_days=365)
    period = Interval(hours.start, hours.end)
    found = [relation_of(name, frame, period, hours.zone) for name, frame in hours.hourly.items()]
    if not any(item.hours for item in found):
        shell.stop(f"{', '.join(hours.hourly)}: no hour with valid PM2.5 and O3 in the period")
    if png is not None:
        _draw(found, png)
    for item in found:
        if as_json:
            typer.echo(shell.to_json(item))
        else:
            _show(item, shell.words())


def _show(found: PollutantRelation, words: Words) -> None:
    typer.echo(f"{found.station_id}  {found.start:%Y-%m-%dT%H:%MZ} .. {found.end:%Y-%m-%dT%H:%MZ}  {found.hours} h")
    for item in found.correlations:
        typer.echo(_line(item, words))
    if found.missing:
        typer.echo(words("relation.missing", names=", ".join(found.missing)))


def _line(item: LaggedRelation, words: Words) -> str:
    """The same hour, and the lag with the largest coefficient."""
    name = f"PM2.5 ~ {item.second.upper()}" + (f" | {', '.join(item.given)}" if item.given else "")
    known = [lag for lag in item.lags if lag.r is not None and lag.low is not None]
    if not known:
        return f"{name}: " + words("relation.too_few")
    best = max(known, key=lambda lag: abs(lag.r or 0.0))
    shown = [lag for lag in known if lag.lag == 0 or lag is best]
    return f"{name}: " + "; ".join(
        f"{lag.lag:+d} h r = {lag.r:.2f} ({lag.low:.2f}, {lag.high:.2f}; n = {lag.n})" for lag in shown
    )


def _draw(found: list[PollutantRelation], path: Path) -> None:
    from console.cli.analyse.coanalysis.relation_plot import plot_relation

    check_one_station(item.station_id for item in found)
    write_picture(path, plot_relation(found[0], str(shell.settings().language)))
