"""``skyground qc scores``: precision and recall of the tests against reviews, and better limits."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli import shell
from console.cli.shell.moment import From, ToNow, span
from console.cli.shell.option import Network, Parameters, Stations

if TYPE_CHECKING:
    from qc.review.reviewer_agreement import Counts, ReviewerAgreement
    from qc.review.threshold_proposal import LimitProposal
    from qc.run.review.agreement import ScoreReport
    from schemas.words import Words


_NAMES = 3
"""Columns of names; figures follow."""
BEST = "no other limit is better"
"""Why `qc.review.threshold_proposal` proposes none."""


def scores(  # noqa: PLR0917 - typer passes them by name
    network: Network,
    begin: From,
    end: ToNow = None,
    station: Stations = None,
    parameter: Parameters = None,
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
        typer.echo(shell.to_json(report))
    else:
        _show(report, shell.words())
    if write is not None:
        _write(write, report)


def _write(path: Path, report: ScoreReport) -> None:
    if path.exists():
        shell.stop(shell.text("scores.exists", path=str(path)))
    path.write_text(report.overrides(), encoding="utf-8")
    better = sum(item.proposed is not None for item in report.proposals)
    typer.echo(shell.text("scores.written", path=str(path), count=better), err=True)


def _show(report: ScoreReport, words: Words) -> None:
    head = {"network": report.network, "reviewed": report.reviewed, "invalid": report.invalid}
    typer.echo(words("scores.head", version=report.version, **head))
    columns = ("test", "parameter", "station", "hits", "false", "missed", "precision", "recall")
    for row in [tuple(words(f"scores.{name}") for name in columns), *(_row(item, words) for item in report.scores)]:
        typer.echo("  ".join(f"{cell:<16}" if at < _NAMES else f"{cell:>9}" for at, cell in enumerate(row)))
    typer.echo(words("scores.proposed"))
    for proposal in report.proposals:
        typer.echo(_proposal(proposal, words))


def _row(item: ReviewerAgreement, words: Words) -> tuple[str, ...]:
    from qc.review.reviewer_agreement import ANY_TEST
    from schemas.words import name_of

    counts = item.counts
    return (
        words("scores.all") if item.test == ANY_TEST else name_of(item.test, words.language),
        item.parameter,
        item.station_id or words("scores.all"),
        str(counts.hits),
        str(counts.false_alarms),
        str(counts.misses),
        _share(counts.precision),
        _share(counts.recall),
    )


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _proposal(item: LimitProposal, words: Words) -> str:
    from qc.limits.limit import tag_of
    from qc.review.threshold_proposal import KNOBS

    present, better = item.present, item.proposed
    head = f"  {tag_of(present)} {item.parameter} ({len(item.stations)}):"
    if better is None:
        return f"{head} {words('scores.best') if item.why == BEST else item.why}"
    names = [name for name in KNOBS[type(present)] if getattr(present, name) != getattr(better, name)]
    change = ", ".join(f"{name} {getattr(present, name):g} -> {getattr(better, name):g}" for name in names)
    hours = words("scores.hours", before=item.hours_before, after=item.hours_after)
    return f"{head} {change} {present.unit}; {hours}; {_pair(item.before, words)} -> {_pair(item.after, words)}"


def _pair(counts: Counts, words: Words) -> str:
    return words("scores.pair", precision=_share(counts.precision), recall=_share(counts.recall))
