"""``skyground qc``: run the checks, ask the gate, look at limits and at the reasons of flags."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Annotated, NoReturn, TypeVar

import typer

from console.cli import qc_calibration, qc_verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from qc.job import GateSummary, QcSummary
    from store.settings import SharedSettings

_Result = TypeVar("_Result")
From = Annotated[
    str, typer.Option("--from", help="2026-11-22 or 2026-11-22T08:00[+08:00]; without an offset in the network's zone")
]
To = Annotated[str | None, typer.Option("--to", help="end, not included; none: now")]
Networks = Annotated[
    list[str] | None, typer.Option("--network", help="voc ghg pm eco rad gas met; none: all of the network file")
]
AsJson = Annotated[bool, typer.Option("--json", help="one JSON object a line")]


def register(app: typer.Typer) -> None:
    """Add the command group."""
    group = typer.Typer(help="Quality control: checks, gate, limits, reasons. 质量控制。", no_args_is_help=True)
    group.command("run")(run)
    group.command("reopened")(reopened)
    group.command("gate")(gate)
    group.command("why")(why)
    limits = typer.Typer(help="Limits of the tests. 检验限值。", no_args_is_help=True)
    limits.command("show")(show)
    group.add_typer(limits, name="thresholds")
    qc_calibration.register(group)
    qc_verdict.register(group)
    app.add_typer(group, name="qc")


def run(begin: From, end: To = None, network: Networks = None, as_json: AsJson = False) -> None:
    """Check native values, make hours, check these. 检验原始值并生成小时值。"""
    from qc import job

    settings, now = _settings(), _now()
    start, stop = _moment(settings, begin), _end(settings, end, now)
    for code in _networks(settings, network):
        summary = _or_exit(partial(job.run, settings, code, start, stop, now))
        typer.echo(_json(summary) if as_json else _run_text(summary))


def reopened(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="list the hours only 只列出")] = False,
    as_json: AsJson = False,
) -> None:
    """Judge the hours anew that late and corrected readings have re-opened. 重新检验被迟到或更正数据重开的小时。"""
    from qc import job
    from store.state import StateStore

    settings, now = _settings(), _now()
    if dry_run:
        with StateStore(settings.state_url) as state:
            state.migrate()
            for item in state.list_reopened():
                typer.echo(
                    _json(item)
                    if as_json
                    else f"{item.hour:%Y-%m-%d %H:%M}Z {item.network:<4} {item.station_id} {item.reason}"
                )
        return
    summaries = _or_exit(lambda: job.run_reopened(settings, now))
    for summary in summaries:
        typer.echo(_json(summary) if as_json else _run_text(summary))
    if not summaries and not as_json:
        typer.echo("no hour waits 无待检小时")


def gate(begin: From, end: To = None, network: Networks = None, as_json: AsJson = False) -> None:
    """Judge batches of hours; exit status 1 if one is held. 数据质量关卡。"""
    from qc import job

    settings, now = _settings(), _now()
    start, stop = _moment(settings, begin), _end(settings, end, now)
    held = False
    for code in _networks(settings, network):
        summary = _or_exit(partial(job.gate, settings, code, start, stop, now))
        held |= summary.outcome == "hold"
        typer.echo(_json(summary) if as_json else _gate_text(summary, settings.language))
    if held:
        raise typer.Exit(1)


def show(
    parameter: Annotated[str, typer.Argument(help="code, as pm25")],
    station: Annotated[str, typer.Option("--station", help="with this station's own limits")] = "",
    month: Annotated[int, typer.Option("--month", min=0, max=12, help="civil month; 0: this one")] = 0,
    as_json: AsJson = False,
) -> None:
    """Show the limits that hold for a parameter. 查看参数的检验限值。"""
    from qc.job import thresholds_of
    from schemas.parameter import parameter as known

    settings = _settings()
    item = _or_exit(lambda: known(parameter))
    thresholds = _or_exit(lambda: thresholds_of(settings))
    if station and station not in settings.stations.stations:
        _stop(f"unknown station {station!r}")
    at = month or _now().astimezone(settings.stations.timezone).month
    for code in sorted(item.networks):
        limits = thresholds.all_of(parameter, network=code, station_id=station, month=at)
        for limit in limits:
            typer.echo(_json(limit) if as_json else f"{code:<4} {_limit_text(limit)}")
    if not as_json:
        typer.echo(
            f"physical range {item.range_min} .. {item.range_max} {item.unit} ({item.range_source}); file version {thresholds.version}"
        )


def why(
    station: Annotated[str, typer.Option("--station", help="station id")],
    parameter: Annotated[str, typer.Option("--parameter", help="code, as pm25")],
    at: Annotated[str, typer.Option("--at", help="any moment of the hour")],
    as_json: AsJson = False,
) -> None:
    """Say why an hour has its flag. 说明某小时标识的原因。"""
    from schemas.interval import floor_hour
    from store.influx import Bucket, InfluxStore

    settings = _settings()
    start = floor_hour(_moment(settings, at))
    if station not in settings.stations.stations:
        _stop(f"unknown station {station!r}")
    store, found = InfluxStore(settings), []
    for code in dict.fromkeys(item.network.value for item in settings.stations.stations[station].instruments):
        hours = store.read_hourly(code, station, start, start + timedelta(hours=1))
        if parameter in hours and len(hours):
            found.append(_hour(code, hours, parameter))
        for bucket in (Bucket.HOURLY, Bucket.NATIVE):
            flags = store.read_flags(bucket, code, start, start + timedelta(hours=1), station)
            found += _reasons(flags[flags["parameter"] == parameter], bucket.value)
    store.close()
    found += qc_calibration.corrections_of(settings, station, parameter, start)
    if as_json:
        for row in found:
            typer.echo(json.dumps(row, ensure_ascii=False))
        return
    for row in found or [{"en": "nothing stored for that hour", "zh": "该小时没有存储数据"}]:
        typer.echo(row[settings.language.value])


def _hour(network: str, hours: pd.DataFrame, parameter: str) -> dict[str, object]:
    from qc.wording import FLAG_NAMES_ZH, figure
    from schemas.flag import Flag
    from schemas.parameter import parameter as known

    row, unit = hours.iloc[0], known(parameter).unit
    flag, count, value = Flag(int(row[parameter + "__flag"])), int(row[parameter + "__n"]), float(row[parameter])
    return {
        "kind": "hour",
        "network": network,
        "flag": int(flag),
        "value": None if value != value else value,  # noqa: PLR0124 - NaN
        "count": count,
        "en": f"{network} {parameter}: {figure(value)} {unit} from {count} values, {flag.name}",
        "zh": f"{network} {parameter}：{figure(value)} {unit}，{count} 个有效值，{FLAG_NAMES_ZH[flag]}",
    }


def _reasons(flags: pd.DataFrame, bucket: str) -> list[dict[str, object]]:
    """One row for each kind of reason: a test, its first words, how often and from when to when."""
    from qc.wording import FLAG_NAMES_ZH, TESTS, in_chinese
    from schemas.flag import Flag

    rows: list[dict[str, object]] = []
    for _, group in flags.groupby(["test", "flag"], sort=False):
        first = group.iloc[0]
        test, flag = str(first["test"]), Flag(int(first["flag"]))
        times = (
            "" if len(group) == 1 else f" (x{len(group)}, {first['start']:%H:%M}-{group.iloc[-1]['start']:%H:%M} UTC)"
        )
        known = TESTS.get(test)
        names = (known.name_en, known.name_zh) if known else (test, test)
        rows.append(
            {
                "kind": bucket,
                "test": test,
                "flag": int(flag),
                "count": len(group),
                "start": first["start"].isoformat(),
                "en": f"  {flag.name} {names[0]}: {first['reason']}{times}",
                "zh": f"  {FLAG_NAMES_ZH[flag]} {names[1]}：{in_chinese(test, first['reason'])}{times}",
            }
        )
    return rows


def _run_text(summary: QcSummary) -> str:
    native, hourly = _counts(summary.native_flags), _counts(summary.hourly_flags)
    return (
        f"{summary.network:<4} {summary.start:%Y-%m-%dT%H:%MZ} .. {summary.end:%Y-%m-%dT%H:%MZ}: {summary.value_count} values of "
        f"{summary.streams} instruments ({summary.silent} silent), {summary.hours} hourly values, flags: {native}; hourly: {hourly}; "
        f"taken back: {summary.taken_back}; without a limit: {_counts(summary.unevaluated)}; {summary.seconds:.1f} s"
    )


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "none"


def _gate_text(summary: GateSummary, language: str) -> str:
    head = f"{summary.network:<4} {summary.start:%Y-%m-%dT%H:%MZ} .. {summary.end:%Y-%m-%dT%H:%MZ}: {summary.outcome.upper()}"
    lines = [f"  {item.severity.value}: {item.zh if language == 'zh' else item.en}" for item in summary.failures]
    return "\n".join(
        [f"{head} ({summary.evaluated} expectations, {len(summary.skipped)} skipped) {summary.page}", *lines]
    )


def _limit_text(limit: object) -> str:
    import msgspec

    fields = {name: value for name, value in msgspec.to_builtins(limit).items() if value not in (None, [], "")}
    test, source = fields.pop("test"), fields.pop("source")
    verified = "verified" if fields.pop("verified") else "not verified"
    for name in ("parameters", "groups"):
        fields.pop(name, None)
    return f"{test:<15} {' '.join(f'{name}={value}' for name, value in fields.items())} ({source}; {verified})"


def _json(item: object) -> str:
    import msgspec

    return msgspec.json.encode(item).decode()


def _settings() -> SharedSettings:
    from store.settings import SharedSettings, load_settings

    return load_settings(SharedSettings)


def _now() -> datetime:
    from datetime import UTC

    return datetime.now(UTC)


def _moment(settings: SharedSettings, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        _stop(f"{text!r} is no time, expected 2026-11-22 or 2026-11-22T08:00")
    return moment if moment.tzinfo else moment.replace(tzinfo=settings.stations.timezone)


def _end(settings: SharedSettings, text: str | None, now: datetime) -> datetime:
    return now if text is None else _moment(settings, text)


def _networks(settings: SharedSettings, chosen: list[str] | None) -> list[str]:
    there = list(dict.fromkeys(item.network.value for item in settings.stations.instruments.values()))
    for code in chosen or []:
        if code not in there:
            _stop(f"network {code!r} has no instrument in {settings.network}; there: {', '.join(there)}")
    return chosen or there


def _stop(words: str) -> NoReturn:
    typer.echo(f"skyground qc: {words}", err=True)
    raise typer.Exit(2)


def _or_exit(call: Callable[[], _Result]) -> _Result:
    """Run one step; an error that a person can act on ends the command with its words."""
    from qc.job import QcError
    from schemas.parameter import ParameterError
    from store.error import StoreError

    try:
        return call()
    except (QcError, StoreError, ParameterError, ValueError) as error:
        _stop(str(error))
