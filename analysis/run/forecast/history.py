"""What was issued, kept for ever: each origin has points of its own, and an origin is issued once.

Points of ``forecast_issued`` lie at the hour that is forecast, with the tag ``slot``: hours from 1970 to the origin, modulo 96. No two
origins that forecast the same hour share a slot, so nothing is overwritten and the number of series is bounded.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import chain
from typing import TYPE_CHECKING

import msgspec

from analysis.forecast.hourly.grid import LAST_LEAD_H
from store.influx.line_frame import encode_product

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from store.state import StateStore

ISSUED, ISSUED_DAILY = "forecast_issued", "forecast_daily_issued"
ISSUE = "forecast_issue"
REFUSED_KEPT = 20
"""Reasons of refused weather that are kept of an issue."""
_KEPT = ["value", "q05", "q10", "q90", "q95", "warn", "horizon_h", "out_of_range", "with_weather"]
_DAYS_SLOTS = 4 * 24 + 24


def slot(origin: pd.Timestamp, slots: int = LAST_LEAD_H) -> str:
    """Tag of an origin.

    Examples
    --------
    >>> import pandas as pd
    >>> slot(pd.Timestamp("1970-01-05T01:00Z"))
    '01'
    """
    return f"{int(origin.timestamp()) // 3600 % slots:02d}"


def issued_lines(products: Iterable[tuple[str, str, pd.DataFrame]], origin: pd.Timestamp) -> Iterable[bytes]:
    """Lines of hourly forecasts: series, pollutant, and rows as `analysis.forecast.hourly.issue.product` makes them."""
    return chain.from_iterable(
        encode_product(
            ISSUED, series, rows[_KEPT].assign(model=named(rows)), {"parameter": target, "slot": slot(origin)}
        )
        for series, target, rows in products
    )


def daily_lines(series: str, rows: pd.DataFrame, origin: pd.Timestamp) -> list[bytes]:
    """Lines of the daily AQI of one series."""
    return encode_product(ISSUED_DAILY, series, rows, {"slot": slot(origin, _DAYS_SLOTS)})


def named(rows: pd.DataFrame) -> pd.Series:
    """Version of the model, or the name of the simple one."""
    return rows["model_version"].where(rows["model_version"] != "", rows["model"])


def is_issued(state: StateStore, origin: pd.Timestamp) -> bool:
    """Whether the forecast of an origin was stored completely."""
    return state.documents.get(ISSUE, _key(origin)) is not None


class IssueNote(msgspec.Struct, frozen=True, kw_only=True):
    """What was issued at an origin.

    Attributes
    ----------
    model : str
        Version in force; empty without one.
    forecasts, days : int
        Series times pollutants, and rows of the daily AQI.
    weather : str
        Reference time of the weather forecast that was used; empty without.
    weather_refused : tuple of str
        Why weather forecasts, or stations of the one that was used, were refused (`schemas.reason`); at most `REFUSED_KEPT`.
    """

    model: str = ""
    forecasts: int = 0
    days: int = 0
    weather: str = ""
    weather_refused: tuple[str, ...] = ()


def is_newest(state: StateStore, origin: pd.Timestamp) -> bool:
    """Whether no later origin was issued that forecasts some of the same hours."""
    later = [_key(origin + timedelta(hours=hour)) for hour in range(1, LAST_LEAD_H + 1)]
    return not list(state.documents.heads(ISSUE, keys=later))


def mark_issued(state: StateStore, origin: pd.Timestamp, note: IssueNote) -> None:
    """Record that the forecast of an origin was stored completely."""
    state.documents.put(ISSUE, _key(origin), msgspec.to_builtins(note))


def read_note(state: StateStore, origin: str) -> IssueNote:
    """What was recorded of an origin, as ``2026-04-01T00:00Z``; empty where nothing was."""
    document = state.documents.get(ISSUE, origin)
    return IssueNote() if document is None else msgspec.convert(document.body, IssueNote)


def _key(origin: pd.Timestamp) -> str:
    return f"{origin:%Y-%m-%dT%H:%MZ}"
