"""Why a file or a run of a weather forecast is refused: a message of the catalogues, with its place.

Errors::

    WeatherForecastError    a file, run or station that cannot be used; ``reason`` has the place and the figures
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NoReturn

from schemas.reason import Reason
from schemas.refusal import RefusedInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from schemas.reason import Figure

_SCOPE, _PART = "weather", "refused"
_MOST = 6
"""Hours that a reason names; of more, their number is stated."""


class WeatherForecastError(RefusedInputError):
    """A weather forecast that cannot be used.

    Parameters
    ----------
    reason : Reason
        Message ``weather.refused.<kind>``; its figure ``place`` names the file, with variable or line, or the station.
    """


def refusal(place: str, kind: str, **figures: Figure) -> Reason:
    """Reason with its place.

    Examples
    --------
    >>> from schemas.words import render
    >>> render(refusal("run.nc", "no_reference"), "en")
    'run.nc: no forecast reference time; expected a variable forecast_reference_time with one value'
    """
    return Reason(_PART, kind, {"place": place} | figures, _SCOPE)


def refuse(place: str, kind: str, **figures: Figure) -> NoReturn:
    """Raise `WeatherForecastError` with the message ``weather.refused.<kind>``."""
    raise WeatherForecastError(refusal(place, kind, **figures))


def hour_text(hour: int) -> str:
    """Hour since 1970 (UTC) as text.

    >>> hour_text(0)
    '1970-01-01T00:00Z'
    """
    return f"{datetime.fromtimestamp(hour * 3600, UTC):%Y-%m-%dT%H:%MZ}"


def hours_text(hours: Sequence[int]) -> str:
    """Hours since 1970 as a list; of many the first ones.

    >>> hours_text([0, 1])
    '1970-01-01T00:00Z, 1970-01-01T01:00Z'
    """
    shown = ", ".join(map(hour_text, hours[:_MOST]))
    return shown if len(hours) <= _MOST else f"{shown}, ..."
