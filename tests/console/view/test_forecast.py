"""Head of the forecast page."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd

from console.view.forecast import head_of
from schemas.words import words


def test_the_head_counts_hours_with_weather_once_for_all_pollutants() -> None:
    rows = pd.DataFrame(
        {"origin": "2026-04-01T00:00Z", "model": "lightgbm", "model_version": "v", "reason": "", "horizon_h": [1.0, 2.0, 3.0] * 2}
        | {"with_weather": [1.0, 1.0, 0.0] * 2}
    )  # fmt: skip
    head = head_of(rows, datetime(2026, 4, 1, 1, tzinfo=UTC), words("en"))
    assert (head.weather_h, head.age_h, head.model) == (2, 1.0, "v")
