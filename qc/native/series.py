"""One parameter of an instrument's stream, the input of native tests."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np

from qc.angle import unwrapped
from schemas.parameter import parameter

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    from qc.native.argument import Times, Values
    from qc.native.coordinates import Coordinates
    from schemas.network import Instrument
    from schemas.reason import Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """The readings of one instrument to one network.

    Attributes
    ----------
    cadence_s : int
        Seconds between two readings [s].
    zone : ZoneInfo
        Of the civil months and hours by which limits may change.
    place : Coordinates or None
        Coordinates of the station, for day and night; None: not known.
    """

    network: str
    station_id: str
    instrument_id: str
    cadence_s: int
    zone: ZoneInfo
    place: Coordinates | None = None

    @classmethod
    def of(cls, station_id: str, instrument: Instrument, zone: ZoneInfo, place: Coordinates | None = None) -> Self:
        """Stream of an instrument of the network file."""
        return cls(
            network=instrument.network,
            station_id=station_id,
            instrument_id=instrument.id,
            cadence_s=instrument.cadence_s,
            zone=zone,
            place=place,
        )


@dataclass(frozen=True, slots=True)
class NativeSeries:
    """One parameter of a stream.

    Attributes
    ----------
    numbers : array of float
        Canonical unit, NaN where missing.
    times : array of datetime64
        UTC, ascending, unique.
    months, hours : array of int
        Civil month, 1 to 12, and hour of the day, 0 to 23.
    month_span : tuple of int
        The months that occur, each once.
    calm : array of bool or None
        Of a direction: where there is no wind, exempt from the soft tests.
    """

    stream: Stream
    code: str
    unit: str
    numbers: NDArray[np.float64]
    times: NDArray[np.datetime64]
    months: NDArray[np.int64]
    hours: NDArray[np.int64]
    month_span: tuple[int, ...]
    calm: NDArray[np.bool_] | None = None

    @property
    def arrays(self) -> tuple[Values, Times]:
        """Values and times, the first arguments of most tests."""
        return self.numbers, self.times

    @property
    def period(self) -> float | None:
        """A full turn of a direction, canonical unit; None: a quantity that does not repeat."""
        return parameter(self.code).period

    def on_line(self) -> NativeSeries:
        """The series for tests of differences, means and ranges: a direction without its jumps across north."""
        return self if self.period is None else replace(self, numbers=unwrapped(self.numbers, self.period))

    def measured(self, at: int) -> dict[str, Figure]:
        """Figures ``value`` and ``unit`` of a message for a position."""
        return {"value": float(self.numbers[at]), "unit": self.unit}

    def before(self, at: int) -> float:
        """Last value before a position; NaN without one."""
        # Nearly always the position before: a step back is faster than a search of the whole series.
        while at > 0 and not np.isfinite(self.numbers[at - 1]):
            at -= 1
        return float(self.numbers[at - 1]) if at > 0 else float("nan")
