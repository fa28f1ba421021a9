"""``skyground analyse cocontrol``: which precursor to cut for O3 and PM2.5 together."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli import shell
from console.cli.analyse.hour_option import Dataset, DayFrom, DayTo, Files, StationIds, read_station_hours
from console.cli.analyse.picture import write_picture
from console.cli.shell.option import AsJson
from console.cli.shell.row import show

if TYPE_CHECKING:
    from analysis.coanalysis.cocontrol.result import CoControl
    from analysis.run.hour_source import StationHours

Cities = Annotated[
    list[str] | None, typer.Option("--city", help="code of a city, may be repeated: a list each 城市代码，可重复")
]


def cocontrol(  # noqa: PLR0917 - typer passes them by name
    files: Files = None,
    dataset: Dataset = None,
    stations: StationIds = None,
    cities: Cities = None,
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
    """Rank precursors by their part in O3 and secondary PM2.5 at once, with intervals: a list a city and season. 协同减排前体物排序。"""
    if is_stored and (files or not (cities or (stations and len(stations) == 1))):
        shell.stop("--store needs --city, or one --station, and takes no files")
    chosen: list[str | None] = [*cities] if cities else [None]
    sources = [
        (city, read_station_hours(files, dataset, stations=stations, city=city, days=(day_from, day_to)))
        for city in chosen
    ]
    places = _places(sources)
    if png is not None and len(places) > 1:
        shell.stop(f"--png draws one list, these are {len(places)}: name one city and a season at most")
    lists = [_list(*item, options=(seed, pm_weight, png), is_stored=is_stored) for item in places]
    for (place, _), ranked in zip(places, lists, strict=True):
        if ranked is not None:
            _show(ranked, place, as_json=as_json, is_headed=len(places) > 1)
    if not any(lists):
        raise typer.Exit(1)


def _places(sources: list[tuple[str | None, StationHours]]) -> list[tuple[str, StationHours]]:
    """Name and hours of each list: a city (or the stations), a season at most."""
    from analysis.run.coanalysis.cocontrol import by_season

    return [(city or ", ".join(found.hourly), part) for city, found in sources for part in by_season(found)]


def _list(
    place: str, hours: StationHours, *, options: tuple[int, float, Path | None], is_stored: bool
) -> CoControl | None:
    """Rank, store and draw one list."""
    seed, pm_weight, png = options
    ranked = _ranked(hours, place, seed, pm_weight)
    if ranked is not None and is_stored:
        _store(place, ranked)
    if ranked is not None and png is not None:
        _draw(ranked, place, png)
    return ranked


def _store(place: str, ranked: CoControl) -> None:
    from analysis.run.coanalysis.cocontrol import store_list

    shell.or_exit(lambda: store_list(shell.settings(), place, ranked.first_day, ranked))


def _ranked(found: StationHours, place: str, seed: int, pm_weight: float) -> CoControl | None:
    """The list; without enough hours the reason is printed."""
    from analysis.coanalysis.cocontrol.model_input import CoControlError
    from analysis.run.coanalysis.cocontrol import rank_hours

    shown = [0]

    def progress(part: float) -> None:
        percent = int(100 * part)
        if sys.stderr.isatty() and percent > shown[0]:
            shown[0] = percent
            sys.stderr.write(f"\r{percent} %")
            sys.stderr.flush()

    try:
        ranked = rank_hours(found, seed=seed, pm_weight=pm_weight, progress=progress)
    except CoControlError as error:
        typer.echo(f"skyground: {place}, {found.start:%Y-%m-%d} to {found.end:%Y-%m-%d}: {error}", err=True)
        return None
    if sys.stderr.isatty():
        sys.stderr.write("\n")
    return ranked


def _draw(found: CoControl, place: str, path: Path) -> None:
    from analysis.report.cut_list import draw_cut_list
    from schemas.words import words

    write_picture(path, draw_cut_list(found, place, words(shell.settings().language, "cocontrol")))


def _show(found: CoControl, place: str, *, as_json: bool, is_headed: bool) -> None:
    from analysis.report.cut_list import cut_list_table, cut_list_text
    from analysis.run.to_json import to_json
    from schemas.words import words

    if as_json:
        built: dict[str, Any] = {"place": place, **to_json(found)}
        typer.echo(json.dumps(built, ensure_ascii=False, allow_nan=False))
        return
    said = words(shell.settings().language, "cocontrol")
    if is_headed:
        typer.echo(said("title", place=place, period=f"{found.first_day} – {found.last_day}"))
    for line in cut_list_text(found, said):
        typer.echo(line)
    show(cut_list_table(found.lists[0], said), as_json=False)
