"""Input and output of the jobs: hours without held batches, and products, written completely."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from analysis.run.gate_mask import without_held
from store.influx.store import InfluxStore, require_accepted
from store.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from analysis.case.join_networks import Frames
    from store.settings import SharedSettings
    from store.state import HeldBatch


def read_hours(
    settings: SharedSettings,
    store: InfluxStore,
    start: datetime,
    end: datetime,
    *,
    networks: tuple[str, ...] = ("gas", "met", "pm", "voc"),
) -> tuple[Frames, list[HeldBatch]]:
    """Hours without those of batches that the gate holds, and these batches."""
    with StateStore(settings.state_url) as state:
        state.migrate()
        held = [
            item for item in state.gate.list_held(start=start, end=end, only_blocking=True) if item.network in networks
        ]
    return without_held({code: store.read_hourly_all(code, start, end) for code in networks}, held), held


def save_product(
    store: InfluxStore, product: str, station_id: str, frame: pd.DataFrame, tags: Mapping[str, str] | None = None
) -> None:
    """Write a product; raises `store.error.StoreError` unless the store accepted all of it."""
    require_accepted(store.write_product(product, station_id, frame, tags or {}), f"{product} of {station_id}")


def since(frame: pd.DataFrame, start: datetime) -> pd.DataFrame:
    """Rows from ``start`` on."""
    return frame[frame.index >= pd.Timestamp(start)]
