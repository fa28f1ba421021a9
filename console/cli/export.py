"""``skyground export``: stored values to a file of CSV, Parquet or NetCDF-CF."""

from __future__ import annotations

import json
import shlex
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli import shell
from console.cli.export_product import UNUSED, check_format, export_product, station_ids
from console.cli.shell.moment import AsOf, From, To, moment, span
from console.cli.shell.option import Figures, refuse_given
from store.archive.option import ExportFormat, Level, ProductKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from schemas.interval import Interval
    from schemas.network import Network
    from store.archive.provenance import Provenance
    from store.influx.store import InfluxStore
    from store.settings import SharedSettings

_PIECE_VALUES = 5_000_000
"""Values that are held in memory at once."""
_HOUR, _LONGEST, _FASTEST = timedelta(hours=1), timedelta(days=3660), 8


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("export")(export)


def export(  # noqa: PLR0917 - typer passes them by name
    context: typer.Context,
    begin: From,
    end: To,
    output: Annotated[Path, typer.Option(help="file to write 输出文件")],
    network: Annotated[str, typer.Option(help="voc, ghg, pm, eco, rad, gas, met; not of --product cases 网络")] = "",
    station: Annotated[list[str] | None, typer.Option(help="station id, may be repeated; default: all 站点")] = None,
    level: Annotated[
        Level, typer.Option(help="hourly, native or L2 (hourly after review) 小时值、原始值或审核后数据")
    ] = Level.HOURLY,
    file_format: Annotated[
        ExportFormat, typer.Option("--format", help="csv, parquet, netcdf; case files: jsonl 格式")
    ] = ExportFormat.CSV,
    product: Annotated[
        ProductKind | None,
        typer.Option(
            help="instead of values: sources (hourly mass of factors), cases (case files), forecasts and forecast-days "
            "(hours and daily AQI as issued), forecast-scores and forecast-aqi-scores (by day), assessments (months and years), joint-days, joint-episodes, "
            "relations, deweathered, chemistry (by hour), cocontrol (what to cut) "
            "源贡献、事件研判、预报、预报评分、评价、协同超标日与过程、PM2.5与O3关系、气象归一化、大气化学、减排优先序"
        ),
    ] = None,
    as_of: AsOf = None,
    as_json: Figures = False,
) -> None:
    """Export stored values with units, flags and provenance. 导出数据（含单位、标识与来源）。"""
    from schemas.interval import Interval
    from store.archive.provenance import provenance

    settings = shell.settings()
    stations, zone = settings.stations, settings.stations.timezone
    start, stop = span(begin, end, zone, datetime.now(UTC))
    check_format(product, file_format)
    if product is not None:
        refuse_given(context, UNUSED[product], f"it has no meaning for --product {product}")
        done = export_product(settings, product, (output, file_format), (network, station or [], start, stop))
        _report(output, file_format, *done, as_json=as_json)
        return
    if not network:
        msg = "expected one of voc, ghg, pm, eco, rad, gas, met"
        raise typer.BadParameter(msg, param_hint="--network")
    ids = station_ids(stations, network, station or [])
    if as_of is not None and level is not Level.NATIVE:
        msg = "only native values have a history, use --level native"
        raise typer.BadParameter(msg, param_hint="--as-of")
    what = (level, start, stop, moment(as_of, zone, "--as-of"))
    note = "" if level is Level.NATIVE else _note(stations, network, ids, Interval(start, stop))
    query = _command_line(network, ids, what)
    origin = provenance(query=query, level=level, now=datetime.now(UTC), network=network, note=note)
    rows, series = _write(settings, (output, file_format, origin), network, ids, what)
    _report(output, file_format, rows, series, as_json=as_json)


def _report(output: Path, form: ExportFormat, rows: int, series: int, *, as_json: bool) -> None:
    if not rows:
        typer.echo(f"skyground: {shell.text('export.none')}", err=True)
        raise typer.Exit(1)
    report = {"output": str(output), "format": str(form), "rows": rows, "series": series}
    typer.echo(json.dumps(report, ensure_ascii=False) if as_json else shell.text("export.done", **report))


def _command_line(network: str, ids: list[str], what: tuple[Level, datetime, datetime, datetime | None]) -> str:
    """The command that exports the same again, for the provenance."""
    level, start, stop, known_at = what
    words = ["skyground", "export", "--network", network, *(f"--station={item}" for item in ids)]
    words += ["--from", start.isoformat(), "--to", stop.isoformat(), "--level", str(level)]
    return shlex.join(words + ([] if known_at is None else ["--as-of", known_at.isoformat()]))


def _write(
    settings: SharedSettings,
    where: tuple[Path, ExportFormat, Provenance],
    network: str,
    ids: list[str],
    what: tuple[Level, datetime, datetime, datetime | None],
) -> tuple[int, int]:
    """Write the file piece by piece; returns rows and series, and ends the command where that cannot be done."""
    from console.cli.export_file import TooLongError, write_file
    from store.influx.store import InfluxStore

    output, file_format, origin = where
    try:
        with shell.explained("export"), closing(InfluxStore(settings)) as store:
            read = _pieces(settings, store, network, ids, what)
            return write_file(output, file_format, read, settings.stations.stations, origin)
    except TooLongError as error:
        raise typer.BadParameter(str(error), param_hint="--format") from None
    except OSError as error:
        typer.echo(f"skyground: {output} cannot be written: {error.strerror or error}", err=True)
        raise typer.Exit(1) from error


def _note(stations: Network, network: str, ids: list[str], span: Interval) -> str:
    """Hours to which several instruments of the network contribute, by station and parameter."""
    from console.view.series import contributors

    found = []
    for name in ids:
        station = stations.stations[name]
        for code in dict.fromkeys(code for item in station.instruments_of(network) for code in item.parameters):
            instruments = [item.id for item in contributors(station, network, code, span)]
            if len(instruments) > 1:
                found.append(f"{name} {code}: {', '.join(instruments)}")
    return f"each hour is of the more complete one of these instruments: {'; '.join(found)}" if found else ""


def _pieces(
    settings: SharedSettings,
    store: InfluxStore,
    network: str,
    ids: list[str],
    what: tuple[Level, datetime, datetime, datetime | None],
) -> Iterator[dict[tuple[str, str], pd.DataFrame]]:
    """The interval in pieces of whole hours with about `_PIECE_VALUES` values each, so that memory is bounded."""
    from schemas.interval import floor_hour

    level, start, stop, known_at = what
    step = _HOUR * max(1, int(_PIECE_VALUES / max(_promised(settings.stations, network, ids, level), 1e-9)))
    while start < stop:
        end = min(floor_hour(start) + step, stop)
        frames = _read(settings, store, network, ids, (level, start, end, known_at))
        yield frames
        held = sum(frame.size for frame in frames.values())
        step = min(_LONGEST, max(step, step * min(_FASTEST, int(_PIECE_VALUES / max(held, 1)))))
        start = end


def _promised(stations: Network, network: str, ids: list[str], level: Level) -> float:
    """Values that the cadences promise for every hour [1/h]."""
    own = [item for name in ids for item in stations.stations[name].instruments_of(network)]
    each = 3600.0 if level is Level.NATIVE else 1.0
    return sum(len(item.parameters) * each / (item.cadence_s if level is Level.NATIVE else 1) for item in own)


def _read(
    settings: SharedSettings,
    store: InfluxStore,
    network: str,
    ids: list[str],
    what: tuple[Level, datetime, datetime, datetime | None],
) -> dict[tuple[str, str], pd.DataFrame]:
    """Frames of the chosen level at the chosen moment."""
    level, start, stop, moment = what
    if level is Level.REVIEWED:
        return _reviewed(settings, store, network, ids, (start, stop))
    if level is Level.HOURLY:
        return _hours(store, network, ids, start, stop)
    if moment is None:
        frames = _natives(store, settings.stations, network, ids, (start, stop))
    else:
        frames = _history(settings, store, network, ids, (start, stop, moment))
    return _flagged(settings, store, network, frames, (start, stop, moment))


def _hours(
    store: InfluxStore, network: str, ids: list[str], start: datetime, end: datetime
) -> dict[tuple[str, str], pd.DataFrame]:
    """Hours that hold anything, with the verdicts made after them, by (station id, empty)."""
    from schemas.flagged import hours_with_flags
    from store.influx.store import Bucket

    only = ids[0] if len(ids) == 1 else None
    if only is None:
        found = store.read_hourly_all(network, start, end)
    else:
        found = {only: store.read_hourly(network, only, start, end)}
    records = store.read_flags(Bucket.HOURLY, network, start, end, only)
    return {
        (name, ""): hours_with_flags(frame, records[records["station_id"] == name])
        for name, frame in found.items()
        if name in ids and len(frame)
    }


def _natives(
    store: InfluxStore, stations: Network, network: str, ids: list[str], span: tuple[datetime, datetime]
) -> dict[tuple[str, str], pd.DataFrame]:
    """Native frames that hold anything, by (station id, instrument id)."""
    native = {
        (name, item.id): store.read_native(network, name, item.id, *span)
        for name in ids
        for item in stations.stations[name].instruments_of(network)
    }
    return {key: frame for key, frame in native.items() if len(frame)}


def _flagged(
    settings: SharedSettings,
    store: InfluxStore,
    network: str,
    frames: dict[tuple[str, str], pd.DataFrame],
    when: tuple[datetime, datetime, datetime | None],
) -> dict[tuple[str, str], pd.DataFrame]:
    """Native frames with the flag of every value, as of the last of the three moments where that is given."""
    from schemas.flagged import native_with_flags
    from schemas.interval import Interval
    from store.recorded_flags import read_recorded_flags
    from store.state import StateStore

    span = Interval(*when[:2])
    with StateStore(settings.state_url) as state:
        state.migrate()
        verdicts = {
            name: read_recorded_flags(store, state, network, name, span, as_of=when[2])
            for name in dict.fromkeys(name for name, _ in frames)
        }
    return {key: native_with_flags(frame, key[1], verdicts[key[0]]) for key, frame in frames.items()}


def _reviewed(
    settings: SharedSettings, store: InfluxStore, network: str, ids: list[str], span: tuple[datetime, datetime]
) -> dict[tuple[str, str], pd.DataFrame]:
    """Hourly frames with the confirmed verdicts of review, made now from hours and reviews."""
    from qc.run.review.query import ReviewQuery, read_reviewed
    from store.state import StateStore

    query = ReviewQuery(network=network, start=span[0], end=span[1], stations=tuple(ids))
    with StateStore(settings.state_url) as state:
        state.migrate()
        return {(name, ""): level2 for name, (_, level2) in read_reviewed(store, state, query).items()}


def _history(
    settings: SharedSettings,
    store: InfluxStore,
    network: str,
    ids: list[str],
    when: tuple[datetime, datetime, datetime],
) -> dict[tuple[str, str], pd.DataFrame]:
    """Native frames that hold anything, as known at the last of the three moments."""
    from store.history import AsOf
    from store.state import StateStore

    start, end, moment = when
    with StateStore(settings.state_url) as state:
        state.migrate()
        found = {
            (name, item.id): AsOf(
                influx=store, state=state, network=network, station_id=name, start=start, end=end, moment=moment
            ).native(item.id, timedelta(seconds=item.cadence_s))
            for name in ids
            for item in settings.stations.stations[name].instruments_of(network)
        }
    return {key: frame for key, frame in found.items() if len(frame)}
