"""``skyground review list``, ``audit``, ``deadlines`` and ``completeness``."""

from __future__ import annotations

import json
from functools import partial
from typing import Annotated

import typer

from console.cli import shell
from console.cli.review.choice import choose, print_reviews, review_query
from console.cli.review.option import AnyNetwork, AsJson, Network, Parameters, Stations
from console.cli.review.text import due_text
from console.cli.shell.moment import From, OpenFrom, OpenTo, ToNow
from console.cli.shell.page import DEFAULT, Limit, page, tell_more
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
        tell_more("review list", limit, as_json=as_json)
    if not found and not as_json:
        typer.echo("no review 无审核记录")


def audit(
    known: Annotated[str | None, typer.Option("--known", help="a head noted earlier 先前记下的摘要")] = None,
    as_json: AsJson = False,
) -> None:
    """Verify the whole trail; exit status 1 if it does not hold. 校验审核留痕。"""
    import msgspec

    from store.state import StateStore

    with StateStore(shell.settings().state_url) as state:
        state.migrate()
        report = shell.or_exit(partial(state.reviews.audit, known))
    if as_json:
        typer.echo(msgspec.json.encode(report).decode())
    elif report.broken_at is None:
        typer.echo(f"{report.records} records, the chain is whole 留痕完整; head 摘要 {report.head}")
    else:
        typer.echo(f"BROKEN 留痕被破坏: {report.detail}")
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
    """By when what must be reviewed, and how far it is. 审核时限。"""
    import msgspec

    from qc.run.review.progress import review_deadlines

    settings = shell.settings()
    query = review_query(settings, network, begin, end, station=station)
    found = shell.or_exit(partial(review_deadlines, settings, query, shell.now()))
    for item in found:
        if not (left and item.state == "done"):
            typer.echo(
                msgspec.json.encode(item).decode()
                if as_json
                else due_text(item, settings.language.value, settings.stations.timezone)
            )
    if not found and not as_json:
        typer.echo("no hour in these periods 无数据")


def completeness(  # noqa: PLR0917 - typer passes them by name
    network: Network,
    begin: From,
    end: ToNow = None,
    station: Stations = None,
    by_day: Annotated[bool, typer.Option("--by-day", help="civil days instead of months 按日")] = False,
    as_json: AsJson = False,
) -> None:
    """How far the hours of each station and parameter are reviewed, by civil month. 审核完成率（按站点与月份）。"""
    from qc.review.deadline import ReviewPeriod
    from qc.run.review.progress import read_completeness

    own = shell.settings()
    query = review_query(own, network, begin, end, station=station)
    period = ReviewPeriod.DAY if by_day else ReviewPeriod.MONTH
    table = shell.or_exit(partial(read_completeness, own, query, period))
    for row in json.loads(table.to_json(orient="records")):
        if as_json:
            typer.echo(json.dumps(row, ensure_ascii=False))
        elif row["hours"]:
            typer.echo(
                f"{row['station_id']} {row['period']} {row['parameter']}: {row['completeness']:.1%} of {row['hours']} hours 小时 confirmed "
                f"已复核 {row['confirmed']}, signed 已签发 {row['signed']}, flagged 标记 {row['flagged']} (confirmed {row['flagged_confirmed']}), "
                f"stale 依据已变 {row['stale']}"
            )
