"""``skyground analyse weather``: what a numerical weather forecast holds for the stations, and what of it is refused."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli import shell
from console.cli.shell.moment import Moment
from console.cli.shell.moment import moment as read_moment
from console.cli.shell.option import AsJson

if TYPE_CHECKING:
    from analysis.run.forecast.weather_forecast import WeatherChoice
    from sensors.weather_forecast import WeatherForecast


def weather(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FILE...",
            help="NetCDF or CSV; none: the folder SKYGROUND_WEATHER_FORECAST 预报文件，默认取设置的目录",
        ),
    ] = None,
    now: Moment = None,
    as_json: AsJson = False,
) -> None:
    """Show the run that a forecast would use, its hours and what is missing; store nothing. 查看数值气象预报，不存储。"""
    from analysis.run.forecast.weather_forecast import weather_forecast, weather_of_files

    settings = shell.settings()
    network = settings.stations
    at = read_moment(now, network.timezone, "--now") or shell.now()
    if not files and settings.weather_forecast is None:
        shell.stop("no file is given, and SKYGROUND_WEATHER_FORECAST names no folder")
    found = (
        weather_of_files(files, network, at, most_h=settings.weather_forecast_max_age_h)
        if files
        else weather_forecast(settings, network, at)
    )
    if as_json:
        typer.echo(shell.to_json(_plain(found)))
    else:
        _show(found)
    if found.weather is None:
        raise typer.Exit(1)


def _show(found: WeatherChoice) -> None:
    from schemas.words import render

    words = shell.words()
    if found.weather is not None:
        moments = {name: f"{getattr(found.weather, name):%Y-%m-%dT%H:%MZ}" for name in ("reference_at", "start", "end")}
        parameters = ", ".join(_parameters(found.weather))
        typer.echo(words("weather.run", **moments, stations=len(found.weather.hourly), parameters=parameters))
        if len(found.weather.steps) > 1:
            steps = ", ".join(f"{item.step_h} h ({item.start:%Y-%m-%dT%H:%MZ})" for item in found.weather.steps)
            typer.echo(words("weather.steps", steps=steps))
        for key, names in (("missing", found.weather.missing), ("unused", found.weather.unused)):
            if names:
                typer.echo(words(f"weather.{key}", names=", ".join(names)))
    for reason in found.refused:
        typer.echo(words("weather.refused", reason=render(reason, words.language)), err=True)


def _parameters(weather: WeatherForecast) -> list[str]:
    return list(dict.fromkeys(str(name) for frame in weather.hourly.values() for name in frame.columns))


def _plain(found: WeatherChoice) -> dict[str, Any]:
    from schemas.reason import encode_reason, reason_data
    from schemas.words import render

    weather = found.weather
    refused = [
        {"reason": reason_data(encode_reason(item)), "zh": render(item, "zh"), "en": render(item, "en")}
        for item in found.refused
    ]
    if weather is None:
        return {"reference_at": None, "refused": refused}
    return {
        "reference_at": weather.reference_at,
        "start": weather.start,
        "end": weather.end,
        "steps": [{"start": item.start, "step_h": item.step_h} for item in weather.steps],
        "hours": int((weather.end - weather.start).total_seconds() // 3600),
        "files": weather.files,
        "stations": sorted(weather.hourly),
        "parameters": _parameters(weather),
        "missing": weather.missing,
        "unused": weather.unused,
        "refused": refused,
    }
