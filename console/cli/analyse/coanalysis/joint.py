"""``skyground analyse joint``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from console.cli import shell
from console.cli.analyse.hour_option import City, Dataset, DayFrom, DayTo, Files, StationIds, read_station_hours
from console.cli.analyse.picture import StationPicture, check_one_station, write_picture
from console.cli.shell.option import AsJson

if TYPE_CHECKING:
    from analysis.coanalysis.day_class import ClassCount
    from analysis.coanalysis.joint_summary import JointSummary
    from analysis.run.hour_source import StationHours
    from schemas.words import Words


def joint(  # noqa: PLR0917 - typer passes them by name
    files: Files = None,
    dataset: Dataset = None,
    station: StationIds = None,
    city: City = None,
    day_from: DayFrom = None,
    day_to: DayTo = None,
    png: StationPicture = None,
    as_json: AsJson = False,
) -> None:
    """Class days and hours by exceedance of PM2.5 and O3, with joint episodes. PM2.5与O3协同污染分类与过程。"""
    from analysis.coanalysis.joint_summary import joint_summary
    from schemas.interval import Interval

    hours = read_station_hours(files, dataset, stations=station, city=city, days=(day_from, day_to))
    period = Interval(hours.start, hours.end)
    found = [joint_summary(name, frame, period, hours.zone) for name, frame in hours.hourly.items()]
    if not any(item.days.valid or item.hours.valid for item in found):
        shell.stop(f"{', '.join(hours.hourly)}: no day and no hour with valid PM2.5 and O3 in the period")
    if png is not None:
        _draw(hours, found, png)
    for item in found:
        if as_json:
            typer.echo(shell.to_json(item))
        else:
            _show(item, shell.words())


def _show(found: JointSummary, words: Words) -> None:
    typer.echo(f"{found.station_id}  {found.start:%Y-%m-%dT%H:%MZ} .. {found.end:%Y-%m-%dT%H:%MZ}")
    for limits in found.limits:
        typer.echo(words("joint.limits", since=f"{limits.since}", pm25=limits.pm25, o3=limits.o3_mda8))
    typer.echo(words("joint.head"))
    for part in (found.days, *found.by_season, *found.by_month):
        typer.echo(_row(part))
    typer.echo(words("joint.head_hours"))
    for part in (found.hours, *found.by_hour):
        typer.echo(_row(part))
    for item in found.episodes:
        typer.echo(
            words("joint.episode", first=f"{item.first}", last=f"{item.last}", days=item.days, pm25=item.pm25_peak, o3=item.o3_peak)
        )  # fmt: skip
        for weather in item.weather:
            typer.echo(f"  {weather.parameter} {weather.mean:.1f} (n={weather.n})")


def _row(part: ClassCount) -> str:
    cells = (part.valid, part.total, part.neither, part.pm25, part.o3, part.both)
    return f"{part.part:<8}" + "".join(f"{number:>8}" for number in cells)


def _draw(hours: StationHours, found: list[JointSummary], path: Path) -> None:
    from console.cli.analyse.coanalysis.joint_plot import plot_joint

    check_one_station(item.station_id for item in found)
    language = str(shell.settings().language)
    write_picture(path, plot_joint(found[0], hours.place_name(found[0].station_id, language), language))
