"""The entries that a command of ``skyground quarantine`` acts on."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from console.cli import shell
from schemas.reading import RejectReason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.process.settings import CollectorSettings
    from ingest.writer import Writer
    from store.state import StateStore

Reason = Annotated[RejectReason | None, typer.Option(help="only this reason 原因")]
Ids = Annotated[list[int] | None, typer.Argument(help="ids; none: all new ones that match the filters 编号")]
Preview = Annotated[bool, typer.Option("--dry-run", help="show what would be stored, store nothing 只预览")]


class ChosenEntries(NamedTuple):
    """Ids of the entries, and what their readings are stored with; ``writer`` None in a dry run."""

    ids: list[int]
    settings: CollectorSettings
    state: StateStore
    writer: Writer | None


@contextmanager
def chosen_entries(
    ids: list[int] | None, reason: RejectReason | None, station: str | None, *, dry_run: bool
) -> Iterator[ChosenEntries]:
    """Entries by id, or the new ones that match the filters; SIGTERM and Ctrl-C end the writing in order."""
    from ingest.process.settings import CollectorSettings
    from ingest.process.shutdown import shutdown_on_signals
    from ingest.quarantine.quarantine import entries
    from ingest.writer import Writer
    from store.influx.store import InfluxStore
    from store.settings import load_settings
    from store.state import QuarantineState

    settings = load_settings(CollectorSettings)
    stop = threading.Event()
    shutdown_on_signals(stop)
    with shell.opened_state("quarantine", settings) as state:
        found = entries(state, reason=reason, station_id=station)
        chosen = ids or [item.id for item in found if item.state is QuarantineState.NEW]
        store = InfluxStore(settings)
        yield ChosenEntries(chosen, settings, state, None if dry_run else Writer(store, stop))
        store.close()
