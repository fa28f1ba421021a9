"""``skyground analyse plume``: where a release is, seen from a station."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli import shell
from console.cli.shell.moment import At
from console.cli.shell.moment import moment as read_moment
from console.cli.shell.option import AsJson

if TYPE_CHECKING:
    from analysis.receptor.plume.product import PlumeProduct


def plume(  # noqa: PLR0917 - typer passes them by name
    station: Annotated[str, typer.Argument(help="station id 站点")],
    parameter: Annotated[str, typer.Option(help="released gas or particles, as ch4 参数")],
    at: At,
    hours: Annotated[int, typer.Option(min=1, max=48, help="hours of the event, up to --at 事件小时数")] = 6,
    png: Annotated[Path | None, typer.Option(help="write a map 地图文件")] = None,
    as_json: AsJson = False,
) -> None:
    """Locate a release from the excess of nearby stations, or say what is missing. 由周边站点的超背景浓度定位排放源。"""
    from analysis.run.receptor.plume import locate_plume
    from schemas.parameter import ParameterError

    settings = shell.settings()
    moment = read_moment(at, settings.stations.timezone, "--at")
    found = shell.or_exit(
        lambda: locate_plume(settings, station, parameter, moment, shell.now(), hours=hours), ParameterError
    )
    language = str(settings.language)
    if png is not None:
        _draw(found, png, language)
    if as_json:
        typer.echo(json.dumps(_with_text(found), ensure_ascii=False))
        return
    for statement in found.statements:
        typer.echo(statement.text(language))


def _draw(found: PlumeProduct, png: Path, language: str) -> None:
    from console.cli.analyse.attribution.plume_plot import plot_plume

    try:
        png.write_bytes(plot_plume(found, language))
    except OSError as error:
        shell.stop(f"{png} cannot be written: {error.strerror or error}")


def _with_text(found: PlumeProduct) -> dict[str, Any]:
    """The stored document with the sentences in both languages."""
    from analysis.run.to_json import to_json

    body = to_json(found)
    said = [
        plain | {name: item.text(name) for name in ("zh", "en")}
        for plain, item in zip(body["statements"], found.statements, strict=True)
    ]
    return body | {"statements": said}
