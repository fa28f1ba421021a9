"""``skyground qc``: tests, gate, limits and the reasons of flags."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from console.cli import shell
from console.cli.qc import calibration, detector, gate_holds, verdict
from console.cli.qc import native as qc_native
from console.cli.qc.scores import scores
from console.cli.shell.moment import AsOf, At, From, ToNow, moment, span
from console.cli.shell.option import AsJson, Station

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from qc.run.gate.job import GateSummary
    from qc.run.job import QcSummary
    from store.settings import SharedSettings

_Result = TypeVar("_Result")
#: Whole networks are tested at once up to this length.
AT_ONCE = timedelta(days=3)
Networks = Annotated[
    list[str] | None, typer.Option("--network", help="voc ghg pm eco rad gas met; none: all of the network file")
]


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
    qc_native.register(group, limits)
    detector.register(group)
    group.add_typer(gate_holds.build_group(), name="held")
    group.command("scores")(scores)
    calibration.register(group)
    verdict.register(group)
    app.add_typer(group, name="qc")


def run(  # noqa: PLR0917 - typer passes them by name
    begin: From,
    end: ToNow = None,
    network: Networks = None,
    stations: Annotated[
        list[str] | None, typer.Option("--stations", "--station", help="only these, may be repeated 站点")
    ] = None,
    workers: Annotated[int, typer.Option("--workers", min=1, max=64, help="processes 进程数")] = 1,
    everything: Annotated[bool, typer.Option("--all", help="also what has not changed 全部重检")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="list what would be tested 只列出")] = False,
    as_json: AsJson = False,
) -> None:
    """Check native values, make hours, check these. 检验原始值并生成小时值。

    Up to three days of whole networks are tested at once. A longer time, or some stations, by station-months: only days whose
    values or limits changed, in several processes; Ctrl-C ends it, the same command resumes.
    """
    from qc.run import job

    settings, now = shell.settings(), shell.now()
    start, stop = span(begin, end, settings.stations.timezone, now)
    networks = _networks(settings, network)
    if stations or everything or dry_run or workers > 1 or stop - start > AT_ONCE:
        options = {"stations": stations, "workers": workers, "everything": everything, "dry_run": dry_run}
        _run_by_months(settings, (networks, start, stop, now), as_json=as_json, **options)
        return
    for code in networks:
        summary = _or_exit(partial(job.run, settings, code, start, stop, now))
        typer.echo(shell.to_json(summary) if as_json else _run_text(summary))


def _run_by_months(
    settings: SharedSettings,
    what: tuple[list[str], datetime, datetime, datetime],
    *,
    as_json: bool,
    **options: Any,  # noqa: ANN401 - of the command
) -> None:
    from console.cli.qc import run as qc_run
    from qc.run.reprocess.plan import plan

    networks, start, stop, now = what
    everything = bool(options["everything"])
    station_months = _or_exit(lambda: plan(settings, networks, start, stop, stations=options["stations"], now=now))
    if options["dry_run"]:
        _or_exit(lambda: qc_run.dry_run(settings, station_months, now, everything=everything, as_json=as_json))
        return
    done = _or_exit(
        lambda: qc_run.judge_again(settings, station_months, now, workers=options["workers"], everything=everything)
    )
    typer.echo(shell.to_json(done) if as_json else qc_run.summary_text(done))
    if done.left:
        raise typer.Exit(130)


def reopened(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="list the hours only 只列出")] = False,
    as_json: AsJson = False,
) -> None:
    """Re-run quality control for hours re-opened by late and corrected readings. 重新检验被迟到或更正数据重开的小时。"""
    from qc.run import job

    settings, now = shell.settings(), shell.now()
    if dry_run:
        with shell.opened_state("qc reopened", settings) as state:
            for item in state.revisions.list_reopened():
                typer.echo(
                    shell.to_json(item)
                    if as_json
                    else f"{item.hour:%Y-%m-%d %H:%M}Z {item.network:<4} {item.station_id} {item.reason}"
                )
        return
    summaries = _or_exit(lambda: job.run_reopened(settings, now))
    for summary in summaries:
        typer.echo(shell.to_json(summary) if as_json else _run_text(summary))
    if not summaries and not as_json:
        typer.echo(shell.text("reopened.none"))


def gate(  # noqa: PLR0917 - typer passes them by name
    begin: From,
    end: ToNow = None,
    network: Networks = None,
    product: Annotated[
        list[str] | None, typer.Option("--product", help="check a product instead, as aqi_daily 改为检查产品")
    ] = None,
    hourly: Annotated[bool, typer.Option("--hourly", help="every hour is a batch 每小时为一批")] = False,
    as_json: AsJson = False,
) -> None:
    """Check batches of hours, or products, against their suites; exit status 1 if one is held. 质控门禁。"""
    import msgspec

    from qc.run.gate import job as job_gate

    settings, now = shell.settings(), shell.now()
    when = (*span(begin, end, settings.stations.timezone, now), now)
    is_held = False
    for name in product or _networks(settings, network):
        if hourly and not product:
            found = _or_exit(partial(job_gate.gate_hours, settings, name, *when))
        else:
            judge = job_gate.gate_product if product else job_gate.gate
            found = [_or_exit(partial(judge, settings, name, *when))]
        is_held |= any(item.outcome == "hold" for item in found)
        for summary in found:
            plain = gate_holds.with_texts(msgspec.to_builtins(summary))
            typer.echo(shell.to_json(plain) if as_json else _gate_text(summary, plain["failures"], settings.language))
    if is_held:
        raise typer.Exit(1)


def show(
    parameter: Annotated[str, typer.Argument(help="code, as pm25")],
    station: Annotated[str, typer.Option("--station", help="with this station's own limits")] = "",
    month: Annotated[int, typer.Option("--month", min=0, max=12, help="civil month; 0: this one")] = 0,
    as_json: AsJson = False,
) -> None:
    """Show the limits that hold for a parameter. 查看参数的检验限值。"""
    from qc.run.limits import thresholds_of
    from schemas.parameter import parameter as known

    settings = shell.settings()
    item = _or_exit(lambda: known(parameter))
    thresholds = _or_exit(lambda: thresholds_of(settings))
    if station and station not in settings.stations.stations:
        shell.stop(f"unknown station {station!r}")
    at = month or shell.now().astimezone(settings.stations.timezone).month
    for code in sorted(item.networks):
        limits = thresholds.all_of(parameter, network=code, station_id=station, month=at)
        for limit in limits:
            typer.echo(shell.to_json(limit) if as_json else f"{code:<4} {_limit_text(limit)}")
    if not as_json:
        typer.echo(
            f"physical range {item.range_min} .. {item.range_max} {item.unit} ({item.range_source}); file version {thresholds.version}"
        )


def why(
    station: Station,
    parameter: Annotated[str, typer.Option("--parameter", help="code, as pm25")],
    at: At,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Explain the flag of an hour: tests, limits, runs and changes. 说明某小时标识的原因与变更。"""
    from console.query.flag_explanation import explain
    from console.query.flag_text import explanation_lines
    from store.influx.store import InfluxStore
    from store.state import StateStore

    settings = shell.settings()
    zone = settings.stations.timezone
    hour, then = moment(at, zone, "--at"), moment(as_of, zone, "--as-of")
    if station not in settings.stations.stations:
        shell.stop(f"unknown station {station!r}")
    what = {"network": settings.stations, "station_id": station, "parameter": parameter, "at": hour, "as_of": then}
    with closing(InfluxStore(settings)) as store, StateStore(settings.state_url) as state:
        answer = _or_exit(lambda: explain(store, state, **what))  # type: ignore[arg-type]
    marks = [] if then else _marks(settings, station, parameter, hour)
    if as_json:
        lines = [shell.to_json(answer), *(shell.to_json(row) for row in marks)]
    else:
        lines = [
            *explanation_lines(answer, settings.language.value),
            *(str(row[settings.language.value]) for row in marks),
        ]
    for line in lines:
        typer.echo(line)


def _marks(settings: SharedSettings, station: str, parameter: str, moment: datetime) -> list[dict[str, object]]:
    """Values of the hour below the detection limit, by network of the station, and corrections that hold."""
    from schemas.interval import floor_hour

    networks = dict.fromkeys(item.network.value for item in settings.stations.stations[station].instruments)
    start = floor_hour(moment)
    marks = [row for code in networks for row in qc_native.marks_of(settings, code, station, parameter, start)]
    return marks + calibration.corrections_of(settings, station, parameter, start)


def _run_text(summary: QcSummary) -> str:
    native, hourly = _counts(summary.native_flags), _counts(summary.hourly_flags)
    return (
        f"{summary.network:<4} {summary.start:%Y-%m-%dT%H:%MZ} .. {summary.end:%Y-%m-%dT%H:%MZ}: {summary.value_count} values of "
        f"{summary.streams} instruments ({summary.silent} silent), {summary.hours} hourly values, flags: {native}; hourly: {hourly}; "
        f"taken back: {summary.taken_back}; revised: {summary.revised}; without a limit: {_counts(summary.unevaluated)}; {summary.seconds:.1f} s"
    )


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "none"


def _gate_text(summary: GateSummary, failures: Sequence[dict[str, str]], language: str) -> str:
    head = f"{summary.network:<4} {summary.start:%Y-%m-%dT%H:%MZ} .. {summary.end:%Y-%m-%dT%H:%MZ}: {summary.outcome.upper()}"
    lines = [f"  {item['severity']}: {item[language]}" for item in failures]
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


def _networks(settings: SharedSettings, chosen: list[str] | None) -> list[str]:
    there = list(dict.fromkeys(item.network.value for item in settings.stations.instruments.values()))
    for code in chosen or []:
        if code not in there:
            shell.stop(f"network {code!r} has no instrument in {settings.network}; there: {', '.join(there)}")
    return chosen or there


def _or_exit(call: Callable[[], _Result]) -> _Result:
    from schemas.parameter import ParameterError

    return shell.or_exit(call, ParameterError)
