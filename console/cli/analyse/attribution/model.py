"""``skyground analyse pmf --stored`` and ``split``: sources of stations from their stored hours."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli import shell
from console.cli.shell.moment import check_order
from console.cli.shell.moment import moment as read_moment
from console.cli.shell.option import AsJson

if TYPE_CHECKING:
    from analysis.receptor.station_model import FactorNetwork, ModelFactor, StationSolution
    from analysis.run.receptor.receptor_model import SplitSummary
    from schemas.words import Words
    from store.settings import SharedSettings


def refit_stored(station_id: str, network: str, *, is_continued: bool, as_json: bool) -> None:
    """Renew the solution of a station from the database and show it."""
    from analysis.run.receptor.receptor_model import refit

    settings, code = shell.settings(), _network(network)
    _check_station(settings, station_id, network)
    found = shell.or_exit(
        lambda: refit(
            settings, datetime.now(UTC), networks=(code,), station_ids={station_id}, is_continued=is_continued
        )
    )
    if found.failed:
        shell.stop("; ".join(_failures(found.failed).values()))
    keys = (*found.solved, *found.insufficient)
    if not keys:
        typer.echo(f"skyground: {shell.text('model.no_hours', station=station_id, network=network)}", err=True)
        raise typer.Exit(1)
    show_solution(settings, keys[0], as_json=as_json)


def split(
    start: Annotated[str | None, typer.Option(help="date or time, as 2026-11-22T08:00[+08:00] 时刻")] = None,
    end: Annotated[str | None, typer.Option(help="date or time, exclusive; default: now 时刻（不含）")] = None,
    station: Annotated[list[str] | None, typer.Option(help="station id, may be repeated; default: all 站点")] = None,
    csv: Annotated[Path | None, typer.Option(help="write the stored contributions of the hours 输出贡献值文件")] = None,
    as_json: AsJson = False,
) -> None:
    """Split hours onto the stored factors of their stations and store it. 将小时值分解到各站已存储的因子并存储。"""
    from analysis.run.receptor.receptor_model import split_hours

    settings, now = shell.settings(), datetime.now(UTC)
    zone = settings.stations.timezone
    until = read_moment(end, zone, "--end", is_end=True) or now
    first = read_moment(start, zone, "--start") or until - timedelta(days=2)
    check_order(first, until, ("--start", "--end"))
    for name in station or ():
        _check_station(settings, name, None)
    ids = set(station) if station else None
    found = shell.or_exit(lambda: split_hours(settings, first, until, station_ids=ids))
    if csv is not None:
        _write_csv(settings, csv, (first, until), ids)
    _show_split(found, as_json=as_json)
    _explain_split(found, until)


def _show_split(found: SplitSummary, *, as_json: bool) -> None:
    import msgspec

    if as_json:
        typer.echo(json.dumps(msgspec.to_builtins(found) | {"failed": _failures(found.failed)}, ensure_ascii=False))
        return
    lacking = len(found.without_solution)
    typer.echo(f"stations={found.stations}  hours={found.hours}  without_solution={lacking}")
    for name, why in _failures(found.failed).items():
        typer.echo(f"{name}  {why}", err=True)


def _explain_split(found: SplitSummary, until: datetime) -> None:
    """Which stations have no solution and how to make one; status 1 where no hour was split."""
    lacking: dict[str, list[str]] = {}
    for series in found.without_solution:
        name, _, network = series.rpartition("/")
        lacking.setdefault(network, []).append(name)
    for network, names in lacking.items():
        explain_lacking(network, names, f"{until:%Y-%m-%d}")
    if found.hours:
        return
    if not lacking and not found.failed:
        typer.echo(f"skyground: {shell.text('model.no_hours_to_split')}", err=True)
    raise typer.Exit(1)


def explain_lacking(network: str, names: list[str], day: str) -> None:
    """Write the stations without a stored solution, and the command that makes one."""
    said = shell.text("model.no_solution", stations=", ".join(names), first=names[0], network=network, day=day)
    typer.echo(f"skyground: {said}", err=True)


def _failures(failed: dict[str, str]) -> dict[str, str]:
    return {name: shell.sentence(text) for name, text in failed.items()}


def _write_csv(settings: SharedSettings, path: Path, span: tuple[datetime, datetime], ids: set[str] | None) -> None:
    """Stored contributions of both networks, a row an hour, station and network."""
    from contextlib import closing

    import pandas as pd

    from analysis.run.receptor.receptor_model import NETWORKS, product_of
    from store.influx.store import InfluxStore

    with closing(InfluxStore(settings)) as store:
        frames = {code: store.read_product(product_of(code), *span) for code in NETWORKS}
    rows = [frame.assign(network=code) for code, frame in frames.items() if len(frame)]
    table = pd.concat(rows) if rows else pd.DataFrame(columns=["station_id", "network"])
    table = table if ids is None else table[table["station_id"].isin(list(ids))]
    try:
        table.rename_axis("start").to_csv(path)
    except OSError as error:
        shell.stop(f"--csv {path}: {error.strerror}")


def _network(network: str) -> FactorNetwork:
    if network == "voc":
        return "voc"
    if network == "pm":
        return "pm"
    msg = f"{network!r}: expected voc or pm"
    raise typer.BadParameter(msg, param_hint="--network")


def _check_station(settings: SharedSettings, station_id: str, network: str | None) -> None:
    known = [item.id for code in (network,) if code for item in settings.stations.stations_of(code)]
    known = known or [item.id for item in settings.stations.station_list]
    if station_id not in known:
        where = f" of network {network}" if network else ""
        msg = f"no station {station_id}{where}; known: {', '.join(known)}"
        raise typer.BadParameter(msg)


def show_solution(settings: SharedSettings, key: str, *, as_json: bool) -> None:
    """Write a stored solution."""
    import msgspec

    from analysis.receptor.station_model import StationSolution
    from analysis.run.receptor.receptor_model import KIND
    from store.state import StateStore

    with StateStore(settings.state_url) as state:
        document = state.documents.get(KIND, key)
    if document is None:
        shell.stop(f"document {key} is gone")
    if as_json:
        typer.echo(json.dumps({"key": key, **_with_texts(document.body)}, ensure_ascii=False))
        return
    solution = msgspec.convert(document.body, StationSolution)
    _write_solution(solution, shell.words())


def _with_texts(body: dict[str, Any]) -> dict[str, Any]:
    """The document with the certainty of its names, and the sentences of its reasons in both languages."""
    from analysis.receptor.source_library import certainty_of
    from schemas.reason import parse_reason
    from schemas.words import render

    reasons = [reason for text in body["reasons"] if (reason := parse_reason(text)) is not None]
    factors = [item | {"certainty": certainty_of(item["kind"], item["score"])} for item in body["factors"]]
    return body | {
        "factors": factors,
        "reasons": [
            {"key": item.key, "figures": dict(item.figures), "zh": render(item, "zh"), "en": render(item, "en")}
            for item in reasons
        ],
    }


def _write_solution(solution: StationSolution, words: Words) -> None:
    from schemas.reason import parse_reason
    from schemas.words import render

    if solution.factors:
        typer.echo(
            words(
                "model.solution", solution=solution.key, hours=solution.hours, days=solution.days,
                species=len(solution.species), factors=len(solution.factors), runs=solution.runs,
                ratio=(solution.q_robust or 0.0) / (solution.q_expected or 1.0), starts=solution.starts,
            )
        )  # fmt: skip
    for factor in solution.factors:
        typer.echo(f"  {factor.number}  {_factor_text(factor, words)}")
    if solution.factors:
        typer.echo(words("model.intervals", runs=solution.runs, blocks=solution.blocks))
    for text in solution.reasons:
        reason = parse_reason(text)
        typer.echo(text if reason is None else render(reason, words.language))


def _name(factor: ModelFactor, words: Words) -> str:
    from analysis.receptor.source_library import Certainty
    from console.view.contributions import MOST_SHOWN

    if factor.certainty is Certainty.UNNAMED:
        return words("model.unnamed", why=str(factor.why), score=factor.score)
    if factor.certainty is Certainty.PERHAPS:
        return words("model.perhaps", kind=factor.kind, score=factor.score)
    shown = min(factor.probability, MOST_SHOWN)
    return words("model.named", kind=factor.kind, probability=shown, score=factor.score)


def _factor_text(factor: ModelFactor, words: Words) -> str:
    name = _name(factor, words)
    ends = "" if factor.mass_low is None else f" [{factor.mass_low:.3g}, {factor.mass_high:.3g}]"
    cosine = "" if factor.cosine is None else f"  cos {factor.cosine:.3f}"
    return f"{name}  {factor.mass:.3g}{ends} ug/m3  {factor.share:.0%}  {', '.join(factor.species)}{cosine}"
