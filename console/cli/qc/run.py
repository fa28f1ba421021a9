"""``skyground qc run`` over long times: by station-months, only what changed, with progress; Ctrl-C ends it between months."""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from console.cli import shell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from qc.run.reprocess.job import ReprocessSummary
    from qc.run.reprocess.month import StationMonthSummary
    from qc.station.station_month import StationMonth
    from store.settings import SharedSettings


def judge_again(
    settings: SharedSettings, station_months: Sequence[StationMonth], now: datetime, *, workers: int, everything: bool
) -> ReprocessSummary:
    """Test station-months again with a progress line; a first Ctrl-C lets those under way end, a second interrupts them."""
    from qc.run.reprocess.job import reprocess
    from qc.run.reprocess.plan import forget

    if everything:
        forget(settings, station_months)
    with interruptible() as stop, progress_of(len(station_months)) as progress:
        return reprocess(settings, station_months, now, workers=workers, stop=stop.is_set, progress=progress)


def dry_run(
    settings: SharedSettings, station_months: Sequence[StationMonth], now: datetime, *, everything: bool, as_json: bool
) -> None:
    """List the station-months that would be tested, with the number of changed days."""
    from qc.run.reprocess.month import evaluate_month

    waiting, words = 0, shell.words()
    for item in station_months:
        found = evaluate_month(settings, item, now, dry_run=True)
        if not found.days and not everything:
            continue
        waiting += 1
        span = f"{item.start:%Y-%m-%dT%H:%MZ} .. {item.end:%Y-%m-%dT%H:%MZ}"
        days = words("months.days", count=found.days)
        typer.echo(shell.to_json(found) if as_json else f"{item.network:<4} {item.station_id:<16} {span}  {days}")
    if not as_json:
        typer.echo(words("months.waiting", count=waiting, total=len(station_months)))


def summary_text(summary: ReprocessSummary) -> str:
    """One line for a person."""
    import msgspec

    words = shell.words()
    done = words("months.done", count=summary.judged, **msgspec.structs.asdict(summary))
    return done + (words("months.left", count=summary.left) if summary.left else "")


@contextmanager
def interruptible() -> Iterator[threading.Event]:
    """An event that Ctrl-C sets; a second Ctrl-C interrupts as usual."""
    stop, ending = threading.Event(), shell.text("months.ending")

    def handle(_number: int, _frame: Any) -> None:  # noqa: ANN401 - of the interpreter
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        sys.stderr.write(f"skyground qc: {ending}\n")

    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = signal.signal(signal.SIGINT, handle)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def progress_of(total: int) -> Iterator[Callable[[StationMonthSummary], None]]:
    """A bar on a terminal, a line every tenth elsewhere, on standard error."""
    unit = shell.text("months.unit")
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(unit, total=total)
            yield lambda done: bar.update(
                task,
                advance=1,
                description=f"{done.station_month.network} {done.station_month.station_id} {done.station_month.start:%Y-%m}",
            )
        return
    count = 0

    def line(_done: StationMonthSummary) -> None:
        nonlocal count
        count += 1
        if count == total or count % max(1, total // 10) == 0:
            sys.stderr.write(f"{count}/{total} {unit}\n")

    yield line
