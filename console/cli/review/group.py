"""``skyground review``: propose, confirm and sign verdicts on hours; undo; list; audit; deadlines; store level L2."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli import shell
from console.cli.review.text import draft_text, due_text, filters_text, review_row, review_text
from console.cli.shell.moment import From, OpenFrom, OpenTo, ToNow, open_span, span
from console.cli.shell.named import refuse_unknown
from console.cli.shell.page import DEFAULT, Limit, page, tell_more
from schemas.review import ReviewAction, ReviewReason, ReviewState, ReviewVerdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qc.run.review.query import ReviewQuery
    from qc.run.review.settings import ReviewSettings
    from schemas.review import Review, ReviewDraft

SAMPLE = 5
"""Reviews that are shown before an act on many."""
Network = Annotated[str, typer.Option("--network", help="voc ghg pm eco rad gas met 网络")]
AnyNetwork = Annotated[str | None, typer.Option("--network", help="none: all 网络；默认全部")]
Stations = Annotated[list[str] | None, typer.Option("--station", help="may be repeated; none: all 站点")]
Parameters = Annotated[list[str] | None, typer.Option("--parameter", help="code, may be repeated; none: all 参数")]
Who = Annotated[str, typer.Option("--who", help="name of the reviewer 审核人")]
Note = Annotated[str, typer.Option("--note", help="explanation 说明")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="count and sample only, record nothing 只显示数量与样例")]
Yes = Annotated[bool, typer.Option("--yes", help="needed to act on more than one review 批量操作须确认")]
AsJson = Annotated[bool, typer.Option("--json", help="one JSON object a line")]
Ids = Annotated[list[str] | None, typer.Argument(help="ids of reviews; none: choose by filter 审核编号")]
Bulk = Annotated[str | None, typer.Option("--bulk", help="all reviews of one act on many 同一批次")]


def register(app: typer.Typer) -> None:
    """Add the command group."""
    group = typer.Typer(
        help="Review of hours by people (level L2): three levels, audit trail. 三级审核。", no_args_is_help=True
    )
    for name, call in (
        ("propose", propose),
        ("confirm", confirm),
        ("sign", sign),
        ("return", send_back),
        ("undo", undo),
        ("list", list_),
        ("audit", audit),
        ("deadlines", deadlines),
        ("apply", apply),
        ("completeness", completeness),
    ):
        group.command(name)(call)
    app.add_typer(group, name="review")


def propose(  # noqa: PLR0917 - typer passes them by name
    network: Network,
    begin: From,
    verdict: Annotated[ReviewVerdict, typer.Option("--verdict", help="结论")],
    reason: Annotated[ReviewReason, typer.Option("--reason", help="原因")],
    who: Who,
    end: ToNow = None,
    station: Stations = None,
    parameter: Parameters = None,
    flag: Annotated[list[int] | None, typer.Option("--flag", help="only hours with this flag, 1 2 3 4 9 标识")] = None,
    test: Annotated[list[str] | None, typer.Option("--test", help="only hours this test flagged 检验")] = None,
    above: Annotated[float | None, typer.Option(help="only values above, canonical unit 高于")] = None,
    below: Annotated[float | None, typer.Option(help="only values below, canonical unit 低于")] = None,
    note: Note = "",
    supersede: Annotated[
        bool, typer.Option("--supersede", help="also where another review speaks 覆盖已有审核")
    ] = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Level 1: propose a verdict for the hours that the filter means. 一级审核：提出结论。"""
    from qc.review.selection import Selection
    from qc.run.review.draft import draft_reviews
    from store.state import StateStore

    settings, selection = (
        shell.settings(),
        Selection(flags=tuple(flag or ()), tests=tuple(test or ()), above=above, below=below),
    )
    query = _question(settings, network, begin, end, station=station, parameter=parameter, selection=selection)
    drafts = shell.or_exit(partial(draft_reviews, settings, query, verdict, reason, now=shell.now()))
    if not _go_on([draft_text(item) for item in drafts], drafts, dry_run=dry_run, yes=yes, as_json=as_json):
        return
    with StateStore(settings.state_url) as state:
        state.migrate()
        ids = shell.or_exit(partial(state.reviews.add, drafts, who=who, note=note, at=shell.now(), supersede=supersede))
        _print_reviews(state.reviews.list(ids=ids), as_json=as_json)


def confirm(  # noqa: PLR0917 - typer passes them by name
    who: Who,
    ids: Ids = None,
    bulk: Bulk = None,
    network: AnyNetwork = None,
    station: Stations = None,
    parameter: Parameters = None,
    begin: OpenFrom = None,
    end: OpenTo = None,
    note: Note = "",
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Level 2: confirm proposals of another person. 二级审核：复核确认。"""
    chosen = _choose(ids, bulk, network, station, parameter, begin, end, states=(ReviewState.PROPOSED,))
    _act(ReviewAction.CONFIRM, chosen, who, note, dry_run=dry_run, yes=yes, as_json=as_json)


def sign(  # noqa: PLR0917 - typer passes them by name
    who: Who,
    ids: Ids = None,
    bulk: Bulk = None,
    network: AnyNetwork = None,
    station: Stations = None,
    parameter: Parameters = None,
    begin: OpenFrom = None,
    end: OpenTo = None,
    note: Note = "",
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Level 3: sign what was confirmed. 三级审核：签发。"""
    chosen = _choose(ids, bulk, network, station, parameter, begin, end, states=(ReviewState.CONFIRMED,))
    _act(ReviewAction.SIGN, chosen, who, note, dry_run=dry_run, yes=yes, as_json=as_json)


def send_back(  # noqa: PLR0917 - typer passes them by name
    who: Who,
    note: Note,
    ids: Ids = None,
    bulk: Bulk = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Return reviews to level 1. 退回。"""
    states = (ReviewState.PROPOSED, ReviewState.CONFIRMED)
    chosen = _choose(ids, bulk, None, None, None, None, None, states=states)
    _act(ReviewAction.RETURN, chosen, who, note, dry_run=dry_run, yes=yes, as_json=as_json)


def undo(  # noqa: PLR0917 - typer passes them by name
    who: Who,
    note: Note,
    ids: Ids = None,
    bulk: Bulk = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Withdraw reviews by a new record; the trail keeps both. 撤销（留痕）。"""
    states = (ReviewState.PROPOSED, ReviewState.CONFIRMED, ReviewState.SIGNED)
    chosen = _choose(ids, bulk, None, None, None, None, None, states=states)
    _act(ReviewAction.WITHDRAW, chosen, who, note, dry_run=dry_run, yes=yes, as_json=as_json)


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
    stored = _choose(None, None, network, station, parameter, begin, end, states=states, needed=False, limit=limit + 1)
    found, is_cut = page(stored, limit)
    _print_reviews(found, as_json=as_json, history=True)
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
    query = _question(settings, network, begin, end, station=station)
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


def apply(network: Network, begin: From, end: ToNow = None, station: Stations = None, as_json: AsJson = False) -> None:
    """Store level L2 (hours with the confirmed verdicts) as product reviewed_<network>. 生成 L2 数据。"""
    import msgspec

    from qc.run.review.level2 import apply as apply_reviews

    settings, now = shell.settings(), shell.now()
    query = _question(settings, network, begin, end, station=station)
    done = shell.or_exit(partial(apply_reviews, settings, query, now))
    if as_json:
        typer.echo(msgspec.json.encode(done).decode())
        return
    share = "–" if done.completeness is None else f"{done.completeness:.1%}"
    typer.echo(
        f"{done.network} {done.start:%Y-%m-%dT%H:%MZ} .. {done.end:%Y-%m-%dT%H:%MZ}: {done.hours} hours of {done.stations} stations; "
        f"confirmed 已复核 {done.confirmed} ({share}), signed 已签发 {done.signed}, changed 改判 {done.changed}, stale 依据已变 {done.stale}"
    )


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
    query = _question(own, network, begin, end, station=station)
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


def _act(
    action: ReviewAction, chosen: Sequence[Review], who: str, note: str, *, dry_run: bool, yes: bool, as_json: bool
) -> None:
    from qc.run.review.action import act

    if not _go_on([review_text(item) for item in chosen], chosen, dry_run=dry_run, yes=yes, as_json=as_json):
        return
    done = shell.or_exit(
        partial(act, shell.settings(), [item.id for item in chosen], action, who=who, note=note, now=shell.now())
    )
    _print_reviews(done, as_json=as_json)


def _choose(  # noqa: PLR0917 - one filter an option
    ids: list[str] | None,
    bulk: str | None,
    network: str | None,
    station: list[str] | None,
    parameter: list[str] | None,
    begin: str | None,
    end: str | None,
    *,
    states: tuple[ReviewState, ...],
    needed: bool = True,
    limit: int | None = None,
) -> list[Review]:
    """Reviews that are meant: those named, whatever their state, or those in ``states`` that fit every filter (the newest ``limit``)."""
    from store.state import StateStore

    settings = shell.settings()
    given = (bulk, network, station, parameter, begin, end)
    if needed and not ids and not any(given):
        shell.stop(f"name reviews by id or choose them by {filters_text()}")
    start, stop = open_span(begin, end, settings.stations.timezone)
    with StateStore(settings.state_url) as state:
        state.migrate()
        if ids:
            found = shell.or_exit(partial(state.reviews.list, ids=ids))
            missing = set(ids) - {item.id for item in found}
            if missing:
                shell.stop(f"there is no review {', '.join(sorted(missing))}")
            return found
        found = shell.or_exit(
            partial(
                state.reviews.list,
                network=network,
                stations=station or (),
                parameters=parameter or (),
                start=start,
                end=stop,
                states=states,
                limit=limit,
            )
        )
    if not found:
        refuse_unknown(settings.stations, network=network, stations=station or (), parameters=parameter or ())
    return [item for item in found if bulk is None or item.bulk_id == bulk]


def _go_on(
    texts: Sequence[str], chosen: Sequence[Review | ReviewDraft], *, dry_run: bool, yes: bool, as_json: bool
) -> bool:
    """Show what an act on many would do; True when it may be done."""
    hours = sum(int((item.target.end - item.target.start).total_seconds() // 3600) for item in chosen)
    if not chosen:
        typer.echo("skyground review: nothing fits 没有符合条件的数据", err=True)
        raise typer.Exit(1)
    if dry_run and as_json:
        typer.echo(
            json.dumps({"reviews": len(chosen), "hours": hours, "sample": list(texts[:SAMPLE])}, ensure_ascii=False)
        )
        return False
    if dry_run or (len(chosen) > 1 and not yes):
        typer.echo(f"{len(chosen)} reviews, {hours} hours 共 {len(chosen)} 条审核、{hours} 小时:", err=not dry_run)
        for text in texts[:SAMPLE]:
            typer.echo(f"  {text}", err=not dry_run)
        if len(texts) > SAMPLE:
            typer.echo(f"  ... {len(texts) - SAMPLE} more", err=not dry_run)
    if dry_run:
        return False
    if len(chosen) > 1 and not yes:
        shell.stop("nothing was recorded; say --yes to act on all of them 未记录，确认请加 --yes")
    return True


def _print_reviews(reviews: Sequence[Review], *, as_json: bool, history: bool = False) -> None:
    for item in reviews:
        typer.echo(json.dumps(review_row(item), ensure_ascii=False) if as_json else review_text(item))
        for one in item.steps if history and not as_json else ():
            typer.echo(f"    {one.position:>6} {one.at:%Y-%m-%d %H:%M}Z {one.action:<8} {one.who} {one.note}")


def _question(
    settings: ReviewSettings,
    network: str,
    begin: str,
    end: str | None,
    *,
    station: list[str] | None = None,
    parameter: list[str] | None = None,
    selection: object = None,
) -> ReviewQuery:
    from qc.review.selection import Selection
    from qc.run.review.query import ReviewQuery

    start, stop = span(begin, end, settings.stations.timezone, shell.now())
    return ReviewQuery(
        network=network,
        start=start,
        end=stop,
        stations=tuple(station or ()),
        parameters=tuple(parameter or ()),
        selection=selection if isinstance(selection, Selection) else Selection(),
    )
