"""Evidence of a simulated month, for tests of the report."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from analysis.report.city.document import FigureQuery, PlaceKind
from analysis.report.city.evidence import ReportEvidence, ReportPlace, gather_evidence
from analysis.report.city.period import parse_period
from schemas.network import Station

ZONE = ZoneInfo("Asia/Shanghai")
LATER = datetime(2030, 1, 1, tzinfo=UTC)


def month_hours(seed: int = 1) -> pd.DataFrame:
    """All six pollutants of May 2026, without a gap."""
    index = pd.date_range("2026-04-30T16:00", "2026-05-31T16:00", freq="h", tz="UTC", inclusive="left", name="start")
    draw = np.random.default_rng(seed).gamma(4.0, 10.0, (len(index), 6))
    frame = pd.DataFrame(draw, index=index, columns=["so2", "no2", "co", "o3", "pm10", "pm25"])
    return frame.assign(co=frame["co"] / 40, o3=frame["o3"] * 3)


def evidence(
    hourly: dict[str, pd.DataFrame], period: str = "2026-05", now: datetime = LATER, kind: PlaceKind = PlaceKind.CITY
) -> ReportEvidence:
    """Evidence of stations of one city."""
    stations = {name: Station(id=name, name_zh="", name_en="", city="210100", instruments=()) for name in hourly}
    place = ReportPlace(code="210100", kind=kind, name_zh="A", name_en="A")
    query = FigureQuery(command="skyground export")
    return gather_evidence(
        place, parse_period(period), hourly, stations, zone=ZONE, now=now, source="stored", held_batches=0, query=query
    )
