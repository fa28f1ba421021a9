"""``skyground qc thresholds derive`` and ``skyground qc arrivals``; marks of the detection limit for ``skyground qc why``."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from store.settings import SharedSettings

_AsJson = Annotated[bool, typer.Option("--json", help="one JSON object a line 每行一个 JSON")]
_DAY = timedelta(days=1)


def register(group: typer.Typer, limits: typer.Typer) -> None:
    """Add the commands to ``qc`` and to ``qc thresholds``."""
    group.command("arrivals")(arrivals)
    limits.command("derive")(derive)


def derive(
    parameter: Annotated[str, typer.Argument(help="code, as temperature 参数代码")],
    station: Annotated[str, typer.Option("--station", help="station id 站点")],
    start: Annotated[str, typer.Option("--from", help="ISO 8601; best whole years 起始")],
    end: Annotated[str | None, typer.Option("--to", help="default: now 截止")] = None,
    widening: Annotated[
        float, typer.Option("--widening", min=1.0, help="times the distance of the 10 % and 90 % quantiles 放宽倍数")
    ] = 5.0,
) -> None:
    """Print the spans a station's stored hours keep by month and hour, as a limit. 由站点小时数据推导气候范围限值。

    Append it to thresholds.toml beside the network file. 可追加到站网文件旁的 thresholds.toml。
    """
    from console.cli.replay import explained, moment
    from qc.job_native import derive_climatology
    from schemas.parameter import ParameterError
    from schemas.parameter import parameter as known
    from store.settings import SharedSettings, load_settings

    settings = load_settings(SharedSettings)
    if station not in settings.stations.stations:
        msg = f"unknown station {station!r}"
        raise typer.BadParameter(msg, param_hint="--station")
    first = moment(start, settings.zone, "--from")
    last = moment(end, settings.zone, "--to") or datetime.now(UTC)
    assert first is not None, "required"
    with explained("qc thresholds derive"):
        try:
            known(parameter)
            typer.echo(derive_climatology(settings, station, parameter, first, last, widening=widening), nl=False)
        except (ValueError, ParameterError) as error:
            raise typer.BadParameter(str(error)) from error


def arrivals(
    start: Annotated[str | None, typer.Option("--from", help="of reception, ISO 8601; default: 24 h ago 起始")] = None,
    end: Annotated[str | None, typer.Option("--to", help="default: now 截止")] = None,
    station: Annotated[str | None, typer.Option(help="only this station 站点")] = None,
    show_all: Annotated[bool, typer.Option("--all", help="instruments without a finding too 列出全部仪器")] = False,
    as_json: _AsJson = False,
) -> None:
    """Readings that came with a time that was there already, or before an earlier one. 重复与倒退的时间。"""
    import msgspec

    from console.cli.replay import explained, moment, progress_line
    from ingest.settings import CollectorSettings
    from qc.job_native import read_arrivals
    from store.rawlog import RawLog
    from store.settings import load_settings

    settings = load_settings(CollectorSettings)
    last = moment(end, settings.zone, "--to") or datetime.now(UTC)
    first = moment(start, settings.zone, "--from") or last - _DAY
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


def _first(moment: datetime | None) -> str:
    return "" if moment is None else f"({moment:%Y-%m-%d %H:%M:%S}Z)"


def marks_of(
    settings: SharedSettings, network: str, station: str, parameter: str, start: datetime
) -> list[dict[str, object]]:
    """Row of ``qc why`` that tells how many values of the hour are below the detection limit; none where none is."""
    from qc.job_native import marks_of as read_marks

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
