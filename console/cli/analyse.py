"""``skyground analyse``: indices, joint exceedance, attribution, forecast and its back-test, factorisation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.analyse_backtest import backtest
from console.cli.analyse_case import attribution, case
from console.cli.analyse_model import split
from console.cli.analyse_pmf import pmf
from console.cli.shell import or_exit
from console.cli.shell.moment import Moment, past
from console.cli.shell.moment import day as read_day
from console.cli.shell.option import AsJson
from console.cli.shell.row import plain, show

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from analysis.statistics.aqi import Report
    from store.settings import SharedSettings

Day = Annotated[str | None, typer.Option(help="civil day of the network's zone, as 2026-11-22 网络时区的自然日")]


def register(app: typer.Typer) -> None:
    """Add the command group."""
    from console.cli.analyse_plume import plume
    from console.cli.receptor import receptor, trajectory

    group = typer.Typer(
        no_args_is_help=True, help="Indices, co-analysis, attribution, forecast. 指数、协同分析、溯源与预报。"
    )
    for function in (aqi, coanalysis, case, attribution, receptor, trajectory, forecast, backtest, pmf, plume, split):
        group.command(function.__name__)(function)
    app.add_typer(group, name="analyse")


def aqi(
    values: Annotated[list[str], typer.Argument(help="PM2.5:24h=81 O3:8h=172 ... ug/m3, CO mg/m3")],
    day: Day = None,
    real_time: Annotated[bool, typer.Option("--real-time", help="hourly report 实时报")] = False,
    as_json: AsJson = False,
) -> None:
    """Compute the AQI of given concentrations by the edition in force. 按当日有效标准由浓度计算AQI。"""
    from analysis.statistics.aqi import Report
    from analysis.statistics.aqi import aqi as compute
    from analysis.statistics.limit import AnalysisError

    report = Report.REAL_TIME if real_time else Report.DAILY
    moment = read_day(day, "--day") or datetime.now(UTC).date()
    try:
        result = compute(_given(values, report, moment), moment, report=report)
    except AnalysisError as error:
        raise typer.BadParameter(str(error)) from error
    line = {
        "day": f"{moment}", "edition": str(result.edition), "report": str(report), "aqi": result.aqi, "computed": result.computed,
        "level": result.level.level if result.level else None, "name_zh": result.name_zh, "name_en": result.name_en,
        "colour": result.colour, "primary": list(result.primary), "complete": result.complete,
        "missing": list(map(str, result.missing)), "iaqi": {str(item): index for item, index in result.iaqis.items()},
    }  # fmt: skip
    show([line], as_json=as_json)


def coanalysis(day_from: Day = None, day_to: Day = None, as_json: AsJson = False) -> None:
    """Compute and store AQI, joint exceedance and OFP of civil days. 计算并存储AQI、协同超标与臭氧生成潜势。"""
    from analysis.run.coanalysis import coanalyse

    settings, now = _settings(), datetime.now(UTC)
    today = now.astimezone(settings.stations.timezone).date()
    first = read_day(day_from, "--day-from") or today - timedelta(days=1)
    last = read_day(day_to, "--day-to") or max(first, today)
    if last < first:
        msg = f"{last} is before --day-from {first}"
        raise typer.BadParameter(msg, param_hint="--day-to")
    if first > today:
        msg = f"{first} has not come, expected a day up to today, {today}"
        raise typer.BadParameter(msg, param_hint="--day-from")
    last = min(last, today)
    show([plain(or_exit(lambda: coanalyse(settings, first, last, now)))], as_json=as_json)


def forecast(now: Moment = None, as_json: AsJson = False) -> None:
    """Forecast the next 24 h of every station and store it. 预报各站未来24小时并存储。"""
    from analysis.run.forecast import forecast as run

    settings = _settings()
    moment = past(now, settings.stations.timezone)
    show([plain(or_exit(lambda: run(settings, moment)))], as_json=as_json)


def _given(texts: Sequence[str], report: Report, day: date) -> dict[tuple[str, str], str]:
    """Concentrations by item; ends the command for one that is given twice, or that the report does not use."""
    from analysis.statistics.aqi import items_of
    from analysis.statistics.limit import edition_on, pollutant_name

    edition = edition_on(day)
    used = {(item.pollutant, str(item.averaging)): item for item in items_of(report, edition)}
    found: dict[tuple[str, str], str] = {}
    for text in texts:
        (name, averaging), value = _item(text)
        key = (pollutant_name(name), "8h" if averaging == "MDA8" else averaging)
        if key in found:
            msg = f"{text!r}: {' '.join(key)} is given twice"
            raise typer.BadParameter(msg)
        if key not in used:
            msg = f"{text!r}: the {report} report of {edition} uses {', '.join(map(str, used.values()))}"
            raise typer.BadParameter(msg)
        found[key] = value
    return found


def _item(text: str) -> tuple[tuple[str, str], str]:
    name, _, value = text.partition("=")
    pollutant, colon, averaging = name.partition(":")
    if not value or not colon:
        msg = f"{text!r}: expected POLLUTANT:AVERAGING=CONCENTRATION, for example PM2.5:24h=81"
        raise typer.BadParameter(msg)
    if averaging not in {"1h", "8h", "24h", "MDA8"}:
        msg = f"{text!r}: averaging is 1h, 8h, MDA8 or 24h"
        raise typer.BadParameter(msg)
    return (pollutant, averaging), value


def _settings() -> SharedSettings:
    from store.settings import SharedSettings, load_settings

    return load_settings(SharedSettings)
