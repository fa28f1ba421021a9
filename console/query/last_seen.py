"""Newest reading of each instrument for pages that refresh every few seconds: recent readings always, older ones every few minutes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from schemas.message import NetworkCode

if TYPE_CHECKING:
    from datetime import datetime

    from schemas.network import Network
    from store.influx.store import InfluxStore

WIDEN_EVERY_S = 300.0
"""Silent instruments and data sets are looked for in all of history this often [s]: only a late reading could change their answer."""


class LastSeen:
    """Start of the latest native reading of every instrument; one thread at a time."""

    def __init__(self, influx: InfluxStore, network: Network) -> None:
        self._influx = influx
        self._wanted = frozenset(network.instruments)
        self._networks = sorted({str(item.network) for item in network.instruments.values()}) or list(NetworkCode)
        self._known: dict[tuple[str, str], datetime] = {}
        self._widened_s: float | None = None

    def read(self) -> dict[tuple[str, str], datetime]:
        """By (station id, instrument id), UTC; an instrument without a reading is absent. Raises `store.error.StoreError`."""
        now_s = time.monotonic()
        is_due = self._widened_s is None or now_s - self._widened_s > WIDEN_EVERY_S
        frame = self._influx.last_readings(self._networks, self._wanted if is_due else ())
        found = {
            (str(station), str(instrument)): start.to_pydatetime()
            for station, instrument, start in zip(*(frame[name].tolist() for name in frame), strict=True)
        }
        self._known = found if is_due else {**self._known, **found}
        if is_due:
            self._widened_s = now_s
        return dict(self._known)
