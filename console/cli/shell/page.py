"""Bound of the commands that list: ``--limit``, and what is printed when there is more."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from console.cli import shell
from console.cli.shell.printable import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_Item = TypeVar("_Item")

DEFAULT = 200
"""Rows of a list without ``--limit``."""
MOST = 100_000
Limit = Annotated[int, typer.Option("--limit", min=1, max=MOST, help="print at most N 最多列出 N 条")]


def page(found: Sequence[_Item], limit: int) -> tuple[Sequence[_Item], bool]:
    """The first ``limit`` of what was read with ``limit + 1``, and whether there is more."""
    return found[:limit], len(found) > limit


def print_page(
    command: str,
    stored: Sequence[_Item],
    limit: int,
    line: Callable[[_Item], str],
    *,
    as_json: bool,
    plain: Callable[[_Item], object] = lambda item: item,
    filters: str = "--station, --from, --to",
) -> bool:
    """Print a list that was read with ``limit + 1``; False where it is empty.

    Parameters
    ----------
    line, plain : callable
        Line of an item for a person, and what is written of it as JSON.
    filters : str
        As in `note_limit`.
    """
    found, is_cut = page(stored, limit)
    for item in found:
        typer.echo(shell.to_json(plain(item)) if as_json else "\n".join(map(printable, line(item).splitlines())))
    if is_cut:
        note_limit(command, limit, as_json=as_json, filters=filters)
    return bool(found)


def note_limit(command: str, limit: int, *, as_json: bool, filters: str = "--station, --from, --to") -> None:
    """Print that a list was cut and how to get the rest: on stderr, with ``--json`` as a last line ``{"more": true, ...}`` too.

    Parameters
    ----------
    filters : str
        Options of the command that make its list shorter; empty: it has none.
    """
    how = f"--limit up to {MOST}" + (f", or a filter such as {filters}" if filters else "")
    if as_json:
        typer.echo(json.dumps({"more": True, "limit": limit, "rest": how}, ensure_ascii=False))
    key = "more.filter" if filters else "more.limit"
    typer.echo(f"skyground {command}: {shell.text(key, limit=limit, most=MOST, filters=filters)}", err=True)
