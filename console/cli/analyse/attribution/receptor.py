"""``skyground analyse trajectory`` and ``skyground analyse receptor``: where air and high concentrations come from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli.analyse.picture import write_picture
from console.cli.shell import or_exit, settings
from console.cli.shell.moment import check_order
from console.cli.shell.moment import moment as read_moment
from console.cli.shell.option import AsJson
from console.cli.shell.progress import progress_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from analysis.receptor.source_map.result import SourceMap
    from analysis.receptor.trajectory.grid import WindGrid
    from analysis.receptor.trajectory.integrator import Trajectories
    from analysis.receptor.wind_regression.result import WindRegression
    from analysis.run.receptor.receptor_analysis import PolarSurface, ReceptorPicture

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
        str,
        typer.Option(
            help="first arrival, within the winds, as 2026-11-22T08:00[+08:00]; without offset UTC 首个到达时刻"
        ),
    ],
    end: Annotated[
        str | None, typer.Option(help="end of the arrivals, exclusive; none: one trajectory 到达时段终点")
    ] = None,
    level: Level = 925.0,
    hours: Hours = 48,
    as_json: AsJson = False,
) -> None:
    """Compute hourly back trajectories from gridded winds. 由格点风场计算逐时后向轨迹。"""
    from analysis.run.receptor.receptor import arrivals, trajectory_rows
    from analysis.run.receptor.wind_file import read_winds

    first = _utc(start, "--start")
    last = _utc(end, "--end") if end else first + timedelta(hours=1)
    check_order(first, last, ("--start", "--end"))

    def compute() -> list[dict[str, Any]]:
        import numpy as np

        grid = read_winds(winds)
        when = arrivals(grid, first, last)
        place = np.full(len(when), lon), np.full(len(when), lat)
        return list(trajectory_rows(_traced(grid, when, place, level, hours)))

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
    png: Annotated[Path | None, typer.Option(help="write a picture 绘图文件")] = None,
    as_json: AsJson = False,
) -> None:
    """Find where high concentrations come from: by wind, and with --winds on a map. 由风和后向轨迹判断高浓度的来向与源区。"""
    choice = _Choice(parameter=parameter, place=_place(lon, lat), level=level, hours=hours, seed=seed)
    rows, picture = or_exit(lambda: _receptor(file, winds or [], choice, is_drawn=png is not None))
    if png is not None and picture is not None:
        _draw(picture, png)
    _show(rows, as_json=as_json, hidden=("cells", "regression", "cpf"))


@dataclass(frozen=True, kw_only=True)
class _Choice:
    """What is asked for of a file of samples."""

    parameter: str
    place: tuple[float, float] | None
    level: float
    hours: int
    seed: int


def _receptor(
    file: Path, winds: list[Path], choice: _Choice, *, is_drawn: bool
) -> tuple[list[dict[str, Any]], ReceptorPicture | None]:
    """Products as plain JSON, and what a picture shows of them."""
    from analysis.run.receptor.receptor import map_json, read_samples
    from analysis.run.receptor.receptor_analysis import ReceptorPicture

    samples = read_samples(file, choice.parameter)
    rows, panels = [], []
    for where, part in _by_place(samples, choice.place):
        row, panel = _of_wind(part, where, choice, is_drawn=is_drawn)
        rows.append(row)
        panels += panel
    maps, station = _of_winds(samples, winds, choice)
    rows += [{"product": "map", "parameter": choice.parameter} | map_json(item) for item in maps]
    picture = ReceptorPicture(parameter=choice.parameter, winds=tuple(panels), maps=tuple(maps), station=station)
    return rows, picture if panels or maps else None


def _by_place(
    samples: pd.DataFrame, place: tuple[float, float] | None
) -> list[tuple[tuple[float, float] | None, pd.DataFrame]]:
    """Samples of each place: those of the file, else all at the given one."""
    if not {"lon", "lat"} <= set(samples):
        return [(place, samples)]
    groups = samples.groupby(["lon", "lat"])
    return [((float(part["lon"].iloc[0]), float(part["lat"].iloc[0])), part) for _, part in groups]


def _of_wind(
    part: pd.DataFrame, where: tuple[float, float] | None, choice: _Choice, *, is_drawn: bool
) -> tuple[dict[str, Any], list[tuple[str, WindRegression, PolarSurface]]]:
    """Products by wind of one place."""
    from analysis.run.receptor.receptor import wind_products
    from analysis.run.receptor.receptor_analysis import analyse_wind, has_wind, polar_surface

    parameter, seed = choice.parameter, choice.seed
    found = analyse_wind(part, parameter, seed=seed) if has_wind(part) else None
    products = wind_products(found)
    peak = (products.get("regression") or {}).get("peak")
    counts = {"samples": len(part), "valid": int(part[parameter].notna().sum())}
    row = {"product": "wind", "parameter": parameter, "place": where, "peak": peak} | counts | products
    if found is None or not is_drawn:
        return row, []
    name = "" if where is None else f"{where[0]:.2f}°, {where[1]:.2f}°"
    return row, [(name, found.regression, polar_surface(part, parameter, seed=seed))]


def _of_winds(
    samples: pd.DataFrame, winds: list[Path], choice: _Choice
) -> tuple[list[SourceMap], tuple[NDArray[np.float64], NDArray[np.float64]] | None]:
    """Maps, and the places of the samples."""
    if not winds:
        return [], None
    import pandas as pd

    from analysis.run.receptor.receptor import places, source_maps
    from analysis.run.receptor.wind_file import read_winds

    station = places(samples, choice.place)
    start = pd.DatetimeIndex(samples["start"])
    paths = _traced(read_winds(winds), start, station, choice.level, choice.hours)
    return list(source_maps(paths, samples, choice.parameter, choice.place, seed=choice.seed)), station


def _traced(
    grid: WindGrid,
    start: pd.DatetimeIndex,
    place: tuple[NDArray[np.float64], NDArray[np.float64]],
    level: float,
    hours: int,
) -> Trajectories:
    """Back trajectories, with a progress line where they take long."""
    from analysis.run.receptor.receptor import back_trajectories

    with progress_line("progress.hours_back", hours) as progress:
        return back_trajectories(grid, start, place, level, hours, progress=progress)


def _draw(picture: ReceptorPicture, path: Path) -> None:
    from console.cli.analyse.attribution.receptor_plot import plot_receptor

    write_picture(path, plot_receptor(picture, str(settings().language)))


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
