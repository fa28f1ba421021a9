"""``skyground analyse relation``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli import shell
from console.cli.analyse.hour_option import City, Dataset, DayFrom, DayTo, Files, StationIds, read_station_hours
from console.cli.analyse.picture import StationPicture, check_one_station, write_picture
from console.cli.shell.option import AsJson
from console.cli.shell.row import or_dash

if TYPE_CHECKING:
    from analysis.coanalysis.daily_relation import DeweatheredRelation
    from analysis.coanalysis.relation import LaggedRelation, PollutantRelation
    from analysis.run.hour_source import StationHours
    from analysis.statistics.block_correlation import BlockCorrelation
    from schemas.words import Words


def relation(  # noqa: PLR0917 - typer passes them by name
    files: Files = None,
    dataset: Dataset = None,
    station: StationIds = None,
    city: City = None,
    day_from: DayFrom = None,
    day_to: DayTo = None,
    is_deweathered: Annotated[
        bool,
        typer.Option("--deweather", help="daily values with the weather taken out too; a minute or two 气象归一化后"),
    ] = False,
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
    if is_deweathered:
        found = _without_weather(hours, found)
    if png is not None:
        _draw(hours, found, png)
    for item in found:
        if as_json:
            typer.echo(shell.to_json(item))
        else:
            _show(item, shell.words())


def _without_weather(hours: StationHours, found: list[PollutantRelation]) -> list[PollutantRelation]:
    import msgspec

    from analysis.forecast.deweather.summary import DeweatherError
    from analysis.run.coanalysis.deweather import relations_without_weather
    from console.cli.shell.progress import progress_line

    with progress_line("progress.percent") as progress:
        relations = shell.or_exit(
            lambda: relations_without_weather(hours, progress=lambda part: progress(int(100 * part))), DeweatherError
        )
    return [msgspec.structs.replace(item, deweathered=relations.get(item.station_id)) for item in found]


def _show(found: PollutantRelation, words: Words) -> None:
    typer.echo(f"{found.station_id}  {found.start:%Y-%m-%dT%H:%MZ} .. {found.end:%Y-%m-%dT%H:%MZ}  {found.hours} h")
    for item in found.correlations:
        typer.echo(_line(item, words))
    if found.deweathered is not None:
        _show_daily(found.deweathered, words)
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


def _show_daily(found: DeweatheredRelation, words: Words) -> None:
    typer.echo(words("relation.daily", days=found.days, pm25=or_dash(found.r2_pm25), o3=or_dash(found.r2_o3)))
    if found.is_usable is False:
        from analysis.forecast.deweather.model import LEAST_R2

        typer.echo("  " + words("relation.not_usable", least=LEAST_R2))
    for part in found.parts:
        cells = [
            f"{words(f'relation.{name}')} {_at_zero(getattr(part, name), words)}"
            for name in ("plain", "partial", "deweathered", "deweathered_partial")
            if getattr(part, name)
        ]
        typer.echo(f"  {part.season}: " + "; ".join(cells))
        if part.meaning is not None and found.is_usable is not False:
            typer.echo("    " + words(f"relation.meaning.{part.meaning}"))


def _at_zero(found: tuple[BlockCorrelation, ...], words: Words) -> str:
    item = next(one for one in found if one.lag == 0)
    if item.r is None or item.low is None:
        return words("relation.too_few")
    return f"r = {item.r:.2f} ({item.low:.2f}, {item.high:.2f}; n = {item.n})"


def _draw(hours: StationHours, found: list[PollutantRelation], path: Path) -> None:
    from console.cli.analyse.coanalysis.relation_plot import plot_relation

    check_one_station(item.station_id for item in found)
    language = str(shell.settings().language)
    write_picture(path, plot_relation(found[0], hours.place_name(found[0].station_id, language), language))
