"""``skyground qc thresholds derive``, ``qc arrivals``, ``qc drift``, ``qc drifts``; marks of the detection limit for ``skyground qc why``."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.qc.moment import stop
from console.cli.shell.moment import From, OpenFrom, ToNow, check_order, open_span, span
from console.cli.shell.named import refuse_unknown

if TYPE_CHECKING:
    from qc.hourly.drift.report import DriftReport
    from store.settings import SharedSettings

_AsJson = Annotated[bool, typer.Option("--json", help="one JSON object a line 每行一个 JSON")]
_DAY = timedelta(days=1)


def register(group: typer.Typer, limits: typer.Typer) -> None:
    """Add the commands to ``qc`` and to ``qc thresholds``."""
    group.command("arrivals")(arrivals)
    group.command("drift")(drift)
    group.command("drifts")(drifts)
    limits.command("derive")(derive)


def derive(
    parameter: Annotated[str, typer.Argument(help="code, as temperature 参数代码")],
    station: Annotated[str, typer.Option("--station", help="station id 站点")],
    start: From,
    end: ToNow = None,
    widening: Annotated[
        float, typer.Option("--widening", min=1.0, help="times the distance of the 10 % and 90 % quantiles 放宽倍数")
    ] = 5.0,
) -> None:
    """Print the spans a station's stored hours keep by month and hour, as a limit. 由站点小时数据推导气候范围限值。

    Append it to the thresholds.toml in the folder of the network file. 可追加到站网文件同目录的 thresholds.toml。
    """
    from console.cli.replay import explained
    from qc.run.native import derive_climatology
    from schemas.parameter import ParameterError
    from schemas.parameter import parameter as known
    from store.settings import SharedSettings, load_settings

    settings = load_settings(SharedSettings)
    if station not in settings.stations.stations:
        msg = f"unknown station {station!r}"
        raise typer.BadParameter(msg, param_hint="--station")
    first, last = span(start, end, settings.stations.timezone, datetime.now(UTC))
    with explained("qc thresholds derive"):
        try:
            known(parameter)
            typer.echo(derive_climatology(settings, station, parameter, first, last, widening=widening), nl=False)
        except (ValueError, ParameterError) as error:
            raise typer.BadParameter(str(error)) from error


def arrivals(
    start: OpenFrom = None,
    end: ToNow = None,
    station: Annotated[str | None, typer.Option(help="only this station 站点")] = None,
    show_all: Annotated[bool, typer.Option("--all", help="instruments without a finding too 列出全部仪器")] = False,
    as_json: _AsJson = False,
) -> None:
    """Readings that came with a time that was there already, or before an earlier one, by time of reception (default: 24 h).

    重复与倒退的时间（按接收时间，默认最近24小时）。
    """
    import msgspec

    from console.cli.replay import explained, progress_line
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
    with explained("qc arrivals"), progress_line() as progress:
        log = RawLog(settings.rawlog_dir)
        found = read_arrivals(log, settings.stations, first, last, progress)
        log.close()
    chosen = [item for item in found if station in {None, item.station_id}]
    shown = [item for item in chosen if show_all or item.backward or item.duplicate]
    for item in shown:
        if as_json:
            typer.echo(msgspec.json.encode(item))
            continue
        place = f"{item.network}/{item.station_id}/{item.instrument_id}"
        typer.echo(
            f"{place:<36} {item.count:>8} readings 条  backward 倒退 {item.backward} {_first(item.first_backward)}  "
            f"duplicate 重复 {item.duplicate} {_first(item.first_duplicate)}"
        )
    if not shown and not as_json:
        typer.echo(f"{len(chosen)} instruments, all in order 台仪器，时间均正常")


def drift(  # noqa: PLR0917 - typer passes them by name
    parameter: Annotated[str, typer.Argument(help="code, as o3 参数代码")],
    station: Annotated[str, typer.Option("--station", help="station id 站点")],
    network: Annotated[str, typer.Option("--network", help="gas ghg pm ... 网络")] = "gas",
    start: OpenFrom = None,
    end: ToNow = None,
    against: Annotated[
        list[str] | None, typer.Option("--against", help="reference station; none: all others 参照站")
    ] = None,
    as_json: _AsJson = False,
) -> None:
    """Whether a station drifts away from others, over its stored hours (default: 30 days; the first are the baseline).

    站点相对其他站点的漂移（默认最近30天）。
    """
    import msgspec

    from console.cli.replay import explained
    from qc.run.drift import read_drift
    from schemas.interval import floor_hour
    from schemas.message import NetworkCode
    from store.settings import SharedSettings, load_settings

    settings = load_settings(SharedSettings)
    unknown = [item for item in (station, *(against or ())) if item not in settings.stations.stations]
    if unknown:
        msg = f"unknown station {unknown[0]!r}"
        raise typer.BadParameter(msg)
    asked, until = open_span(start, end, settings.stations.timezone)
    last = floor_hour(until or datetime.now(UTC))
    first = floor_hour(asked or last - 30 * _DAY)
    check_order(first, last)
    with explained("qc drift"):
        try:
            code = NetworkCode(network).value
            report = read_drift(settings, code, station, parameter, span=(first, last), references=against or ())
        except ValueError as error:
            raise typer.BadParameter(str(error)) from error
    typer.echo(msgspec.json.encode(report) if as_json else _drift_text(report))


def drifts(
    networks: Annotated[list[str] | None, typer.Option("--network", help="none: all 网络，默认全部")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="judge, store no flag 只判定")] = False,
    as_json: _AsJson = False,
) -> None:
    """Judge the drift of every station over the last weeks, and keep the flags. 判定各站漂移并写入标识。"""
    import msgspec

    from console.cli.replay import explained
    from qc.limits.load import ThresholdError
    from qc.run.drift import run_drift
    from store.settings import SharedSettings, load_settings

    settings, now = load_settings(SharedSettings), datetime.now(UTC)
    there = dict.fromkeys(item.network.value for item in settings.stations.instruments.values())
    absent = [code for code in networks or () if code not in there]
    if absent:
        msg = f"network {absent[0]!r} has no instrument; there: {', '.join(there)}"
        raise typer.BadParameter(msg, param_hint="--network")
    with explained("qc drifts"):
        for code in dict.fromkeys(networks or there):
            try:
                found = run_drift(settings, code, now, dry_run=dry_run)
            except ThresholdError as error:
                stop(str(error))
            words = ", ".join(found.drifting) or "none 无"
            typer.echo(
                msgspec.json.encode(found)
                if as_json
                else f"{code:<4} {found.stations} stations 站: drifting 漂移 {words}; {found.hours} h, taken back 撤销 {found.taken_back}"
            )


def _drift_text(report: DriftReport) -> str:
    about = f"{report.station_id} {report.parameter} / {len(report.references)} stations 站, {report.days} days 天"
    if report.level is None:
        return f"{about}: too few days to tell 天数不足"
    figures = (
        f"ln ratio {report.level:+.3f} now 现值, {report.slope_per_day:+.4f} a day 每天 "
        f"({report.slope_low:+.4f} .. {report.slope_high:+.4f}), limit 限值 {report.limit:g}"
    )
    if report.since is None:
        return f"{about}: {figures}: no drift 无漂移"
    return f"{about}: {figures}: SUSPECT 存疑 since 自 {report.since:%Y-%m-%d}, {report.suspect_hours} h"


def _first(moment: datetime | None) -> str:
    return "" if moment is None else f"({moment:%Y-%m-%d %H:%M:%S}Z)"


def marks_of(
    settings: SharedSettings, network: str, station: str, parameter: str, start: datetime
) -> list[dict[str, object]]:
    """Row of ``qc why`` with the values of the hour below the detection limit; empty where there are none."""
    from qc.run.native import marks_of as read_marks

    counts = {
        mark.name.lower(): count for mark, count in read_marks(settings, network, station, parameter, start).items()
    }
    counts.pop("above", None)
    if not any(counts.values()):
        return []
    below, negative, far = counts["below"], counts["negative"], counts["far_below"]
    return [
        {
            "kind": "detection_limit",
            "network": network,
            **counts,
            "en": f"  kept and marked: {below} values below the detection limit, {negative} negative within it, {far} beyond it",
            "zh": f"  保留并标记：{below} 个值低于检出限，{negative} 个为检出限内负值，{far} 个低于负检出限",
        }
    ]
