"""Stored chemistry of stations."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from analysis.run.coanalysis.chemistry import run_chemistry, station_hours
from store.influx.store import InfluxStore
from store.state import StateStore
from tests.analysis.frames import START, checked, hours
from tests.analysis.run.fill import environment, filled_settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from store.settings import SharedSettings
    from tests.command import Done

END = START + timedelta(days=32)


@pytest.fixture
def filled(settings: SharedSettings, tmp_path: Path) -> SharedSettings:
    own = filled_settings(settings, tmp_path, 32, 1)
    rng, n = np.random.default_rng(1), 32 * 24
    ec = hours(rng.uniform(0.5, 3, n))
    carbon = pd.DataFrame({"ec": ec, "oc": 2.0 * ec + rng.gamma(0.5, 2.0, n), "sulfate": 5.0, "nitrate": 8.0})
    InfluxStore(own).write_hourly("pm", "st-0", checked(carbon))
    return own


def test_the_hours_asked_for_and_a_summary_of_the_weeks_before_are_stored_once_and_exported(
    filled: SharedSettings, tmp_path: Path, command: Callable[..., Done]
) -> None:
    first = run_chemistry(filled, date(2026, 5, 30), date(2026, 5, 31), END)
    assert run_chemistry(filled, date(2026, 5, 30), date(2026, 5, 31), END) == first
    assert (first.stations, first.hours) == (1, 48)
    product = InfluxStore(filled).read_product("chemistry_hourly", START, END, "st-0")
    assert len(product) == 48
    assert product["primary_ratio"].iloc[0] == pytest.approx(2.0, abs=0.3)
    assert product["sor"].between(0, 1).all()
    with StateStore(filled.state_url) as state:
        (document,) = state.documents.each("chemistry")
    assert document.key.startswith("st-0/2026-04-")
    assert document.key.endswith("/2026-05-31")
    assert document.body["particle"]["carbon"][0]["season"] == "spring"
    assert {item["topic"] for item in document.body["statements"]} == {"chemistry"}
    path = tmp_path / "chemistry.csv"
    span = ("--from", "2026-05-01", "--to", "2026-06-30", "--output", str(path))
    done = command("export", "--product", "chemistry", *span, **environment(filled))
    assert done.returncode == 0, done.stderr
    assert "# unit soc: ug/m3" in path.read_text(encoding="utf-8")
    table = pd.read_csv(path, comment="#")
    assert (len(table), table["station_id"].unique().tolist()) == (48, ["st-0"])


def test_days_in_the_wrong_order_are_refused(settings: SharedSettings) -> None:
    with pytest.raises(ValueError, match="is before day_from"):
        run_chemistry(settings, date(2026, 5, 2), date(2026, 5, 1), END)


def test_of_a_parameter_of_two_networks_the_gas_network_has_it() -> None:
    one, other = pd.DataFrame({"tnmhc": hours([1.0])}), pd.DataFrame({"tnmhc": hours([9.0]), "toluene": hours([2.0])})
    joined = station_hours({"gas": {"a": one}, "voc": {"a": other}}, "a")
    assert joined.iloc[0].to_dict() == {"tnmhc": 1.0, "toluene": 2.0}
    assert station_hours({}, "a").empty
