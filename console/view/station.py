"""One station: its latest values with their flags, and what was refused of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.view.series import native_series
from schemas.frames import parameters_in

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    import pandas as pd

    from console.view.health import InstrumentHealth
    from schemas.flagged import Verdicts
    from store.state import QuarantinedItem

_ENTRIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class LastValue:
    """Latest value of a channel; ``status`` is empty for normal, ``notes`` the tests that complained."""

    parameter: str
    value: float
    flag: int
    status: str
    notes: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentValues:
    """Latest values of an instrument, all of one interval or a few; ``start`` of the latest, UTC."""

    network: str
    instrument_id: str
    start: datetime
    values: tuple[LastValue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonGroup:
    """What was refused for one reason: how many, and the newest."""

    reason: str
    count: int
    entries: tuple[QuarantinedItem, ...]


def last_values(
    station_id: str, instrument: InstrumentHealth, native: pd.DataFrame, verdicts: Verdicts
) -> InstrumentValues | None:
    """Latest value of each parameter in a native frame; None where the frame is empty."""
    if native.empty:
        return None
    found: list[LastValue] = []
    for code in parameters_in(native):
        points = native_series(station_id, instrument.instrument_id, code, native, verdicts).points
        points = points[points["value"].notna()]
        if len(points):
            row = points.iloc[-1]
            found.append(
                LastValue(
                    parameter=code,
                    value=float(row["value"]),
                    flag=int(row["flag"]),
                    status=str(row["status"]),
                    notes=str(row["notes"]),
                )
            )
    start = native.index[-1].to_pydatetime()
    return InstrumentValues(
        network=instrument.network, instrument_id=instrument.instrument_id, start=start, values=tuple(found)
    )


def by_reason(items: Iterable[QuarantinedItem]) -> list[ReasonGroup]:
    """Group refused items, the most frequent reason first, the newest entries of each."""
    groups: dict[str, list[QuarantinedItem]] = {}
    for item in items:
        groups.setdefault(str(item.reason), []).append(item)
    ranked = sorted(groups.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    return [
        ReasonGroup(
            reason=reason,
            count=len(found),
            entries=tuple(sorted(found, key=lambda item: item.received_at, reverse=True)[:_ENTRIES]),
        )
        for reason, found in ranked
    ]
