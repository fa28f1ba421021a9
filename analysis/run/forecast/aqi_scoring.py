"""The running score of issued daily AQI: every issue for a day against the AQI of that day."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import msgspec
import pandas as pd

from analysis.forecast.hourly.aqi_score import AqiScores, AqiScoreSum, aqi_scores, score_aqi
from analysis.run.forecast.history import ISSUED_DAILY
from store.influx.line_frame import encode_product
from store.influx.store import Bucket, InfluxStore, require_accepted

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from store.settings import SharedSettings

AQI_SCORE = "forecast_aqi_score_daily"


class RunningAqiScore(AqiScores, frozen=True, kw_only=True):
    """Scores of one model and lead day over some days.

    Attributes
    ----------
    station_id : str
        Empty: all that were asked for together.
    model : str
    lead_day : int
        0 is the day of the issue.
    """

    station_id: str
    model: str
    lead_day: int


def score_aqi_of_day(store: InfluxStore, start: datetime, end: datetime, zone: ZoneInfo) -> int:
    """Score all issues for a civil day ``[start, end)``, UTC, and store a row a station, model and lead day; returns the rows."""
    issued = store.read_product(ISSUED_DAILY, start, end)
    observed = [store.read_product(name, start, end) for name in ("aqi_daily", "aqi_city_daily")]
    known = [frame for frame in observed if not frame.empty]
    if issued.empty or not known:
        return 0
    lines: list[bytes] = []
    rows = 0
    for station, model, lead, day, sums in score_aqi(issued, pd.concat(known), zone):
        values = {name: float(value) for name, value in msgspec.structs.asdict(sums).items()}
        frame = pd.DataFrame(values, index=pd.DatetimeIndex([day], name="start"))
        lines += encode_product(AQI_SCORE, station, frame, {"model": model, "lead": str(lead)})
        rows += 1
    if lines:
        require_accepted(store.write_lines(Bucket.PRODUCT, lines), f"{AQI_SCORE} of {start}")
    return rows


def read_aqi_scores(
    settings: SharedSettings,
    start: datetime,
    end: datetime,
    *,
    series: Collection[str] = (),
    by_station: bool = False,
) -> list[RunningAqiScore]:
    """Stored scores of ``[start, end)``, UTC, added up.

    Parameters
    ----------
    settings : SharedSettings
    start, end : datetime
    series : collection of str
        Stations or city codes; empty: all.
    by_station : bool
        A row a station or city instead of one for all.

    Raises
    ------
    store.error.StoreError
    """
    with closing(InfluxStore(settings)) as store:
        table = store.read_product(AQI_SCORE, start, end)
    if table.empty:
        return []
    if series:
        table = table[table["station_id"].isin(list(series))]
    found = []
    keys = ["model", "lead", *(["station_id"] if by_station else [])]
    for key, rows in table.groupby(keys):
        names = [str(item) for item in key]
        found.append(
            RunningAqiScore(
                station_id=names[2] if by_station else "",
                model=names[0],
                lead_day=int(names[1]),
                **msgspec.structs.asdict(aqi_scores(_stored(row) for row in rows.to_dict("records"))),
            )
        )
    return sorted(found, key=lambda item: (item.station_id, item.model, item.lead_day))


def _stored(row: dict[object, float]) -> AqiScoreSum:
    names = [field.name for field in msgspec.structs.fields(AqiScoreSum)]
    return msgspec.convert({name: row[name] for name in names}, AqiScoreSum, strict=False)
