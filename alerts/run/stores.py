"""The stores of a job, closed at its end."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from store.influx.store import InfluxStore
from store.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from store.settings import SharedSettings


@contextmanager
def open_state(settings: SharedSettings) -> Iterator[StateStore]:
    """The state store, with its schema at the newest revision."""
    with StateStore(settings.state_url) as state:
        state.migrate()
        yield state


@contextmanager
def open_stores(settings: SharedSettings) -> Iterator[tuple[InfluxStore, StateStore]]:
    """Both stores, closed at the end."""
    with open_state(settings) as state:
        influx = InfluxStore(settings)
        try:
            yield influx, state
        finally:
            influx.close()
