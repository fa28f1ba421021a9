"""``skyground review``: propose, confirm and sign verdicts on hours; undo; list; audit; deadlines; store level L2."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli import shell
from console.cli.review import option
from console.cli.review.choice import choose, go_on, print_reviews, review_query
from console.cli.review.report import audit, completeness, deadlines, list_
from console.cli.review.text import draft_text, review_text
from console.cli.shell.moment import From, OpenFrom, OpenTo, ToNow
from console.cli.shell.option import AsJson, Network, Parameters, Stations
from schemas.review import ReviewAction, ReviewReason, ReviewState, ReviewVerdict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from schemas.review import Review


def register(app: typer.Typer) -> None:
    """Add the command group."""
    group = typer.Typer(
        help="Review of hours by people (level L2): three levels, audit trail. 三级审核。", no_args_is_help=True
    )
    proposed, confirmed, signed = ReviewState.PROPOSED, ReviewState.CONFIRMED, ReviewState.SIGNED
    group.command("propose")(propose)
    group.command("confirm", help="Level 2: confirm proposals of another person. 二级审核：复核确认。")(
        _on_many(ReviewAction.CONFIRM, proposed)
    )
    group.command("sign", help="Level 3: sign what was confirmed. 三级审核：签发。")(
        _on_many(ReviewAction.SIGN, confirmed)
    )
    group.command("return", help="Return reviews to level 1. 退回。")(
        _on_named(ReviewAction.RETURN, proposed, confirmed)
    )
    group.command("undo", help="Withdraw reviews by a new record; the trail keeps both. 撤销（留痕）。")(
        _on_named(ReviewAction.WITHDRAW, proposed, confirmed, signed)
    )
    for name, call in (("list", list_), ("audit", audit), ("deadlines", deadlines), ("apply", apply)):
        group.command(name)(call)
    group.command("completeness")(completeness)
    app.add_typer(group, name="review")


def propose(  # noqa: PLR0917 - typer passes them by name
    network: Network,
    begin: From,
    verdict: Annotated[ReviewVerdict, typer.Option("--verdict", help="结论")],
    reason: Annotated[ReviewReason, typer.Option("--reason", help="原因")],
    who: option.Reviewer,
    end: ToNow = None,
    station: Stations = None,
    parameter: Parameters = None,
    flag: Annotated[list[int] | None, typer.Option("--flag", help="only hours with this flag, 1 2 3 4 9 标识")] = None,
    test: Annotated[list[str] | None, typer.Option("--test", help="only hours this test flagged 检验")] = None,
    above: Annotated[float | None, typer.Option(help="only values above, canonical unit 高于")] = None,
    below: Annotated[float | None, typer.Option(help="only values below, canonical unit 低于")] = None,
    note: option.Note = "",
    supersede: Annotated[
        bool, typer.Option("--supersede", help="also hours with an active review 覆盖已有审核")
    ] = False,
    dry_run: option.DryRun = False,
    yes: option.Yes = False,
    as_json: AsJson = False,
) -> None:
    """Level 1: propose a verdict for the hours that match the filter. 一级审核：提出结论。"""
    from qc.review.selection import Selection
    from qc.run.review.draft import draft_reviews

    settings, words = shell.review_settings(), shell.words()
    selection = Selection(flags=tuple(flag or ()), tests=tuple(test or ()), above=above, below=below)
    query = review_query(settings, network, begin, end, station=station, parameter=parameter, selection=selection)
    drafts = shell.or_exit(partial(draft_reviews, settings, query, verdict, reason, now=shell.now()))
    if not go_on([draft_text(item, words) for item in drafts], drafts, dry_run=dry_run, yes=yes, as_json=as_json):
        return
    with shell.opened_state("review", settings) as state:
        ids = shell.or_exit(partial(state.reviews.add, drafts, who=who, note=note, at=shell.now(), supersede=supersede))
        print_reviews(state.reviews.list(ids=ids), as_json=as_json)


def _on_many(action: ReviewAction, state: ReviewState) -> Callable[..., None]:
    """Command that takes reviews in a state one level up."""

    def command(  # noqa: PLR0917 - typer passes them by name
        who: option.Reviewer,
        ids: option.Ids = None,
        bulk: option.Bulk = None,
        network: option.AnyNetwork = None,
        station: Stations = None,
        parameter: Parameters = None,
        begin: OpenFrom = None,
        end: OpenTo = None,
        note: option.Note = "",
        dry_run: option.DryRun = False,
        yes: option.Yes = False,
        as_json: AsJson = False,
    ) -> None:
        chosen = choose(ids, bulk, network, station, parameter, begin, end, states=(state,))
        _act(action, chosen, who, note, dry_run=dry_run, yes=yes, as_json=as_json)

    return command


def _on_named(action: ReviewAction, *states: ReviewState) -> Callable[..., None]:
    """Command that acts on reviews by id or bulk."""

    def command(  # noqa: PLR0917 - typer passes them by name
        who: option.Reviewer,
        note: option.Note,
        ids: option.Ids = None,
        bulk: option.Bulk = None,
        dry_run: option.DryRun = False,
        yes: option.Yes = False,
        as_json: AsJson = False,
    ) -> None:
        chosen = choose(ids, bulk, None, None, None, None, None, states=states)
        _act(action, chosen, who, note, dry_run=dry_run, yes=yes, as_json=as_json)

    return command


def apply(network: Network, begin: From, end: ToNow = None, station: Stations = None, as_json: AsJson = False) -> None:
    """Store level L2 (hours with the confirmed verdicts) as product reviewed_<network>. 生成 L2 数据。"""
    import msgspec

    from qc.run.review.level2 import apply as apply_reviews

    settings, now = shell.review_settings(), shell.now()
    query = review_query(settings, network, begin, end, station=station)
    done = shell.or_exit(partial(apply_reviews, settings, query, now))
    if as_json:
        typer.echo(shell.to_json(done))
        return
    shown = msgspec.structs.asdict(done) | {
        "start": f"{done.start:%Y-%m-%dT%H:%MZ}",
        "end": f"{done.end:%Y-%m-%dT%H:%MZ}",
        "share": "–" if done.completeness is None else f"{done.completeness:.1%}",
    }
    typer.echo(shell.text("review.applied", **shown))


def _act(
    action: ReviewAction, chosen: Sequence[Review], who: str, note: str, *, dry_run: bool, yes: bool, as_json: bool
) -> None:
    from qc.run.review.action import act

    words = shell.words()
    if not go_on([review_text(item, words) for item in chosen], chosen, dry_run=dry_run, yes=yes, as_json=as_json):
        return
    done = shell.or_exit(
        partial(act, shell.review_settings(), [item.id for item in chosen], action, who=who, note=note, now=shell.now())
    )
    print_reviews(done, as_json=as_json)
