"""``skyground analyse statistics``, ``trend`` and ``variation``: the statistics of places by the book."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli import shell
from console.cli.analyse.hour_option import City, Dataset, DayFrom, DayTo, Files, StationIds, read_station_hours
from console.cli.analyse.picture import PlacePicture, write_picture
from console.cli.shell.option import AsJson, check_one_of
from console.cli.shell.row import show

if TYPE_CHECKING:
    from datetime import date

    import pandas as pd

    from analysis.run.hour_source import StationHours
    from analysis.statistics.assessment import Assessment, PollutantAssessment

_YEAR_DAYS = 366
Parameter = Annotated[str, typer.Option("--parameter", help="code of a parameter 参数")]


def statistics(  # noqa: PLR0917 - typer passes them by name
    files: Files = None,
    dataset: Dataset = None,
    station: StationIds = None,
    city: City = None,
    day_from: DayFrom = None,
    day_to: DayTo = None,
    by: Annotated[str, typer.Option("--by", help="month, year or all 按月、年或整段")] = "all",
    of: Annotated[str, typer.Option("--of", help="station, city or all 评价对象")] = "city",
    png: PlacePicture = None,
    as_json: AsJson = False,
) -> None:
    """Assess stations, cities or all of them by month, year or span, and against the year before. 按标准统计与评价空气质量。"""
    from analysis.run.coanalysis.assessment import assessments, earlier_year, place_days
    from analysis.statistics.assessment import changes, ranking

    check_one_of(by, ("month", "year", "all"), "--by")
    check_one_of(of, ("station", "city", "all"), "--of")
    hours = read_station_hours(
        files, dataset, stations=station, city=city, days=(day_from, day_to), with_year_before=True
    )
    days = place_days(hours)
    kind = of if days.of(of) else "station"
    first, last = _span(hours)
    found = _known(assessments(days, kind, by, first, last))
    ranks = {
        (item.place, item.first): rank for group in _by_span(found) if len(group) > 1 for rank, item in ranking(group)
    }
    if png is not None:
        _draw_calendar(hours, days.of(kind), (first, last), png)
    for item in found:
        before = earlier_year(days, item)
        compared = changes(item, before) if before else ()
        rank = ranks.get((item.place, item.first))
        if as_json:
            from analysis.run.to_json import to_json

            line = to_json(item) | {"rank": rank, "changes": [to_json(change) for change in compared]}
            typer.echo(json.dumps(line, ensure_ascii=False, allow_nan=False))
        else:
            _show(item, rank, {change.pollutant: change.percent for change in compared})
            for part in item.parts:
                _show(part, None, {})


def trend(  # noqa: PLR0917
    files: Files = None,
    dataset: Dataset = None,
    station: StationIds = None,
    city: City = None,
    day_from: DayFrom = None,
    day_to: DayTo = None,
    parameter: Parameter = "pm25",
    of: Annotated[str, typer.Option("--of", help="station, city or all 评价对象")] = "city",
    png: PlacePicture = None,
    as_json: AsJson = False,
) -> None:
    """Estimate the trend of monthly means (of O3: of MDA8) without their season. 去季节后的月均值趋势。"""
    from analysis.run.coanalysis.assessment import monthly_means, place_days
    from analysis.run.to_json import to_json
    from analysis.statistics.limit import POLLUTANT_OF
    from analysis.statistics.trend import trend as compute

    check_one_of(of, ("station", "city", "all"), "--of")
    check_one_of(parameter, tuple(POLLUTANT_OF), "--parameter")
    hours = read_station_hours(
        files, dataset, stations=station, city=city, days=(day_from, day_to), default_days=5 * _YEAR_DAYS
    )
    days = place_days(hours, is_indexed=False)
    monthly = {
        name: monthly_means(table, parameter, days.zone) for name, table in (days.of(of) or days.of("station")).items()
    }
    results = {name: compute(series) for name, series in monthly.items() if series.notna().any()}
    if not results:
        shell.stop(f"--parameter {parameter}: no valid month of {', '.join(monthly)}")
    if png is not None:
        from console.cli.analyse.coanalysis.statistics_plot import plot_trend

        language = str(shell.settings().language)
        names = {name: _place_name(hours, name, language) for name in results}
        write_picture(png, plot_trend(monthly, results, parameter, names, language))
    show(
        [
            {"place": name, "parameter": parameter, "unit": _unit_of_mean(parameter)}
            | {"first": f"{monthly[name].index[0]}", "last": f"{monthly[name].index[-1]}"}
            | to_json(item)
            for name, item in results.items()
        ],
        as_json=as_json,
    )


def variation(  # noqa: PLR0917
    files: Files = None,
    dataset: Dataset = None,
    station: StationIds = None,
    city: City = None,
    day_from: DayFrom = None,
    day_to: DayTo = None,
    parameter: Parameter = "pm25",
    cycle: Annotated[str, typer.Option("--cycle", help="hour, weekday, month, hour_of_week 周期")] = "hour",
    png: PlacePicture = None,
    as_json: AsJson = False,
) -> None:
    """Show the variation by hour, weekday, month or hour of the week, with intervals. 按时、星期、月的变化及区间。"""
    from analysis.run.to_json import to_json
    from analysis.statistics.hour_mean import mean_of_stations
    from analysis.statistics.variation import Cycle
    from analysis.statistics.variation import variation as compute

    check_one_of(cycle, tuple(Cycle), "--cycle")
    unit = _unit_of_mean(parameter)
    hours = read_station_hours(
        files, dataset, stations=station, city=city, days=(day_from, day_to), default_days=_YEAR_DAYS
    )
    values = mean_of_stations(hours.hourly.values(), [parameter])[parameter]
    if not values.notna().any():
        shell.stop(f"--parameter {parameter}: no valid hour of {', '.join(hours.hourly)}")
    first, last = _span(hours)
    if png is not None:
        from console.cli.analyse.coanalysis.statistics_plot import plot_variation

        language = str(shell.settings().language)
        cycles = {item: compute(values, hours.zone, item) for item in Cycle}
        names = tuple(hours.place_name(name, language) for name in hours.hourly)
        drawn = plot_variation(cycles, parameter, names, f"{first} .. {last}", language)
        write_picture(png, drawn)
    rows = compute(values, hours.zone, Cycle(cycle))
    head = {"cycle": cycle, "parameter": parameter, "unit": unit, "stations": list(hours.hourly)}
    head |= {"first": f"{first}", "last": f"{last}"}
    show([head | to_json(item) for item in rows], as_json=as_json)


def _known(found: list[Assessment]) -> list[Assessment]:
    """Those with a valid day; of others the places and spans are named on standard error."""
    empty = [item for item in found if not item.aqi_days and not any(part.valid_days for part in item.pollutants)]
    if empty:
        spans = ", ".join(f"{item.place} {item.first} .. {item.last}" for item in empty)
        typer.echo(shell.text("statistics.left_out", spans=spans), err=True)
    return [item for item in found if item not in empty]


def _place_name(hours: StationHours, place: str, language: str) -> str:
    from analysis.run.coanalysis.assessment import ALL

    return shell.text("statistics.all") if place == ALL else hours.place_name(place, language)


def _by_span(found: list[Assessment]) -> list[list[Assessment]]:
    groups: dict[date, list[Assessment]] = {}
    for item in found:
        groups.setdefault(item.first, []).append(item)
    return list(groups.values())


def _span(hours: StationHours) -> tuple[date, date]:
    first = hours.start.astimezone(hours.zone).date()
    return first, max(first, (hours.end - timedelta(seconds=1)).astimezone(hours.zone).date())


def _unit_of_mean(code: str) -> str:
    """Unit of a parameter of which a mean over hours can be taken."""
    from schemas.parameter import UnknownParameterError
    from schemas.parameter import parameter as registered
    from schemas.parameter.type import AveragingMethod

    try:
        known = registered(code)
    except UnknownParameterError as error:
        raise typer.BadParameter(str(error), param_hint="--parameter") from error
    if known.averaging is AveragingMethod.VECTOR:
        msg = f"{code} is a direction, which has no mean of this kind"
        raise typer.BadParameter(msg, param_hint="--parameter")
    return known.unit


def _show(item: Assessment, rank: int | None, percent: dict[str, float | None]) -> None:
    """Head of a place and span, then a row a pollutant."""
    from analysis.statistics.assessment import compared

    index = "-" if item.composite_index is None else f"{item.composite_index:.2f}"
    typer.echo(
        shell.text(
            "statistics.head", place=item.place, first=item.first, last=item.last, editions=", ".join(item.editions),
            good=f"{sum(item.level_days[:2])}/{item.aqi_days}", index=index, rank="-" if rank is None else rank,
            source=shell.text(f"statistics.weights.{item.editions[0]}"), stations=item.stations,
        )
    )  # fmt: skip
    rows: list[dict[str, Any]] = [
        {
            "pollutant": part.pollutant, "unit": part.unit, "mean": part.mean, "percentile": part.percentile, "rank": f"P{part.rank}",
            "compared": compared(part), "limit": part.annual_limit or part.daily_limit, "exceeded": part.exceeded_days,
            "valid_days": part.valid_days, "days": part.days, "valid": part.is_valid, "change_percent": percent.get(part.pollutant),
        }
        | _stations_of(item, part)
        for part in item.pollutants
    ]  # fmt: skip
    show(rows, as_json=False)


def _stations_of(item: Assessment, part: PollutantAssessment) -> dict[str, Any]:
    """Fewest places in the mean of a day, of all, and days with few where the rules ask for a share; nothing of a station."""
    if part.fewest_stations is None:
        return {}
    few = {"few_station_days": part.few_station_days} if part.few_station_days else {}
    return {"stations": f"{part.fewest_stations}/{item.stations}"} | few


def _draw_calendar(hours: StationHours, tables: dict[str, pd.DataFrame], span: tuple[date, date], path: Path) -> None:
    from console.cli.analyse.coanalysis.statistics_plot import plot_calendar

    if len(tables) > 1:
        shell.stop(f"--png shows one place, name it with --station or --city: {', '.join(tables)}")
    place, table = next(iter(tables.items()))
    if "aqi" not in table or not table["aqi"].notna().any():
        shell.stop(f"--png: no day with an AQI of {place}")
    language = str(shell.settings().language)
    write_picture(path, plot_calendar(_place_name(hours, place, language), table, hours.zone, span, language))
