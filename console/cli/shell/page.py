"""Bound of the commands that list: ``--limit``, and what is printed when there is more."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

_Item = TypeVar("_Item")

DEFAULT = 200
"""Rows of a list without ``--limit``."""
MOST = 100_000
Limit = Annotated[int, typer.Option("--limit", min=1, max=MOST, help="print at most N 最多列出 N 条")]


def page(found: Sequence[_Item], limit: int) -> tuple[Sequence[_Item], bool]:
    """The first ``limit`` of what was read with ``limit + 1``, and whether there is more."""
    return found[:limit], len(found) > limit


def tell_more(command: str, limit: int, *, as_json: bool, filters: str = "--station, --from, --to") -> None:
    """Print that a list was cut and how to get the rest: on stderr, with ``--json`` as a last line ``{"more": true, ...}`` too.

    Parameters
    ----------
    filters : str
        Options of the command that make its list shorter; empty: it has none.
    """
    how = f"--limit up to {MOST}" + (f", or a filter such as {filters}" if filters else "")
    if as_json:
        typer.echo(json.dumps({"more": True, "limit": limit, "rest": how}, ensure_ascii=False))
    typer.echo(
        f"skyground {command}: the first {limit} are shown, there are more; use {how} "
        f"仅列出前 {limit} 条，可用 --limit（至多 {MOST}）{'或 ' + filters.replace(', ', '、') if filters else ''}查看其余",
        err=True,
    )
