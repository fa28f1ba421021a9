"""``skyground qc scores``: how good the tests are, by what reviewers said, and which limits would be better."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli import shell
from console.cli.qc.moment import to_json
from console.cli.shell.moment import From, ToNow, span

if TYPE_CHECKING:
    from qc.review.reviewer_agreement import Counts, ReviewerAgreement
    from qc.review.threshold_proposal import LimitProposal
    from qc.run.review.agreement import ScoreReport


def scores(  # noqa: PLR0917 - typer passes them by name
    network: Annotated[str, typer.Option("--network", help="voc ghg pm eco rad gas met 网络")],
    begin: From,
    end: ToNow = None,
    station: Annotated[list[str] | None, typer.Option("--station", help="may be repeated; none: all 站点")] = None,
    parameter: Annotated[list[str] | None, typer.Option("--parameter", help="may be repeated; none: all 参数")] = None,
    write: Annotated[
        Path | None, typer.Option("--write", help="write the proposed limits to this file 写出建议限值文件")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object")] = False,
) -> None:
    """Precision and recall of every test by reviewers' verdicts; better limits. 以审核结果评价检验并建议限值。"""
    from qc.run.review.agreement import score_reviews
    from qc.run.review.query import ReviewQuery

    own = shell.settings()
    start, stop = span(begin, end, own.stations.timezone, shell.now())
    query = ReviewQuery(
        network=network,
        start=start,
        end=stop,
        stations=tuple(station or ()),
        parameters=tuple(parameter or ()),
    )
    report = shell.or_exit(partial(score_reviews, own, query))
    if as_json:
        typer.echo(to_json(report))
    else:
        _show(report, own.language.value)
    if write is not None:
        _write(write, report)


def _write(path: Path, report: ScoreReport) -> None:
    if path.exists():
        shell.stop(f"{path} exists; limits in force are not overwritten 文件已存在，不覆盖")
    path.write_text(report.overrides(), encoding="utf-8")
    better = sum(item.proposed is not None for item in report.proposals)
    typer.echo(
        f"{path}: {better} limits; not in force until it is in the folder of the network file 尚未生效", err=True
    )


def _show(report: ScoreReport, language: str) -> None:
    chinese = language == "zh"
    typer.echo(
        f"{report.network}：已审核 {report.reviewed} 小时，其中无效 {report.invalid}；限值版本 {report.version}"
        if chinese
        else f"{report.network}: {report.reviewed} reviewed hours, {report.invalid} invalid; thresholds {report.version}"
    )
    head = (
        ("检验", "参数", "站点", "命中", "误报", "漏报", "准确率", "召回率")
        if chinese
        else ("test", "parameter", "station", "hits", "false", "missed", "precision", "recall")
    )
    rows = [head, *(_row(item, chinese=chinese) for item in report.scores)]
    for row in rows:
        typer.echo(
            "  ".join(
                f"{cell:<16}" if at < len(("test", "parameter", "station")) else f"{cell:>9}"
                for at, cell in enumerate(row)
            )
        )
    typer.echo("建议限值" if chinese else "proposed limits")
    for proposal in report.proposals:
        typer.echo(_proposal(proposal, chinese=chinese))


def _row(item: ReviewerAgreement, *, chinese: bool) -> tuple[str, ...]:
    from qc.review.reviewer_agreement import ANY_TEST
    from schemas.words import name_of

    name = item.test
    if chinese:
        name = "全部" if name == ANY_TEST else name_of(name, "zh")
    counts = item.counts
    everywhere = "全部" if chinese else "all"
    return (
        name,
        item.parameter,
        item.station_id or everywhere,
        str(counts.hits),
        str(counts.false_alarms),
        str(counts.misses),
        _share(counts.precision),
        _share(counts.recall),
    )


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _proposal(item: LimitProposal, *, chinese: bool) -> str:
    from qc.review.threshold_proposal import KNOBS

    test = item.present.__struct_config__.tag
    names = KNOBS[type(item.present)]
    if item.proposed is None:
        return f"  {test} {item.parameter} ({len(item.stations)}): {_WHY_ZH.get(item.why, item.why) if chinese else item.why}"
    change = ", ".join(
        f"{name} {getattr(item.present, name):g} -> {getattr(item.proposed, name):g}"
        for name in names
        if getattr(item.present, name) != getattr(item.proposed, name)
    )
    hours = "标记小时数" if chinese else "hours flagged"
    return (
        f"  {test} {item.parameter} ({len(item.stations)}): {change} {item.present.unit}; {hours} {item.hours_before} -> "
        f"{item.hours_after}; {_pair(item.before, chinese=chinese)} -> {_pair(item.after, chinese=chinese)}"
    )


_WHY_ZH = {"no other limit is better": "现有限值已最佳"}


def _pair(counts: Counts, *, chinese: bool) -> str:
    words = ("准确率", "召回率") if chinese else ("precision", "recall")
    return f"{words[0]} {_share(counts.precision)} {words[1]} {_share(counts.recall)}"
