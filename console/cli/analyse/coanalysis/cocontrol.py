"""``skyground analyse cocontrol``: which precursor to cut for O3 and PM2.5 together."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli import shell
from console.cli.analyse.hour_option import City, Dataset, DayFrom, DayTo, Files, StationIds, read_station_hours
from console.cli.analyse.picture import write_picture
from console.cli.shell.option import AsJson
from console.cli.shell.row import show

if TYPE_CHECKING:
    from analysis.coanalysis.cocontrol.result import CoControl
    from analysis.run.hour_source import StationHours

_MOST_DAYS = 92


def cocontrol(  # noqa: PLR0917 - typer passes them by name
    files: Files = None,
    dataset: Dataset = None,
    stations: StationIds = None,
    city: City = None,
    day_from: DayFrom = None,
    day_to: DayTo = None,
    pm_weight: Annotated[
        float, typer.Option("--pm-weight", min=0.0, max=100.0, help="of PM2.5 against O3 PM2.5相对O3的权重")
    ] = 1.0,
    seed: Annotated[int, typer.Option(min=0, help="of the ensemble 随机种子")] = 0,
    png: Annotated[Path | None, typer.Option(help="write a picture 绘图文件")] = None,
    is_stored: Annotated[bool, typer.Option("--store", help="store the list as a document 存储结果")] = False,
    as_json: AsJson = False,
) -> None:
    """Rank precursors by their part in O3 and secondary PM2.5 at once, with intervals. 协同减排前体物排序。"""
    found = read_station_hours(files, dataset, stations=stations, city=city, days=(day_from, day_to))
    place = city or ", ".join(found.hourly)
    if (days := (found.end - found.start).days) > _MOST_DAYS:
        shell.stop(f"{days} days, expected a season ({_MOST_DAYS} days) at most: name it with --day-from and --day-to")
    if is_stored and (files or not (city or (stations and len(stations) == 1))):
        shell.stop("--store needs --city, or one --station, and takes no files")
    ranked = _ranked(found, seed, pm_weight)
    if is_stored:
        from analysis.run.cocontrol import store_list

        shell.or_exit(lambda: store_list(shell.settings(), place, ranked.first_day, ranked))
    if png is not None:
        _draw(ranked, place, png)
    _show(ranked, place, as_json=as_json)


def _ranked(found: StationHours, seed: int, pm_weight: float) -> CoControl:
    from analysis.coanalysis.cocontrol.model_input import CoControlError
    from analysis.run.cocontrol import rank_hours

    shown = [0]

    def progress(part: float) -> None:
        percent = int(100 * part)
        if sys.stderr.isatty() and percent > shown[0]:
            shown[0] = percent
            sys.stderr.write(f"\r{percent} %")
            sys.stderr.flush()

    ranked = shell.or_exit(lambda: rank_hours(found, seed=seed, pm_weight=pm_weight, progress=progress), CoControlError)
    if sys.stderr.isatty():
        sys.stderr.write("\n")
    return ranked


def _draw(found: CoControl, place: str, path: Path) -> None:
    from analysis.report.cut_list import draw_cut_list
    from schemas.words import words

    write_picture(path, draw_cut_list(found, place, words(shell.settings().language, "cocontrol")))


def _show(found: CoControl, place: str, *, as_json: bool) -> None:
    from analysis.report.cut_list import cut_list_table, cut_list_text
    from analysis.run.to_json import to_json
    from schemas.words import words

    if as_json:
        built: dict[str, Any] = {"place": place, **to_json(found)}
        typer.echo(json.dumps(built, ensure_ascii=False, allow_nan=False))
        return
    said = words(shell.settings().language, "cocontrol")
    for line in cut_list_text(found, said):
        typer.echo(line)
    show(cut_list_table(found.lists[0], said), as_json=False)
