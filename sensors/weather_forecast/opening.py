"""Program that opens files of weather forecasts one by one, for a process of its own: it imports little, so that it starts fast.

``python -m sensors.weather_forecast.opening FILE...`` prints the place of each file in the list once it was opened.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sensors.weather_forecast import WeatherForecastError, read_reference

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(names: Sequence[str]) -> None:
    """Open each file and print its place in the list."""
    for place, name in enumerate(names):
        # of a file that is refused for what it holds, the caller says why when it reads it again
        with suppress(WeatherForecastError):
            read_reference(Path(name))
        sys.stdout.write(f"{place}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
