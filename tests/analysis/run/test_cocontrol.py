"""Lists of a season stored by city, on a real InfluxDB and a real state database."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from analysis.coanalysis.cocontrol.cut_list import _limits
from analysis.coanalysis.cocontrol.model_input import model_input
from analysis.run.coanalysis.cocontrol import KIND, rank_cities, season_of
from store.state import StateStore
from tests.analysis.frames import START
from tests.analysis.run.fill import filled_settings

if TYPE_CHECKING:
    from pathlib import Path

    from store.settings import SharedSettings

UNTIL = datetime(2026, 5, 9, 16, tzinfo=UTC)


@pytest.fixture
def filled(settings: SharedSettings, tmp_path: Path) -> SharedSettings:
    return filled_settings(settings, tmp_path, 8)


@pytest.mark.slow
def test_a_repeated_ranking_stores_one_version_by_city_and_season(filled: SharedSettings) -> None:
    first = rank_cities(filled, date(2026, 5, 9), UNTIL)
    assert rank_cities(filled, date(2026, 5, 9), UNTIL) == first
    assert (first.season_from, first.season_to) == (date(2026, 3, 1), date(2026, 5, 31))
    assert (first.stored, first.insufficient) == (("210100",), {})
    with StateStore(filled.state_url) as state:
        document = state.documents.get(KIND, "210100/2026-03-01")
    assert document is not None
    assert document.version == 1
    assert document.body["first_day"] == "2026-05-02"
    assert document.body["last_day"] == "2026-05-09"
    assert document.body["missing_groups"] == ["ovoc"]


def test_a_city_with_too_few_days_is_named_with_the_reason(filled: SharedSettings) -> None:
    found = rank_cities(filled, date(2026, 5, 3), START.replace(day=3), cities=["210100", "999999"])
    assert found.stored == ()
    assert "a ranking needs 5" in found.insufficient["210100"]
    assert "no station there" in found.insufficient["999999"]


def test_a_season_across_the_edition_of_2026_has_the_limits_in_force_on_each_day() -> None:
    zone = ZoneInfo("Asia/Shanghai")
    index = pd.date_range("2026-02-25", periods=24 * 8, freq="h", tz=zone, name="start").tz_convert("UTC")
    given = model_input(pd.DataFrame({"o3": 60.0, "no2": 30.0}, index=index), zone)
    o3, pm25 = _limits(given, zone)
    assert np.unique(o3).tolist() == [160.0]
    assert pm25.tolist() == [75.0] * 4 + [60.0] * 4
    assert season_of(date(2026, 2, 28))[1] < date(2026, 3, 1)
