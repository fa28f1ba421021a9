"""``skyground analyse chemistry``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli import shell
from console.cli.analyse.hour_option import City, Dataset, DayFrom, DayTo, Files, StationIds, read_station_hours
from console.cli.analyse.picture import StationPicture, check_one_station, write_picture
from console.cli.shell.option import AsJson

if TYPE_CHECKING:
    from analysis.chemistry.period_summary import ChemistrySummary


def chemistry(  # noqa: PLR0917 - typer passes them by name
    files: Files = None,
    dataset: Dataset = None,
    station: StationIds = None,
    city: City = None,
    day_from: DayFrom = None,
    day_to: DayTo = None,
    oh: Annotated[
        float | None, typer.Option(help="OH [molecule/cm3] for the photochemical age; not verified OH 自由基浓度")
    ] = None,
    png: StationPicture = None,
    as_json: AsJson = False,
) -> None:
    """State the chemistry of a period: OFP, SOA, age, regime, SOR, NOR, SOC, mass closure. 时段内的大气化学特征。"""
    from analysis.chemistry.period_summary import chemistry_of
    from schemas.interval import Interval

    if oh is not None and not oh > 0:
        msg = f"expected a concentration above zero, got {oh}"
        raise typer.BadParameter(msg, param_hint="--oh")
    hours = read_station_hours(files, dataset, stations=station, city=city, days=(day_from, day_to))
    period = Interval(hours.start, hours.end)
    found = [chemistry_of(name, frame, period, hours.zone, oh_molecule_cm3=oh) for name, frame in hours.hourly.items()]
    chosen = [item for item in found if item.voc or item.particle]
    if not chosen:
        shell.stop(f"{', '.join(hours.hourly)}: neither VOC nor PM2.5 components in the period")
    if png is not None:
        _draw(chosen, png)
    for item in chosen:
        _show(item, as_json=as_json)


def _show(found: ChemistrySummary, *, as_json: bool) -> None:
    """One line of JSON a station, or its sentences."""
    from analysis.chemistry.statement import chemistry_statements
    from analysis.run.to_json import to_json
    from schemas.words import LANGUAGES

    statements = chemistry_statements(found)
    if as_json:
        said = [to_json(item) | {language: item.text(language) for language in LANGUAGES} for item in statements]
        typer.echo(json.dumps(to_json(found) | {"statements": said}, ensure_ascii=False, allow_nan=False))
        return
    typer.echo(f"{found.station_id}  {found.start:%Y-%m-%dT%H:%MZ} .. {found.end:%Y-%m-%dT%H:%MZ}  {found.hours} h")
    for item in statements:
        typer.echo(f"- {item.text(str(shell.settings().language))}")


def _draw(chosen: list[ChemistrySummary], path: Path) -> None:
    from console.cli.analyse.coanalysis.chemistry_plot import plot_chemistry

    check_one_station(item.station_id for item in chosen)
    write_picture(path, plot_chemistry(chosen[0], str(shell.settings().language)))
