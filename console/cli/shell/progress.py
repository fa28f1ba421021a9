"""Progress of long commands, on standard error."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from console.cli import shell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def progress_line(key: str = "progress.messages", total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Count of messages, or of another unit of the catalogue: a live line on a terminal, one line in five seconds elsewhere."""
    unit = ("" if total is None else f"/ {total} ") + shell.text(key)
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        columns = (SpinnerColumn(), TextColumn(f"{{task.completed:,.0f}} {unit}"), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("publish", total=None, completed=0)
            yield lambda count: bar.update(task, completed=count)
        return
    shown_at = time.monotonic()

    def show(count: int) -> None:
        nonlocal shown_at
        if time.monotonic() - shown_at >= 5:  # noqa: PLR2004 - seconds between two lines
            shown_at = time.monotonic()
            typer.echo(f"{count} {unit}", err=True)

    yield show
