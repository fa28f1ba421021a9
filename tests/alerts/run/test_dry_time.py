"""How long it has been dry at a gauge, for the mail of a dose rate."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from alerts.mail.evidence.series import Sources
from alerts.run.mail.kind import dry_for
from tests.alerts.stream.feed import network_of

NOW = datetime(2026, 11, 20, 12, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Hours:
    """A store with the given rain of the hours up to now [mm]."""

    def __init__(self, rain: list[float]) -> None:
        index = pd.date_range(end=NOW.replace(minute=0) - HOUR, periods=len(rain), freq="h", name="start")
        flags = np.ones(len(rain), dtype=np.int8)
        self.frame = pd.DataFrame({"rain": rain, "rain__n": 60.0, "rain__flag": flags}, index=index)

    def read_hourly_all(self, *_: object) -> dict[str, pd.DataFrame]:
        return {"s-1": self.frame} if len(self.frame) else {}


@pytest.mark.parametrize(
    ("rain", "expected"),
    [
        ([0.0, 0.0, 1.2], timedelta(0)),
        ([0.4, 0.0, 0.0, 0.0], timedelta(hours=3, minutes=20)),
        ([0.0, 0.0], timedelta(hours=2, minutes=20)),
        ([np.nan, np.nan], None),
        ([], None),
    ],
)
def test_the_last_hour_with_rain_counts(rain: list[float], expected: timedelta | None) -> None:
    sources = Sources(Hours(rain), None, network_of(), None, "", NOW)  # type: ignore[arg-type]
    assert dry_for(sources, "s-1") == expected
    assert dry_for(sources, "s-9") is None
