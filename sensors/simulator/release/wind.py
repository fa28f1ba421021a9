"""Wind by the minute: hourly wind of a city and a meander that is seeded by the city."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sensors.simulator.release.mixing import mixing_of
from sensors.simulator.stream import ar1, generator

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensors.simulator.release.mixing import Mixing
    from sensors.simulator.weather import Weather

    Field = NDArray[np.float64]

MINUTE_S = 60.0
MEANDER_MEMORY = 0.92
"""Correlation of the meander from minute to minute: it forgets in about 12 minutes."""
MEANDER_SHARE = 0.6
"""Meander by lateral turbulence [1]; invention."""


@dataclass(frozen=True, slots=True)
class MinuteAir:
    """Air of one city by the minute, shapes (minute,) and (minute, 2).

    Attributes
    ----------
    times : array
        Middle of the minutes, epoch seconds.
    wind : array
        Where the air goes, east and north [m s⁻¹].
    mixing : Mixing
    """

    times: Field
    wind: Field
    mixing: Mixing

    def part(self, start_s: float, end_s: float) -> slice:
        """Minutes in ``[start, end)``."""
        first, last = np.searchsorted(self.times, [start_s, end_s])
        return slice(int(first), int(last))


def minute_air(seed: int, weather: Weather, city: int) -> MinuteAir:
    """Air of a city for all minutes between the first and the last hour of its weather."""
    times = np.arange(weather.times[0], weather.times[-1], MINUTE_S) + MINUTE_S / 2
    fields = {
        name: np.interp(times, weather.times, getattr(weather, name)[:, city])
        for name in ("wind_east", "wind_north", "radiation", "temperature", "blh")
    }
    east, north = fields["wind_east"], fields["wind_north"]
    mixing = mixing_of(np.hypot(east, north), fields["radiation"], fields["temperature"], fields["blh"])
    meander = ar1(generator(seed, "meander", str(city)), (len(times), 2), MEANDER_MEMORY)
    wind = np.stack([east, north], axis=-1) + MEANDER_SHARE * mixing.lateral[:, None] * meander
    return MinuteAir(times, wind, mixing)
