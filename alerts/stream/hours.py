"""Hourly means as soon as an hour is over, from the readings of the instruments of a station. Pure.

An hour is over when its last reading has come, when a reading of a later hour comes, or when nothing has come for a cadence and
a minute after its end. It counts where valid readings cover three quarters of it, as in quality control
(`qc.hourly.test.completeness`); of two instruments the more complete one counts. What comes later changes the stored hour only.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from alerts.rules.incremental import OVER_RANGE, USABLE, Value, physical_range
from schemas.completeness import HOUR_S
from schemas.interval import floor_hour
from schemas.parameter import AveragingMethod, parameter
from schemas.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from schemas.network import Instrument

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
LEAST_COVERED = 0.75
"""Share of an hour that valid readings must cover [1]; GB 3095-2026, Table 4 (`qc.hourly.test.completeness`)."""


class OpenHour(msgspec.Struct):
    """Readings of an instrument in an hour that is not over, by start; ``received_at`` of the newest message."""

    start: datetime
    received_at: datetime
    readings: dict[datetime, Reading] = msgspec.field(default_factory=dict)


class _Mean(NamedTuple):
    share: float
    value: float
    is_at_least: bool


class InstrumentHours:
    """The hour in progress of one instrument.

    Parameters
    ----------
    codes : sequence of str
        Parameters whose means are wanted.
    delay : timedelta
        Stated delay of its way to the broker.
    """

    def __init__(self, instrument: Instrument, codes: Sequence[str], delay: timedelta) -> None:
        self.codes = tuple(codes)
        self.current: OpenHour | None = None
        self._cadence = timedelta(seconds=instrument.cadence_s)
        self._cadence_s = instrument.cadence_s
        self._grace = max(MINUTE, self._cadence) + MINUTE + delay
        self._ranges = {code: physical_range(code) for code in codes}
        self._over_at: datetime | None = None

    def add(self, reading: Reading, received_at: datetime) -> list[OpenHour]:
        """Take a reading; hours that are over with it."""
        start = reading.interval.start
        if self._over_at is not None and start < self._over_at:
            return []
        found: list[OpenHour] = []
        current = self.current
        if current is None or start >= current.start + HOUR:
            if current is not None:
                found.append(self._finish(current))
            current = self.current = OpenHour(floor_hour(start), received_at)
        elif start < current.start:
            return []
        current.readings[start] = reading
        current.received_at = received_at
        if start + self._cadence >= current.start + HOUR:
            found.append(self._finish(current))
        return found

    def close(self, now: datetime) -> list[OpenHour]:
        """Hours for which nothing more is expected at ``now``."""
        current = self.current
        if current is None or now < max(current.start + HOUR, current.received_at) + self._grace:
            return []
        return [self._finish(current)]

    def _finish(self, hour: OpenHour) -> OpenHour:
        self.current, self._over_at = None, hour.start + HOUR
        return hour

    def means(self, hour: OpenHour) -> dict[str, _Mean]:
        """Means (sums of rain) by parameter; one without a valid reading is absent."""
        return {code: mean for code in self.codes if (mean := self._mean(hour, code)) is not None}

    def _mean(self, hour: OpenHour, code: str) -> _Mean | None:
        low, high = self._ranges[code]
        values, is_at_least = [], False
        for reading in hour.readings.values():
            value = reading.values.get(code)
            if value is None:
                continue
            letter = reading.status.get(code) if reading.status else None
            if letter in USABLE and low <= value <= high:
                values.append(value)
                is_at_least |= letter == OVER_RANGE
        if not values:
            return None
        first = values[0]  # as the stored mean: exact for a constant
        distance = sum([value - first for value in values])
        is_sum = parameter(code).averaging is AveragingMethod.SUM
        value = first * len(values) + distance if is_sum else first + distance / len(values)
        share = min(1.0, len(values) * self._cadence_s / HOUR_S)
        return _Mean(share, value, is_at_least)


class StreamedHours:
    """Hours of all instruments of one network at one station, joined.

    Parameters
    ----------
    station_id : str
    instruments : dict of str to InstrumentHours
        By instrument id, in the order of the network file.
    """

    def __init__(self, station_id: str, instruments: dict[str, InstrumentHours]) -> None:
        self.instruments = instruments
        self._station_id = station_id
        self._count = {
            code: sum(code in item.codes for item in instruments.values())
            for code in {code for item in instruments.values() for code in item.codes}
        }
        self._waiting: dict[tuple[datetime, str], dict[str, _Mean | None]] = {}

    def add(self, instrument_id: str, reading: Reading, received_at: datetime) -> list[Value]:
        """Take a reading; values of hours that are over with it."""
        own = self.instruments[instrument_id]
        over = own.add(reading, received_at)
        return self._joined(instrument_id, over) if over else []

    def close(self, now: datetime) -> list[Value]:
        """Values of hours for which nothing more is expected at ``now``."""
        found: list[Value] = []
        for name, item in self.instruments.items():
            if over := item.close(now):
                found += self._joined(name, over)
        if self._waiting and all(item.current is None for item in self.instruments.values()):
            found += [value for key in list(self._waiting) for value in self._take(key)]
        return found

    def _joined(self, name: str, over: Iterable[OpenHour]) -> list[Value]:
        found: list[Value] = []
        own = self.instruments[name]
        for hour in over:
            means = own.means(hour)
            for code in own.codes:
                key = (hour.start, code)
                parts = self._waiting.setdefault(key, {})
                parts[name] = means.get(code)
                if len(parts) == self._count[code]:
                    found += self._take(key)
            found += [value for key in list(self._waiting) if key[0] < hour.start for value in self._take(key)]
        return found

    def _take(self, key: tuple[datetime, str]) -> list[Value]:
        start, code = key
        means = [mean for mean in self._waiting.pop(key).values() if mean is not None and mean.share >= LEAST_COVERED]
        if not means:
            return []
        best = max(means, key=lambda mean: mean.share)  # of equals the first
        return [Value(self._station_id, code, start, start + HOUR, best.value, "", best.is_at_least)]
