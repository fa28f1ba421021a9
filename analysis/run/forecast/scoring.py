"""The running score: what was issued for the hours of a day against what came."""

from __future__ import annotations

from contextlib import closing
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pandas as pd

from analysis.forecast.hourly.lead_score import LEADS, score_issued, stored_sum
from analysis.forecast.hourly.verify import ScoreSum, scores, total
from analysis.run.forecast.aqi_scoring import score_aqi_of_day
from analysis.run.forecast.history import ISSUED
from analysis.run.forecast.reading import read_network
from analysis.run.forecast.train import event_thresholds
from schemas.interval import civil_days
from store.influx.line_frame import encode_product
from store.influx.store import Bucket, InfluxStore, require_accepted

if TYPE_CHECKING:
    from collections.abc import Collection

    from store.settings import SharedSettings

SCORE = "forecast_score_daily"


class ScoringSummary(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of the running score that were stored, the pairs of forecast and observation in them, and rows of the score of daily AQI."""

    day_from: date
    day_to: date
    rows: int
    pairs: int
    aqi_rows: int


class RunningScore(msgspec.Struct, frozen=True, kw_only=True):
    """Scores of one pollutant, model and range of leads over some days.

    Attributes
    ----------
    station_id : str
        Empty: all that were asked for together.
    parameter, model : str
    leads_h : str
        First and last hour ahead.
    n, events : int
    mae, bias, rmse, pinball : float or None
        In the unit of the parameter.
    coverage : float or None
        Of the 90 % interval [1].
    pod, far, csi : float or None
        Of the concentration of index 100.
    """

    station_id: str
    parameter: str
    model: str
    leads_h: str
    n: int
    events: int
    mae: float | None
    bias: float | None
    rmse: float | None
    pinball: float | None
    coverage: float | None
    pod: float | None
    far: float | None
    csi: float | None


def score_days(settings: SharedSettings, day_from: date, day_to: date) -> ScoringSummary:
    """Score the hours and the daily AQI of civil days, both included, and store the sums.

    A row a day, series, model, pollutant and range of leads, and of the AQI a row a day, series, model and lead day. A further run, after late data, replaces the score; the forecasts are never changed.

    Raises
    ------
    store.error.StoreError
    ValueError
        ``day_to`` is before ``day_from``.
    """
    if day_to < day_from:
        msg = f"day_to {day_to} is before day_from {day_from}"
        raise ValueError(msg)
    rows = pairs = aqi_rows = 0
    with closing(InfluxStore(settings)) as store:
        for offset in range((day_to - day_from).days + 1):
            day = day_from + timedelta(days=offset)
            more = _score_day(settings, store, day)
            rows, pairs = rows + more[0], pairs + more[1]
            aqi_rows += score_aqi_of_day(store, *bounds_of(settings, day), settings.stations.timezone)
    return ScoringSummary(day_from=day_from, day_to=day_to, rows=rows, pairs=pairs, aqi_rows=aqi_rows)


def read_scores(
    settings: SharedSettings,
    day_from: date,
    day_to: date,
    *,
    series: Collection[str] = (),
    by_station: bool = False,
) -> list[RunningScore]:
    """Stored scores of civil days, both included, added up.

    Parameters
    ----------
    settings : SharedSettings
    day_from, day_to : date
    series : collection of str
        Stations or city codes; empty: all.
    by_station : bool
        A row a station or city instead of one for all.
    """
    start, end = bounds_of(settings, day_from)[0], bounds_of(settings, day_to)[1]
    with closing(InfluxStore(settings)) as store:
        # of one series only its own rows are read: a year of all of them is millions
        table = store.read_product(SCORE, start, end, next(iter(series)) if len(series) == 1 else None)
    if table.empty:
        return []
    if series:
        table = table[table["station_id"].isin(list(series))]
    keys = ["parameter", "model", "lead"]
    found = []
    for key, rows in table.groupby([*keys, "station_id"] if by_station else keys):
        whole = scores(total(stored_sum(row) for row in rows.to_dict("records")))
        names = [str(item) for item in key]
        found.append(
            RunningScore(
                station_id=names[3] if by_station else "",
                parameter=names[0],
                model=names[1],
                leads_h=names[2],
                **msgspec.structs.asdict(whole),
            )
        )
    order = [f"{first}-{last}" for first, last in LEADS]
    return sorted(found, key=lambda item: (item.station_id, item.parameter, item.model, order.index(item.leads_h)))


def bounds_of(settings: SharedSettings, day: date) -> tuple[datetime, datetime]:
    """Start and end of a civil day, UTC."""
    days = civil_days(day, day, settings.stations.timezone)
    return days.start, days.end


def _score_day(settings: SharedSettings, store: InfluxStore, day: date) -> tuple[int, int]:
    start, end = bounds_of(settings, day)
    issued = store.read_product(ISSUED, start, end)
    grid = read_network(settings, store, start, end).grid
    if issued.empty or grid is None:
        return 0, 0
    index = pd.DatetimeIndex([pd.Timestamp(start)], name="start")
    lines: list[bytes] = []
    found: list[ScoreSum] = []
    for series, target, model, lead, sums in score_issued(issued, grid, event_thresholds(day)):
        frame = pd.DataFrame({name: float(value) for name, value in msgspec.structs.asdict(sums).items()}, index=index)
        lines += encode_product(SCORE, series, frame, {"parameter": target, "model": model, "lead": lead})
        found.append(sums)
    if lines:
        require_accepted(store.write_lines(Bucket.PRODUCT, lines), f"{SCORE} of {day}")
    return len(found), total(found).n
