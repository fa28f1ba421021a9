"""Figures of a command as rows: JSON, a table on a terminal, or ``key=value``."""

from __future__ import annotations

import json
import math
import sys
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable

    import msgspec


def or_dash(value: float | None) -> float:
    """A figure of a message; NaN, which messages print as a dash, where it is not known: the R2 of a constant series."""
    return math.nan if value is None else value


def plain(item: msgspec.Struct) -> dict[str, Any]:
    """Fields of a product as JSON has them."""
    import msgspec

    built: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(item))
    return built


def show(rows: Iterable[dict[str, Any]], *, as_json: bool) -> None:
    """JSON lines, a table on a terminal, ``key value`` lines elsewhere."""
    rows = list(rows)
    if as_json:
        for row in rows:
            typer.echo(json.dumps(row, ensure_ascii=False))
    elif sys.stdout.isatty() and len(rows) > 1:
        _table(rows)
    else:
        for row in rows:
            typer.echo("  ".join(f"{name}={_cell(value)}" for name, value in row.items()))


def _table(rows: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(*rows[0])
    for row in rows:
        table.add_row(*(_cell(row.get(name)) for name in rows[0]))
    Console().print(table)


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3g}"
    return "-" if value is None else str(value)
