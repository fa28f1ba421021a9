"""``skyground export --product``: products of attribution, co-analysis and forecast, with units and provenance."""

from __future__ import annotations

import json
import shlex
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import typer

from console.cli import shell
from console.cli.export_coanalysis import write_coanalysis
from console.cli.export_table import names_all, write_tables
from store.archive.option import ExportFormat, ProductKind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pandas as pd

    from analysis.report.stored_case import StoredCase
    from schemas.network import Network
    from store.archive.provenance import Provenance
    from store.settings import SharedSettings

SOURCE_NETWORKS = ("voc", "pm")
UNUSED = {
    product: frozenset({"level", "as_of"} if product is ProductKind.SOURCES else {"level", "as_of", "network"})
    for product in ProductKind
}
"""Options that have no meaning for a product."""
_FURTHER_FORMAT: dict[ProductKind | None, ExportFormat] = {
    None: ExportFormat.NETCDF,
    ProductKind.CASES: ExportFormat.JSONL,
}
"""Besides CSV and Parquet; None: values."""
_PIECE = timedelta(days=30)
"""Of the hours that are held in memory at once."""


def export_product(
    settings: SharedSettings,
    product: ProductKind,
    where: tuple[Path, ExportFormat],
    what: tuple[str, list[str], datetime, datetime],
) -> tuple[int, int]:
    """Write a product of attribution; returns rows and stations."""
    from store.archive.provenance import provenance

    network, wanted, start, stop = what
    if product is ProductKind.SOURCES and network not in SOURCE_NETWORKS:
        msg = f"{network!r}: expected one of {', '.join(SOURCE_NETWORKS)} for --product sources"
        raise typer.BadParameter(msg, param_hint="--network")
    ids = station_ids(settings.stations, network, wanted)
    words = ["skyground", "export", "--product", str(product), *(["--network", network] if network else [])]
    words += [*(f"--station={item}" for item in wanted), "--from", start.isoformat(), "--to", stop.isoformat()]
    query = shlex.join([*words, "--format", str(where[1])])
    origin = provenance(query=query, level=product, now=datetime.now(UTC), network=network)
    return _write_product(product, settings, (*where, origin), (network, ids, start, stop))


def station_ids(stations: Network, network: str, wanted: list[str]) -> list[str]:
    """The stations that are asked for, else all of a network (empty: of any); ends the command where there is no such one."""
    known = [item.id for item in (stations.stations_of(network) if network else stations.station_list)]
    unknown = [name for name in wanted if name not in known]
    if unknown:
        where = f" in network {network}" if network else ""
        msg = f"no such station{where}: {', '.join(unknown)}; known: {', '.join(known) or 'none'}"
        raise typer.BadParameter(msg, param_hint="--station")
    if not known:
        msg = f"no station reports to {network!r}; expected one of voc, ghg, pm, eco, rad, gas, met with stations in the network file"
        raise typer.BadParameter(msg, param_hint="--network")
    return wanted or known


def _write_product(
    product: ProductKind,
    settings: SharedSettings,
    where: tuple[Path, ExportFormat, Provenance],
    what: tuple[str, list[str], datetime, datetime],
) -> tuple[int, int]:
    """Write the file; returns its rows and series (stations). Without any row no file is written.

    Parameters
    ----------
    product : ProductKind
    settings : SharedSettings
    where : tuple
        File, format and provenance.
    what : tuple
        Network (empty for case files), station ids, start and end, UTC.
    """
    output, form, _ = where
    try:
        with shell.explained("export"):
            if product in _WRITERS:
                return _WRITERS[product](settings, where, what)
            return write_coanalysis(product, settings, where, what)
    except OSError as error:
        typer.echo(f"skyground: {output} ({form}) cannot be written: {error.strerror or error}", err=True)
        raise typer.Exit(1) from error


def check_format(product: ProductKind | None, form: ExportFormat) -> None:
    """End the command where a format cannot hold what is asked for."""
    allowed: tuple[ExportFormat, ...] = (ExportFormat.CSV, ExportFormat.PARQUET)
    if product in _FURTHER_FORMAT:
        allowed = (*allowed, _FURTHER_FORMAT[product])
    if form not in allowed:
        msg = f"{form}, expected one of {', '.join(allowed)} for {product or 'values'}"
        raise typer.BadParameter(msg, param_hint="--format")


def _write_sources(
    settings: SharedSettings,
    where: tuple[Path, ExportFormat, Provenance],
    what: tuple[str, list[str], datetime, datetime],
) -> tuple[int, int]:
    from analysis.report.product_table import SOURCE_UNITS
    from analysis.run.product_export import read_source_table
    from analysis.run.receptor.receptor_model import stations_without_solution
    from console.cli.analyse.attribution.model import explain_lacking
    from store.influx.store import InfluxStore
    from store.state import StateStore

    network, ids, start, end = what
    counts: list[int] = []
    stations: set[str] = set()

    def tables() -> Iterator[pd.DataFrame]:
        for first, last in _pieces(start, end):
            table = read_source_table(store, state, network, ids, (first, last))
            counts.append(len(table))
            stations.update(table["station_id"].unique())
            if len(table):
                yield table

    with closing(InfluxStore(settings)) as store, StateStore(settings.state_url) as state:
        state.migrate()
        write_tables(where, tables(), SOURCE_UNITS)
        if lacking := stations_without_solution(state, network, [name for name in ids if name not in stations]):
            explain_lacking(network, lacking, f"{datetime.now(UTC):%Y-%m-%d}")
    return sum(counts), len(stations)


def _pieces(start: datetime, end: datetime, length: timedelta = _PIECE) -> Iterator[tuple[datetime, datetime]]:
    while start < end:
        yield start, min(start + length, end)
        start += length


def _write_cases(
    settings: SharedSettings,
    where: tuple[Path, ExportFormat, Provenance],
    what: tuple[str, list[str], datetime, datetime],
) -> tuple[int, int]:
    from analysis.report.product_table import CASE_UNITS, case_table
    from analysis.run.product_export import read_cases
    from store.state import StateStore

    _, ids, start, end = what
    output, form, origin = where
    with StateStore(settings.state_url) as state:
        state.migrate()
        found = read_cases(state, ids, start, end)
    if not found:
        return 0, 0
    if form is ExportFormat.JSONL:
        _write_lines(output, found, origin)
    else:
        write_tables(where, iter([case_table(found)]), CASE_UNITS)
    return len(found), len({item.case.station_id for item in found})


def _write_lines(output: Path, found: list[StoredCase], origin: Provenance) -> None:
    """First line: the provenance; then one case file a line, as ``GET /api/v1/cases`` has them."""
    import msgspec

    from analysis.run.product_export import case_body

    with output.open("w", encoding="utf-8", newline="\n") as file:
        file.write(json.dumps({"provenance": msgspec.to_builtins(origin)}, ensure_ascii=False) + "\n")
        file.writelines(json.dumps(case_body(item), ensure_ascii=False) + "\n" for item in found)


def _write_forecasts(
    settings: SharedSettings,
    where: tuple[Path, ExportFormat, Provenance],
    what: tuple[str, list[str], datetime, datetime],
) -> tuple[int, int]:
    from analysis.run.forecast.history import ISSUED

    return _write_stored(settings, ISSUED, where, what)


def _write_forecast_days(
    settings: SharedSettings,
    where: tuple[Path, ExportFormat, Provenance],
    what: tuple[str, list[str], datetime, datetime],
) -> tuple[int, int]:
    from analysis.run.forecast.export import UNITS
    from analysis.run.forecast.history import ISSUED_DAILY

    return _write_stored(settings, ISSUED_DAILY, where, what, UNITS)


def _write_scores(
    settings: SharedSettings,
    where: tuple[Path, ExportFormat, Provenance],
    what: tuple[str, list[str], datetime, datetime],
) -> tuple[int, int]:
    from analysis.run.forecast.scoring import SCORE

    return _write_stored(settings, SCORE, where, what)


def _write_aqi_scores(
    settings: SharedSettings,
    where: tuple[Path, ExportFormat, Provenance],
    what: tuple[str, list[str], datetime, datetime],
) -> tuple[int, int]:
    from analysis.run.forecast.aqi_scoring import AQI_SCORE

    return _write_stored(settings, AQI_SCORE, where, what)


def _write_stored(
    settings: SharedSettings,
    measurement: str,
    where: tuple[Path, ExportFormat, Provenance],
    what: tuple[str, list[str], datetime, datetime],
    units: dict[str, str] | None = None,
) -> tuple[int, int]:
    """Rows of a stored product; cities too unless stations are named. Without ``units`` it is that of the parameter (column ``unit``)."""
    from analysis.run.forecast.export import read_table
    from store.influx.store import InfluxStore

    _, ids, start, end = what
    is_all = names_all(settings, ids)
    counts: list[int] = []
    series: set[str] = set()

    def tables() -> Iterator[pd.DataFrame]:
        for first, last in _pieces(start, end, timedelta(days=1)):
            table = read_table(store, measurement, first, last, None if is_all else ids)
            counts.append(len(table))
            series.update(table["station_id"].unique() if len(table) else ())
            if len(table):
                yield table

    with closing(InfluxStore(settings)) as store:
        write_tables(where, tables(), units or {})
    return sum(counts), len(series)


_WRITERS = {
    ProductKind.SOURCES: _write_sources,
    ProductKind.CASES: _write_cases,
    ProductKind.FORECASTS: _write_forecasts,
    ProductKind.FORECAST_DAYS: _write_forecast_days,
    ProductKind.FORECAST_SCORES: _write_scores,
    ProductKind.FORECAST_AQI_SCORES: _write_aqi_scores,
}
"""Those that are no tables of co-analysis."""
