"""``skyground analyse aqi``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.analyse.day_option import Day
from console.cli.shell.moment import day as read_day
from console.cli.shell.option import AsJson
from console.cli.shell.row import show

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from analysis.statistics.aqi import Report


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
