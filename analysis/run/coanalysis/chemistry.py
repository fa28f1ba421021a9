"""Chemistry of stations with VOC or PM2.5 components: the hourly product and the summary of the days before, stored."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pandas as pd

from analysis.chemistry.hourly_product import hourly_chemistry
from analysis.chemistry.period_summary import chemistry_of
from analysis.chemistry.statement import chemistry_statements
from analysis.run.gate_mask import held_note
from analysis.run.hours import read_hours, save_product, since
from analysis.run.to_json import to_json
from schemas.frames import SEPARATOR
from schemas.interval import Interval, civil_days
from store.influx.store import InfluxStore
from store.state import StateStore

if TYPE_CHECKING:
    from datetime import date

    from analysis.case.join_networks import Frames
    from store.settings import SharedSettings

PRODUCT, DOCUMENT = "chemistry_hourly", "chemistry"
HISTORY = timedelta(days=60)
"""Days up to the last one that the summary covers at least: primary and emission ratios need weeks."""


class ChemistryRun(msgspec.Struct, frozen=True, kw_only=True):
    """What `run_chemistry` stored: stations with a document, and hours of the product [h]."""

    stations: int
    hours: int
    held_batches: int = 0


def run_chemistry(settings: SharedSettings, day_from: date, day_to: date, now: datetime) -> ChemistryRun:
    """Store the chemistry of civil days.

    Parameters
    ----------
    settings : SharedSettings
    day_from, day_to : date
        Civil days of the product, both included; the document covers at least the 60 days up to ``day_to``.
    now : datetime
        UTC; hours from here on are not read.

    Returns
    -------
    ChemistryRun

    Raises
    ------
    ValueError
        If ``day_to`` is before ``day_from``.
    store.error.StoreError
        The store did not accept a product; the job may be run again.
    """
    if day_to < day_from:
        msg = f"day_to {day_to} is before day_from {day_from}"
        raise ValueError(msg)
    zone = settings.stations.timezone
    days = civil_days(day_from, day_to, zone)
    start, end = days.start, min(days.end, now)
    period = Interval(min(start, end - HISTORY), end)
    hours = stations = 0
    with closing(InfluxStore(settings)) as store, StateStore(settings.state_url) as state:
        frames, held = read_hours(settings, store, period.start, period.end, networks=("pm", "voc"))
        if any(frames.values()):
            gas, of_gas = read_hours(settings, store, period.start, period.end, networks=("gas",))
            frames, held = gas | frames, of_gas + held
        for name in sorted({*frames["voc"], *frames["pm"]}):
            hourly = station_hours(frames, name)
            found = chemistry_of(name, hourly, period, zone)
            product = since(hourly_chemistry(hourly, zone), start).dropna(how="all", subset=["sor", "nor", "oc", "ion_ratio", "closure", "age_h"])  # fmt: skip
            save_product(store, PRODUCT, name, product)
            body = to_json(found) | {"statements": [to_json(item) for item in chemistry_statements(found)]}
            key = f"{name}/{period.start.astimezone(zone).date()}/{day_to}"
            state.documents.put(DOCUMENT, key, body | ({"held": held_note(held)} if held else {}))
            hours, stations = hours + len(product), stations + 1
    return ChemistryRun(stations=stations, hours=hours, held_batches=len(held))


def station_hours(frames: Frames, station_id: str) -> pd.DataFrame:
    """Own hours of all networks of a station in one frame; of a parameter of two networks, the first has it."""
    found: list[pd.DataFrame] = []
    taken: set[str] = set()
    for network in ("gas", "pm", "voc"):
        frame = frames.get(network, {}).get(station_id)
        if frame is not None:
            own = [name for name in frame if str(name).partition(SEPARATOR)[0] not in taken]
            found.append(frame[own])
            taken |= {str(name).partition(SEPARATOR)[0] for name in own}
    return pd.concat(found, axis=1).sort_index() if found else pd.DataFrame()
