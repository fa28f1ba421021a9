"""The supersite's hours, where the data set is installed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from platformdirs import user_cache_path

from analysis.case.case_input import CaseInput
from schemas.interval import Interval
from sensors.datasets import supersite

STATION = supersite.STATIONS[0]
ZONE = ZoneInfo("Asia/Taipei")


def file() -> Path:
    """File of the data set; skips the test where it is absent."""
    path = user_cache_path("skyground") / "datasets" / supersite.SHA256[:16] / Path(supersite.MEMBER).name
    if not path.exists():
        pytest.skip(f"data set supersite is not at {path}; `skyground replay supersite` or `make demo` fetches it")
    return path


@cache
def hours(path: Path) -> pd.DataFrame:
    """Hourly values of the station, index UTC."""
    rows: dict[datetime, dict[str, float]] = {}
    for item in supersite.read(path):
        if item.station_id == STATION.id:
            rows.setdefault(item.interval.start, {}).update(item.values)
    frame = pd.DataFrame.from_dict(rows, orient="index").sort_index()
    return frame.set_axis(pd.DatetimeIndex(frame.index, name="start").tz_convert("UTC").as_unit("us"))


def given(start: str, length_h: int, parameter: str = "pm25") -> CaseInput:
    """Data of a case; ``start`` in the time of the station."""
    first = datetime.fromisoformat(start).replace(tzinfo=supersite.ZONE).astimezone(UTC)
    end = first + timedelta(hours=length_h)
    frame = hours(file())
    return CaseInput(
        station=STATION,
        parameter=parameter,
        stations={STATION.id: STATION},
        hourly={STATION.id: frame[frame.index < end]},
        minute={},
        window=Interval(first, end),
        now=end + timedelta(hours=2),
        zone=ZONE,
    )
