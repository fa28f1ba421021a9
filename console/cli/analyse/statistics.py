"""``skyground analyse statistics``, ``trend`` and ``variation``: the statistics of places by the book."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli import shell
from console.cli.analyse.hour_option import City, Dataset, DayFrom, DayTo, Files, StationIds, read_station_hours
from console.cli.shell.option import AsJson
from console.cli.shell.row import show

if TYPE_CHECKING:
    from datetime import date

    import pandas as pd

    from analysis.run.assessment import PlaceDays
    from analysis.run.hour_source import StationHours
    from analysis.statistics.assessment import Assessment

_YEAR_DAYS = 366
Parameter = Annotated[str, typer.Option("--parameter", help="code of a parameter 参数")]
Png = Annotated[Path | None, typer.Option("--png", help="write a picture, of one place 绘图文件")]


def statistics(  # noqa: PLR0917 - typer passes them by name
    files: Files = None,
    dataset: Dataset = None,
    station: StationIds = None,
    city: City = None,
    day_from: DayFrom = None,
    day_to: DayTo = None,
    by: Annotated[str, typer.Option("--by", help="month, year or all 按月、年或整段")] = "all",
    of: Annotated[str, typer.Option("--of", help="station, city or all 评价对象")] = "city",
    png: Png = None,
    as_json: AsJson = False,
) -> None:
    """Assess stations, cities or all of them by month, year or span, and against the year before. 按标准统计与评价空气质量。"""
    from analysis.run.assessment import assessments, earlier_year, place_days
    from analysis.statistics.assessment import changes, ranking

    _one_of(by, ("month", "year", "all"), "--by")
    _one_of(of, ("station", "city", "all"), "--of")
    hours = read_station_hours(files, dataset, stations=station, city=city, days=(day_from, day_to))
    days = place_days(hours)
    kind = of if days.of(of) else "station"
    first, last = _span(hours)
    found = assessments(days, kind, by, first, last)
    ranks = {
        (item.place, item.first): rank for group in _by_span(found) if len(group) > 1 for rank, item in ranking(group)
    }
    if png is not None:
        _draw_calendar(days, kind, first, last, png)
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


def trend(  # noqa: PLR0917
    files: Files = None,
    dataset: Dataset = None,
    station: StationIds = None,
    city: City = None,
    day_from: DayFrom = None,
    day_to: DayTo = None,
    parameter: Parameter = "pm25",
    of: Annotated[str, typer.Option("--of", help="station, city or all 评价对象")] = "city",
    png: Png = None,
    as_json: AsJson = False,
) -> None:
    """Estimate the trend of monthly means (of O3: of MDA8) without their season. 去季节后的月均值趋势。"""
    from analysis.run.assessment import place_days
    from analysis.run.to_json import to_json
    from analysis.statistics.trend import trend as compute

    _one_of(of, ("station", "city", "all"), "--of")
    hours = read_station_hours(
        files, dataset, stations=station, city=city, days=(day_from, day_to), default_days=5 * _YEAR_DAYS
    )
    days = place_days(hours)
    monthly = {
        name: monthly_means(table, parameter, days) for name, table in (days.of(of) or days.of("station")).items()
    }
    results = {name: compute(series) for name, series in monthly.items() if series.notna().any()}
    if not results:
        shell.stop(f"--parameter {parameter}: no valid month of {', '.join(monthly)}")
    if png is not None:
        from console.cli.analyse.statistics_plot import plot_trend

        _write(png, plot_trend(monthly, results, parameter, str(shell.settings().language)))
    show([{"place": name, "parameter": parameter} | to_json(item) for name, item in results.items()], as_json=as_json)


def variation(  # noqa: PLR0917
    files: Files = None,
    dataset: Dataset = None,
    station: StationIds = None,
    city: City = None,
    day_from: DayFrom = None,
    day_to: DayTo = None,
    parameter: Parameter = "pm25",
    cycle: Annotated[str, typer.Option("--cycle", help="hour, weekday, month, hour_of_week 周期")] = "hour",
    png: Png = None,
    as_json: AsJson = False,
) -> None:
    """Show the variation by hour, weekday, month or hour of the week, with intervals. 按时、星期、月的变化及区间。"""
    from analysis.run.to_json import to_json
    from analysis.statistics.variation import Cycle
    from analysis.statistics.variation import variation as compute

    _one_of(cycle, tuple(Cycle), "--cycle")
    hours = read_station_hours(
        files, dataset, stations=station, city=city, days=(day_from, day_to), default_days=_YEAR_DAYS
    )
    values = _hourly_mean(hours, parameter)
    if not values.notna().any():
        shell.stop(f"--parameter {parameter}: no valid hour of {', '.join(hours.hourly)}")
    if png is not None:
        from console.cli.analyse.statistics_plot import plot_variation

        cycles = {item: compute(values, hours.zone, item) for item in Cycle}
        _write(png, plot_variation(cycles, parameter, str(shell.settings().language)))
    rows = compute(values, hours.zone, Cycle(cycle))
    show([{"cycle": cycle, "parameter": parameter} | to_json(item) for item in rows], as_json=as_json)


def monthly_means(table: pd.DataFrame, parameter: str, days: PlaceDays) -> pd.Series:
    """Means of the valid days of each month by `pandas.Period`; NaN unless the month is valid."""
    import pandas as pd

    from analysis.statistics.assessment import assess, months_of
    from analysis.statistics.daily import civil_date

    column = "o3_mda8" if parameter == "o3" else parameter
    if column not in table or table.empty:
        return pd.Series(dtype=float)
    first, last = (civil_date(start, days.zone) for start in (table.index[0], table.index[-1]))
    found = {}
    for start, end in months_of(first, last):
        item = assess("", table[[column]], days.zone, start, end, period="month").of(column)
        found[pd.Period(f"{start:%Y-%m}", "M")] = item.mean if item.is_valid and item.mean is not None else float("nan")
    return pd.Series(found, dtype=float)


def _hourly_mean(hours: StationHours, parameter: str) -> pd.Series:
    """Mean of the valid stations, hour by hour."""
    import pandas as pd

    from schemas.frames import valid_values

    columns = {name: valid_values(frame, parameter) for name, frame in hours.hourly.items()}
    return pd.DataFrame(columns).mean(axis=1)


def _by_span(found: list[Assessment]) -> list[list[Assessment]]:
    groups: dict[date, list[Assessment]] = {}
    for item in found:
        groups.setdefault(item.first, []).append(item)
    return list(groups.values())


def _span(hours: StationHours) -> tuple[date, date]:
    first = hours.start.astimezone(hours.zone).date()
    return first, max(first, (hours.end - timedelta(seconds=1)).astimezone(hours.zone).date())


def _show(item: Assessment, rank: int | None, percent: dict[str, float | None]) -> None:
    """Head of a place and span, then a row a pollutant."""
    from analysis.statistics.assessment import compared

    index = "-" if item.composite_index is None else f"{item.composite_index:.2f}"
    typer.echo(
        shell.text(
            "statistics.head", place=item.place, first=item.first, last=item.last, editions=", ".join(item.editions),
            good=f"{sum(item.level_days[:2])}/{item.aqi_days}", index=index, rank="-" if rank is None else rank,
            source=item.composite_source, stations=item.stations,
        )
    )  # fmt: skip
    rows: list[dict[str, Any]] = [
        {
            "pollutant": part.pollutant, "unit": part.unit, "mean": part.mean, "percentile": part.percentile, "rank": f"P{part.rank}",
            "compared": compared(part), "limit": part.annual_limit or part.daily_limit, "exceeded": part.exceeded_days,
            "valid_days": part.valid_days, "days": part.days, "valid": part.is_valid, "change_percent": percent.get(part.pollutant),
        }
        for part in item.pollutants
    ]  # fmt: skip
    show(rows, as_json=False)


def _draw_calendar(days: PlaceDays, kind: str, first: date, last: date, path: Path) -> None:
    from console.cli.analyse.statistics_plot import plot_calendar

    tables = days.of(kind)
    if len(tables) > 1:
        shell.stop(f"--png shows one place, name it with --station or --city: {', '.join(tables)}")
    place, table = next(iter(tables.items()))
    if "aqi" not in table or not table["aqi"].notna().any():
        shell.stop(f"--png: no day with an AQI of {place}")
    _write(path, plot_calendar(place, table, days.zone, (first, last), str(shell.settings().language)))


def _write(path: Path, drawn: bytes) -> None:
    try:
        path.write_bytes(drawn)
    except OSError as error:
        shell.stop(f"--png {path}: {error.strerror}")


def _one_of(given: str, known: tuple[str, ...], option: str) -> None:
    if given not in known:
        msg = f"{given!r}: expected one of {', '.join(known)}"
        raise typer.BadParameter(msg, param_hint=option)
