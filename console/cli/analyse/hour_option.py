"""Options that name hours: of the store, or of files of a known layout; ends the command where there are none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli import shell
from console.cli.shell.moment import day as read_day
from schemas.interval import civil_days, midnight

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from analysis.run.hour_source import StationHours

Files = Annotated[
    list[Path] | None,
    typer.Argument(metavar="[FILE...]", help="files or folders of a data set; none: stored hours 数据文件"),
]
Dataset = Annotated[
    str | None,
    typer.Option(
        "--dataset",
        help="layout of the files: beijing, supersite, st_louis, export (CSV of skyground export) 数据集格式",
    ),
]
StationIds = Annotated[list[str] | None, typer.Option("--station", help="id, may be repeated; none: all 站点")]
City = Annotated[str | None, typer.Option("--city", help="code of a city: its stations 城市代码")]
DayFrom = Annotated[str | None, typer.Option("--day-from", help="first civil day, as 2026-11-01 起始日")]
DayTo = Annotated[str | None, typer.Option("--day-to", help="last civil day, included 截止日")]


def read_station_hours(
    files: list[Path] | None,
    dataset: str | None,
    *,
    stations: list[str] | None = None,
    city: str | None = None,
    days: tuple[str | None, str | None] = (None, None),
    default_days: int = 31,
    with_year_before: bool = False,
) -> StationHours:
    """Hours that the options name, cut to whole civil days.

    Parameters
    ----------
    files : list of Path or None
        With them ``dataset`` is needed.
    dataset : str or None
    stations : list of str or None
    city : str or None
    days : tuple
        First and last civil day, both included. None: of files all; of stored hours ``default_days`` up to today.
    default_days : int
        [d]
    with_year_before : bool
        Whether the same days a year before are read too, where there are any; start and end stay those of the days asked for.
    """
    from analysis.run.hour_source import LAYOUTS, NoHoursError, hours_of_files, joined_with_year_before, stored_hours
    from sensors.datasets import DatasetError

    first, last = read_day(days[0], "--day-from"), read_day(days[1], "--day-to")
    if first and last and last < first:
        msg = shell.text("hours.order", first=str(first), last=str(last))
        raise typer.BadParameter(msg, param_hint="--day-to")
    if files:
        if dataset is None or dataset not in LAYOUTS:
            msg = shell.text("hours.dataset", known=", ".join(LAYOUTS), given=dataset or "-")
            raise typer.BadParameter(msg, param_hint="--dataset")
        found = shell.or_exit(lambda: hours_of_files(files, dataset), DatasetError)
        name_left_out(found.out_of_range)
        found = _of_city(found, city) if city else found
        return _cut(found, stations, (first, last), with_year_before=with_year_before)
    if dataset is not None:
        raise typer.BadParameter(shell.text("hours.without_file"), param_hint="--dataset")
    settings = shell.settings()
    now = datetime.now(UTC)
    last = last or now.astimezone(settings.stations.timezone).date()
    first = first or last - timedelta(days=default_days - 1)
    span = civil_days(first, last, settings.stations.timezone)
    if span.start >= now:
        raise typer.BadParameter(shell.text("hours.not_begun", first=str(first)), param_hint="--day-from")
    found = shell.or_exit(
        lambda: stored_hours(settings, span.start, min(span.end, now), stations=stations or (), city=city), NoHoursError
    )
    if not with_year_before:
        return found
    return shell.or_exit(lambda: joined_with_year_before(settings, found, first, last))


def name_left_out(out_of_range: Mapping[str, int]) -> None:
    """Name the values of files that are left out, on standard error."""
    if out_of_range:
        counts = ", ".join(f"{name} {count}" for name, count in out_of_range.items())
        typer.echo(shell.text("hours.out_of_range", counts=counts), err=True)


def _of_city(found: StationHours, city: str) -> StationHours:
    from dataclasses import replace

    of_city = found.by_city().get(city, ())
    if not of_city:
        shell.stop(shell.text("hours.no_city", city=city, known=", ".join(found.by_city()) or "-"))
    return replace(found, hourly={name: found.hourly[name] for name in of_city})


def _cut(
    found: StationHours,
    stations: list[str] | None,
    days: tuple[date | None, date | None],
    *,
    with_year_before: bool,
) -> StationHours:
    """The stations and days asked for."""
    from dataclasses import replace

    first, last = days
    for name in stations or ():
        if name not in found.hourly:
            shell.stop(shell.text("hours.no_station", station=name, known=", ".join(found.hourly)))
    start = midnight(first, found.zone) if first else found.start
    end = midnight(last + timedelta(days=1), found.zone) if last else found.end
    hourly = {
        name: frame[frame.index < end] if with_year_before else frame[(frame.index >= start) & (frame.index < end)]
        for name, frame in found.hourly.items()
        if (not stations or name in stations) and ((frame.index >= start) & (frame.index < end)).any()
    }
    if not hourly:
        shell.stop(shell.text("hours.none", first=str(first or "-"), last=str(last or "-")))
    return replace(found, hourly=hourly, stations={name: found.stations[name] for name in hourly}, start=start, end=end)
