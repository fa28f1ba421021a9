"""``skyground review``: propose, confirm and sign verdicts on hours; undo; list; audit; deadlines; store level L2."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli import shell
from console.cli.review.choice import choose, go_on, print_reviews, review_query
from console.cli.review.option import (
    AnyNetwork,
    AsJson,
    Bulk,
    DryRun,
    Ids,
    Network,
    Note,
    Parameters,
    Stations,
    Who,
    Yes,
)
from console.cli.review.report import audit, completeness, deadlines, list_
from console.cli.review.text import draft_text, review_text
from console.cli.shell.moment import From, OpenFrom, OpenTo, ToNow
from schemas.review import ReviewAction, ReviewReason, ReviewState, ReviewVerdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from schemas.review import Review


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
        bool, typer.Option("--supersede", help="also hours with an active review 覆盖已有审核")
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
    query = review_query(settings, network, begin, end, station=station, parameter=parameter, selection=selection)
    drafts = shell.or_exit(partial(draft_reviews, settings, query, verdict, reason, now=shell.now()))
    if not go_on([draft_text(item) for item in drafts], drafts, dry_run=dry_run, yes=yes, as_json=as_json):
        return
    with StateStore(settings.state_url) as state:
        state.migrate()
        ids = shell.or_exit(partial(state.reviews.add, drafts, who=who, note=note, at=shell.now(), supersede=supersede))
        print_reviews(state.reviews.list(ids=ids), as_json=as_json)


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
    chosen = choose(ids, bulk, network, station, parameter, begin, end, states=(ReviewState.PROPOSED,))
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
    chosen = choose(ids, bulk, network, station, parameter, begin, end, states=(ReviewState.CONFIRMED,))
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
    chosen = choose(ids, bulk, None, None, None, None, None, states=states)
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
    chosen = choose(ids, bulk, None, None, None, None, None, states=states)
    _act(ReviewAction.WITHDRAW, chosen, who, note, dry_run=dry_run, yes=yes, as_json=as_json)


def apply(network: Network, begin: From, end: ToNow = None, station: Stations = None, as_json: AsJson = False) -> None:
    """Store level L2 (hours with the confirmed verdicts) as product reviewed_<network>. 生成 L2 数据。"""
    import msgspec

    from qc.run.review.level2 import apply as apply_reviews

    settings, now = shell.settings(), shell.now()
    query = review_query(settings, network, begin, end, station=station)
    done = shell.or_exit(partial(apply_reviews, settings, query, now))
    if as_json:
        typer.echo(msgspec.json.encode(done).decode())
        return
    share = "–" if done.completeness is None else f"{done.completeness:.1%}"
    typer.echo(
        f"{done.network} {done.start:%Y-%m-%dT%H:%MZ} .. {done.end:%Y-%m-%dT%H:%MZ}: {done.hours} hours of {done.stations} stations; "
        f"confirmed 已复核 {done.confirmed} ({share}), signed 已签发 {done.signed}, changed 改判 {done.changed}, stale 依据已变 {done.stale}"
    )


def _act(
    action: ReviewAction, chosen: Sequence[Review], who: str, note: str, *, dry_run: bool, yes: bool, as_json: bool
) -> None:
    from qc.run.review.action import act

    if not go_on([review_text(item) for item in chosen], chosen, dry_run=dry_run, yes=yes, as_json=as_json):
        return
    done = shell.or_exit(
        partial(act, shell.settings(), [item.id for item in chosen], action, who=who, note=note, now=shell.now())
    )
    print_reviews(done, as_json=as_json)
