"""``skyground analyse deweather``: a parameter with the usual weather of each season, and its trend before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from console.cli import shell
from console.cli.analyse.hour_option import City, Dataset, DayFrom, DayTo, Files, StationIds, read_station_hours
from console.cli.analyse.picture import PlacePicture, write_picture
from console.cli.shell.option import AsJson, check_one_of
from console.cli.shell.row import or_dash, plain, show

if TYPE_CHECKING:
    from analysis.forecast.deweather.summary import Deweathered, NormalisedPlace
    from analysis.run.hour_source import StationHours
    from schemas.words import Words

PARAMETERS = ("no2", "pm25", "pm10", "o3", "so2", "co")
_DAYS = 4 * 366


def deweather(  # noqa: PLR0917 - typer passes them by name
    files: Files = None,
    dataset: Dataset = None,
    station: StationIds = None,
    city: City = None,
    day_from: DayFrom = None,
    day_to: DayTo = None,
    parameter: Annotated[str, typer.Option("--parameter", help=f"{', '.join(PARAMETERS)}; of o3 MDA8 参数")] = "no2",
    png: PlacePicture = None,
    is_stored: Annotated[bool, typer.Option("--store", help="store the result as a document 存储结果")] = False,
    as_json: AsJson = False,
) -> None:
    """Take the weather out of daily means: months and trend before and after. 气象归一化：月均值与趋势。"""
    check_one_of(parameter, PARAMETERS, "--parameter")
    if is_stored and (files or not (city or (station and len(station) == 1))):
        shell.stop(shell.text("deweather.store_one"))
    hours = read_station_hours(files, dataset, stations=station, city=city, days=(day_from, day_to), default_days=_DAYS)
    found = _computed(hours, parameter)
    if is_stored:
        from analysis.run.coanalysis.deweather import store_deweathered

        place = city or next(iter(hours.hourly))
        shell.or_exit(lambda: store_deweathered(shell.settings(), place, found))
    if png is not None:
        from console.cli.analyse.forecast.deweather_plot import plot_deweather

        language = str(shell.settings().language)
        names = {name: hours.place_name(name, language) for name in hours.hourly}
        write_picture(png, plot_deweather(found, language, names))
    if as_json:
        typer.echo(shell.to_json(found))
    else:
        _show(found, shell.words())


def _computed(hours: StationHours, parameter: str) -> Deweathered:
    from analysis.forecast.deweather.summary import DeweatherError
    from analysis.run.coanalysis.deweather import deweather_hours
    from console.cli.shell.progress import progress_line

    with progress_line("progress.percent") as progress:
        return shell.or_exit(
            lambda: deweather_hours(hours, parameter, progress=lambda part: progress(int(100 * part))), DeweatherError
        )


def _show(found: Deweathered, words: Words) -> None:
    typer.echo(
        words(
            "deweather.head", parameter=found.parameter, unit=found.unit, first=f"{found.first}", last=f"{found.last}", r2=or_dash(found.r2),
            plain=or_dash(found.plain_r2), n=found.n, folds=found.folds,
        )
    )  # fmt: skip
    if found.is_usable is False:
        from analysis.forecast.deweather.model import LEAST_R2

        typer.echo(words("deweather.not_usable", r2=or_dash(found.r2), least=LEAST_R2))
    missing = [name for name, share in found.weather.items() if not share]
    if missing:
        typer.echo(words("deweather.missing", names=", ".join(missing)))
    if found.left_out:
        typer.echo(words("deweather.left_out", names=", ".join(found.left_out)))
    show([_row(item) for item in found.places], as_json=False)
    typer.echo(words("deweather.months", place=found.places[0].place))
    show([plain(item) for item in found.places[0].months], as_json=False)


def _row(item: NormalisedPlace) -> dict[str, object]:
    """Trend of a place before and after."""
    row: dict[str, object] = {"place": item.place, "valid_days": item.valid_days, "months": item.before.months}
    for name, part in (("before", item.before), ("after", item.after)):
        row |= {name: part.slope, f"{name}_low": part.low, f"{name}_high": part.high, f"{name}_percent": part.percent}
    return row | {"reason": item.before.reason}
