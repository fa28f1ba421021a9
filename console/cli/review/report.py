"""``skyground review list``, ``audit``, ``deadlines`` and ``completeness``."""

from __future__ import annotations

import json
from functools import partial
from typing import Annotated

import typer

from console.cli import shell
from console.cli.review.choice import choose, print_reviews, review_query
from console.cli.review.option import AnyNetwork
from console.cli.review.text import due_text
from console.cli.shell.moment import From, OpenFrom, OpenTo, ToNow
from console.cli.shell.option import AsJson, Network, Parameters, Stations
from console.cli.shell.page import DEFAULT, Limit, note_limit, page
from schemas.review import ReviewState


def list_(  # noqa: PLR0917 - typer passes them by name
    network: AnyNetwork = None,
    station: Stations = None,
    parameter: Parameters = None,
    begin: OpenFrom = None,
    end: OpenTo = None,
    state: Annotated[list[ReviewState] | None, typer.Option("--state", help="状态")] = None,
    limit: Limit = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Reviews with their history, those proposed last first. 审核列表，最新在前。"""
    states = tuple(state or ())
    stored = choose(None, None, network, station, parameter, begin, end, states=states, needed=False, limit=limit + 1)
    found, is_cut = page(stored, limit)
    print_reviews(found, as_json=as_json, history=True)
    if is_cut:
        note_limit("review list", limit, as_json=as_json)
    if not found and not as_json:
        typer.echo(shell.text("review.none"))


def audit(
    known: Annotated[str | None, typer.Option("--known", help="a head noted earlier 先前记下的摘要")] = None,
    as_json: AsJson = False,
) -> None:
    """Verify the whole trail; exit status 1 if it does not hold. 校验审核留痕。"""
    with shell.opened_state("review", shell.settings()) as state:
        report = shell.or_exit(partial(state.reviews.audit, known))
    if as_json:
        typer.echo(shell.to_json(report))
    elif report.broken_at is None:
        typer.echo(shell.text("review.whole", count=report.records, head=report.head))
    else:
        typer.echo(shell.text("review.broken", detail=report.detail))
    if report.broken_at is not None:
        raise typer.Exit(1)


def deadlines(  # noqa: PLR0917 - typer passes them by name
    network: Network,
    begin: From,
    end: ToNow = None,
    station: Stations = None,
    left: Annotated[bool, typer.Option("--left", help="only what is not done 只列未完成")] = False,
    as_json: AsJson = False,
) -> None:
    """Review deadlines and progress. 审核时限。"""
    from qc.run.review.progress import review_deadlines

    settings = shell.review_settings()
    query = review_query(settings, network, begin, end, station=station)
    found = shell.or_exit(partial(review_deadlines, settings, query, shell.now()))
    words, zone = shell.words(), settings.stations.timezone
    for item in found:
        if not (left and item.state == "done"):
            typer.echo(shell.to_json(item) if as_json else due_text(item, words, zone))
    if not found and not as_json:
        typer.echo(words("review.no_hours"))


def completeness(  # noqa: PLR0917 - typer passes them by name
    network: Network,
    begin: From,
    end: ToNow = None,
    station: Stations = None,
    by_day: Annotated[bool, typer.Option("--by-day", help="civil days instead of months 按日")] = False,
    as_json: AsJson = False,
) -> None:
    """Share of reviewed hours of each station and parameter, by civil month. 审核完成率（按站点与月份）。"""
    from qc.review.deadline import ReviewPeriod
    from qc.run.review.progress import read_completeness

    own = shell.review_settings()
    query = review_query(own, network, begin, end, station=station)
    period = ReviewPeriod.DAY if by_day else ReviewPeriod.MONTH
    table = shell.or_exit(partial(read_completeness, own, query, period))
    words = shell.words()
    for row in json.loads(table.to_json(orient="records")):
        if as_json:
            typer.echo(json.dumps(row, ensure_ascii=False))
        elif row["hours"]:
            typer.echo(words("review.share", **row | {"share": f"{row['completeness']:.1%}"}))
