"""``skyground qc thresholds derive``, ``qc arrivals``, ``qc drift``, ``qc drifts``; marks of the detection limit for ``skyground qc why``."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli import shell
from console.cli.shell.moment import From, OpenFrom, ToNow, check_order, open_span, span
from console.cli.shell.named import refuse_unknown
from console.cli.shell.option import AsJson, OneStation, Station

if TYPE_CHECKING:
    from qc.hourly.drift.report import DriftReport, DriftRun
    from qc.run.native import ArrivalOrder
    from schemas.words import Words
    from store.settings import SharedSettings

_DAY = timedelta(days=1)


def register(group: typer.Typer, limits: typer.Typer) -> None:
    """Add the commands to ``qc`` and to ``qc thresholds``."""
    group.command("arrivals")(arrivals)
    group.command("drift")(drift)
    group.command("drifts")(drifts)
    limits.command("derive")(derive)


def derive(
    parameter: Annotated[str, typer.Argument(help="code, as temperature 参数代码")],
    station: Station,
    start: From,
    end: ToNow = None,
    widening: Annotated[
        float, typer.Option("--widening", min=1.0, help="times the distance of the 10 % and 90 % quantiles 放宽倍数")
    ] = 5.0,
) -> None:
    """Print the spans a station's stored hours keep by month and hour, as a limit. 由站点小时数据推导气候范围限值。

    Append it to the thresholds.toml in the folder of the network file. 可追加到站网文件同目录的 thresholds.toml。
    """
    from qc.run.native import derive_climatology
    from schemas.parameter import ParameterError
    from schemas.parameter import parameter as known

    settings = shell.settings()
    if station not in settings.stations.stations:
        msg = f"unknown station {station!r}"
        raise typer.BadParameter(msg, param_hint="--station")
    first, last = span(start, end, settings.stations.timezone, datetime.now(UTC))
    with shell.explained("qc thresholds derive"):
        try:
            known(parameter)
            typer.echo(derive_climatology(settings, station, parameter, first, last, widening=widening), nl=False)
        except (ValueError, ParameterError) as error:
            raise typer.BadParameter(str(error)) from error


def arrivals(
    start: OpenFrom = None,
    end: ToNow = None,
    station: OneStation = None,
    show_all: Annotated[bool, typer.Option("--all", help="instruments without a finding too 列出全部仪器")] = False,
    as_json: AsJson = False,
) -> None:
    """Readings whose time was stored already or precedes an earlier one, by time of reception (default: 24 h).

    重复与倒退的时间（按接收时间，默认最近24小时）。
    """
    from console.cli.shell.progress import progress_line
    from ingest.process.settings import CollectorSettings
    from qc.run.native import read_arrivals
    from store.rawlog import RawLog
    from store.settings import load_settings

    settings = load_settings(CollectorSettings)
    asked, last = open_span(start, end, settings.stations.timezone)
    last = last or datetime.now(UTC)
    first = asked or last - _DAY
    check_order(first, last)
    refuse_unknown(settings.stations, stations=[station] if station else ())
    with shell.explained("qc arrivals"), progress_line() as progress:
        log = RawLog(settings.rawlog_dir)
        found = read_arrivals(log, settings.stations, first, last, progress)
        log.close()
    chosen = [item for item in found if station in {None, item.station_id}]
    shown = [item for item in chosen if show_all or item.backward or item.duplicate]
    words = shell.words()
    for item in shown:
        typer.echo(shell.to_json(item) if as_json else _arrival_text(item, words))
    if not shown and not as_json:
        typer.echo(words("arrivals.well", count=len(chosen)))


def _arrival_text(item: ArrivalOrder, words: Words) -> str:
    counts = words(
        "arrivals.line",
        count=item.count,
        backward=item.backward,
        first_backward=_first(item.first_backward),
        duplicate=item.duplicate,
        first_duplicate=_first(item.first_duplicate),
    )
    place = f"{item.network}/{item.station_id}/{item.instrument_id}"
    return f"{place:<36} {counts}"


def drift(  # noqa: PLR0917 - typer passes them by name
    parameter: Annotated[str, typer.Argument(help="code, as o3 参数代码")],
    station: Station,
    network: Annotated[str, typer.Option("--network", help="gas ghg pm ... 网络")] = "gas",
    start: OpenFrom = None,
    end: ToNow = None,
    against: Annotated[
        list[str] | None, typer.Option("--against", help="reference station; none: all others 参照站")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Drift of a station against others over its stored hours (default: 30 days; the first are the baseline).

    站点相对其他站点的漂移（默认最近30天）。
    """
    from qc.run.drift import read_drift
    from schemas.interval import floor_hour
    from schemas.message import NetworkCode

    settings = shell.settings()
    unknown = [item for item in (station, *(against or ())) if item not in settings.stations.stations]
    if unknown:
        msg = f"unknown station {unknown[0]!r}"
        raise typer.BadParameter(msg)
    asked, until = open_span(start, end, settings.stations.timezone)
    last = floor_hour(until or datetime.now(UTC))
    first = floor_hour(asked or last - 30 * _DAY)
    check_order(first, last)
    with shell.explained("qc drift"):
        try:
            code = NetworkCode(network).value
            report = read_drift(settings, code, station, parameter, span=(first, last), references=against or ())
        except ValueError as error:
            raise typer.BadParameter(str(error)) from error
    typer.echo(shell.to_json(report) if as_json else _drift_text(report, shell.words()))


def drifts(
    networks: Annotated[list[str] | None, typer.Option("--network", help="none: all 网络，默认全部")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="test, store no flag 只判定")] = False,
    as_json: AsJson = False,
) -> None:
    """Test the drift of every station over the last weeks and store the flags. 判定各站漂移并写入标识。"""
    from qc.limits.load import ThresholdError
    from qc.run.drift import run_drift

    settings, now = shell.settings(), shell.now()
    there = dict.fromkeys(item.network.value for item in settings.stations.instruments.values())
    absent = [code for code in networks or () if code not in there]
    if absent:
        msg = f"network {absent[0]!r} has no instrument; there: {', '.join(there)}"
        raise typer.BadParameter(msg, param_hint="--network")
    words = shell.words()
    with shell.explained("qc drifts"):
        for code in dict.fromkeys(networks or there):
            try:
                found = run_drift(settings, code, now, dry_run=dry_run)
            except ThresholdError as error:
                shell.stop(str(error))
            typer.echo(shell.to_json(found) if as_json else f"{code:<4} {_drifts_text(found, words)}")


def _drifts_text(found: DriftRun, words: Words) -> str:
    return words(
        "drift.stations",
        count=found.stations,
        drifting=", ".join(found.drifting) or words("none"),
        hours=found.hours,
        withdrawn=found.taken_back,
    )


def _drift_text(report: DriftReport, words: Words) -> str:
    place = f"{report.station_id} {report.parameter}"
    about = words("drift.about", place=place, stations=len(report.references), days=report.days)
    if report.level is None:
        return f"{about}: {words('drift.short')}"
    figures = words(
        "drift.figures",
        level=f"{report.level:+.3f}",
        slope=f"{report.slope_per_day:+.4f}",
        low=f"{report.slope_low:+.4f}",
        high=f"{report.slope_high:+.4f}",
        limit=f"{report.limit:g}",
    )
    if report.since is None:
        return f"{about}: {figures}: {words('drift.none')}"
    return f"{about}: {figures}: {words('drift.since', day=f'{report.since:%Y-%m-%d}', hours=report.suspect_hours)}"


def _first(moment: datetime | None) -> str:
    return "" if moment is None else f"({moment:%Y-%m-%d %H:%M:%S}Z)"


def marks_of(
    settings: SharedSettings, network: str, station: str, parameter: str, start: datetime
) -> list[dict[str, object]]:
    """Row of ``qc why`` with the values of the hour below the detection limit; empty where there are none."""
    from qc.run.native import marks_of as read_marks
    from schemas.words import LANGUAGES
    from schemas.words import words as words_of

    counts = {
        mark.name.lower(): count for mark, count in read_marks(settings, network, station, parameter, start).items()
    }
    counts.pop("above", None)
    if not any(counts.values()):
        return []
    texts = {language: words_of(language, "cli.why")("detection_limit", **counts) for language in LANGUAGES}
    return [{"kind": "detection_limit", "network": network, **counts, **texts}]
