"""``skyground analyse trajectory`` and ``skyground analyse receptor``: where air and high concentrations come from."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli.shell import or_exit
from console.cli.shell.moment import check_order
from console.cli.shell.moment import moment as read_moment
from console.cli.shell.option import AsJson

if TYPE_CHECKING:
    from collections.abc import Iterable

Winds = Annotated[
    list[Path], typer.Option("--winds", help="NetCDF of gridded winds (ERA5, GFS), may be repeated 风场文件")
]
Level = Annotated[float, typer.Option(help="level of the arrival: hPa, or sigma 到达气压层")]
Hours = Annotated[int, typer.Option(min=1, max=240, help="hours back 回溯小时数")]
Lon = Annotated[float | None, typer.Option(min=-180, max=360, help="longitude of the station 经度")]
Lat = Annotated[float | None, typer.Option(min=-90, max=90, help="latitude of the station 纬度")]


def trajectory(  # noqa: PLR0917 - typer passes them by name
    winds: Winds,
    lon: Annotated[float, typer.Option(min=-180, max=360, help="longitude of the arrival 经度")],
    lat: Annotated[float, typer.Option(min=-90, max=90, help="latitude of the arrival 纬度")],
    start: Annotated[
        str, typer.Option(help="first arrival, as 2026-11-22T08:00[+08:00]; without offset UTC 首个到达时刻")
    ],
    end: Annotated[
        str | None, typer.Option(help="end of the arrivals, exclusive; none: one trajectory 到达时段终点")
    ] = None,
    level: Level = 925.0,
    hours: Hours = 48,
    as_json: AsJson = False,
) -> None:
    """Compute hourly back trajectories from gridded winds. 由格点风场计算逐时后向轨迹。"""
    from analysis.run.receptor import back_trajectories, moments, trajectory_rows
    from analysis.run.wind_file import read_winds

    first = _utc(start, "--start")
    last = _utc(end, "--end") if end else first + timedelta(hours=1)
    check_order(first, last, ("--start", "--end"))

    def compute() -> list[dict[str, Any]]:
        import numpy as np

        arrivals = moments(first, last)
        place = np.full(len(arrivals), lon), np.full(len(arrivals), lat)
        return list(trajectory_rows(back_trajectories(read_winds(winds), arrivals, place, level, hours)))

    _show(or_exit(compute), as_json=as_json, hidden=("points",))


def receptor(  # noqa: PLR0917 - typer passes them by name
    file: Annotated[
        Path, typer.Argument(help="CSV: time, the parameter, wind_speed, wind_direction, lon, lat 样本文件")
    ],
    parameter: Annotated[str, typer.Option(help="column of the concentrations 浓度列")],
    winds: Annotated[
        list[Path] | None, typer.Option("--winds", help="NetCDF of gridded winds, for the maps 风场文件")
    ] = None,
    lon: Lon = None,
    lat: Lat = None,
    level: Level = 925.0,
    hours: Hours = 48,
    seed: Annotated[int, typer.Option(min=0, help="seed of the bootstrap 随机种子")] = 1,
    as_json: AsJson = False,
) -> None:
    """Find where high concentrations come from: by wind, and with --winds on a map. 由风和后向轨迹判断高浓度的来向与源区。"""
    rows = or_exit(lambda: list(_receptor(file, parameter, winds or [], _place(lon, lat), (level, hours, seed))))
    _show(rows, as_json=as_json, hidden=("cells", "regression", "cpf"))


def _receptor(
    file: Path, parameter: str, winds: list[Path], place: tuple[float, float] | None, choice: tuple[float, int, int]
) -> Iterable[dict[str, Any]]:
    import pandas as pd

    from analysis.run.receptor import back_trajectories, map_products, places, read_samples, wind_products
    from analysis.run.wind_file import read_winds

    level, hours, seed = choice
    samples = read_samples(file, parameter)
    by_place = samples.groupby(["lon", "lat"]) if {"lon", "lat"} <= set(samples) else [(place, samples)]
    for where, part in by_place:
        found = wind_products(part, parameter, seed=seed)
        peak = (found.get("regression") or {}).get("peak")
        yield {"product": "wind", "parameter": parameter, "place": where, "peak": peak} | found
    if winds:
        start = pd.DatetimeIndex(samples["start"])
        paths = back_trajectories(read_winds(winds), start, places(samples, place), level, hours)
        for row in map_products(paths, samples, parameter, place, seed=seed):
            yield {"product": "map", "parameter": parameter} | row


def _place(lon: float | None, lat: float | None) -> tuple[float, float] | None:
    if (lon is None) != (lat is None):
        msg = "expected --lon and --lat together"
        raise typer.BadParameter(msg, param_hint="--lon")
    return None if lon is None or lat is None else (lon, lat)


def _utc(text: str, option: str) -> datetime:
    from zoneinfo import ZoneInfo

    found = read_moment(text, ZoneInfo("UTC"), option)
    assert found is not None
    return found


def _show(rows: Iterable[dict[str, Any]], *, as_json: bool, hidden: tuple[str, ...]) -> None:
    """JSON lines, or ``key=value`` lines without the long parts."""
    for row in rows:
        if as_json:
            typer.echo(json.dumps(row, ensure_ascii=False))
        else:
            typer.echo("  ".join(f"{name}={_cell(value)}" for name, value in row.items() if name not in hidden))


def _cell(value: object) -> str:
    if isinstance(value, dict):
        return "(" + " ".join(f"{name}={_cell(item)}" for name, item in value.items()) + ")"
    if isinstance(value, float):
        return f"{value:.4g}"
    return "-" if value is None else str(value)
