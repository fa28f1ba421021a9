"""Which reviews or hours a command of ``skyground review`` acts on, and the question before it acts."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

import typer

from console.cli import shell
from console.cli.review.text import filters_text, review_row, review_text
from console.cli.shell.moment import open_span, span
from console.cli.shell.named import refuse_unknown
from schemas.review import ReviewState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qc.run.review.query import ReviewQuery
    from qc.run.review.settings import ReviewSettings
    from schemas.review import Review, ReviewDraft


SAMPLE = 5
"""Reviews that are shown before an act on many."""


def choose(  # noqa: PLR0917 - one filter an option
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
    """Reviews to act on: those named, in any state, or those in ``states`` that match every filter (the newest ``limit``)."""
    settings = shell.review_settings()
    given = (bulk, network, station, parameter, begin, end)
    if needed and not ids and not any(given):
        shell.stop(f"name reviews by id or choose them by {filters_text()}")
    start, stop = open_span(begin, end, settings.stations.timezone)
    with shell.opened_state("review", settings) as state:
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


def go_on(
    texts: Sequence[str], chosen: Sequence[Review | ReviewDraft], *, dry_run: bool, yes: bool, as_json: bool
) -> bool:
    """List what a bulk action would change; True if it may go on."""
    words = shell.words()
    hours = sum(int((item.target.end - item.target.start).total_seconds() // 3600) for item in chosen)
    if not chosen:
        typer.echo(f"skyground review: {words('review.no_match')}", err=True)
        raise typer.Exit(1)
    if dry_run and as_json:
        typer.echo(
            json.dumps({"reviews": len(chosen), "hours": hours, "sample": list(texts[:SAMPLE])}, ensure_ascii=False)
        )
        return False
    if dry_run or (len(chosen) > 1 and not yes):
        typer.echo(words("review.count", count=len(chosen), hours=hours), err=not dry_run)
        for text in texts[:SAMPLE]:
            typer.echo(f"  {text}", err=not dry_run)
        if len(texts) > SAMPLE:
            typer.echo(words("review.further", count=len(texts) - SAMPLE), err=not dry_run)
    if dry_run:
        return False
    if len(chosen) > 1 and not yes:
        shell.stop(words("review.needs_yes"))
    return True


def print_reviews(reviews: Sequence[Review], *, as_json: bool, history: bool = False) -> None:
    """Print reviews, with their steps where asked for."""
    words = shell.words()
    for item in reviews:
        typer.echo(json.dumps(review_row(item), ensure_ascii=False) if as_json else review_text(item, words))
        for one in item.steps if history and not as_json else ():
            typer.echo(f"    {one.position:>6} {one.at:%Y-%m-%d %H:%M}Z {one.action:<8} {one.who} {one.note}")


def review_query(
    settings: ReviewSettings,
    network: str,
    begin: str,
    end: str | None,
    *,
    station: list[str] | None = None,
    parameter: list[str] | None = None,
    selection: object = None,
) -> ReviewQuery:
    """Hours that the options of a command name."""
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
