"""Products of a report read from the stores: forecasts as issued, their scores, case files and the list of the season."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from analysis.report.city.period import parse_period
from analysis.report.city.products import CutReason
from analysis.report.stored_case import StoredCase
from analysis.run.case.case_document import save_case
from analysis.run.coanalysis.cocontrol import store_list
from analysis.run.forecast import forecast
from analysis.run.forecast.scoring import score_days
from analysis.run.report.city_report import PROVINCE, evidence_of_store
from store.state import StateStore
from tests.analysis.frames import START
from tests.analysis.report.city.test_product import case_file, cut_list
from tests.analysis.run.fill import filled_settings

if TYPE_CHECKING:
    from pathlib import Path

    from store.settings import SharedSettings

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("unrendered")]
PERIOD = parse_period("2026-05-02_2026-05-11")
END = START + timedelta(days=10)


def test_a_report_of_a_city_holds_what_was_known_at_its_end(settings: SharedSettings, tmp_path: Path) -> None:
    own = filled_settings(settings, tmp_path, 14, 2, run_dir=tmp_path / "run")
    forecast(own, END - timedelta(hours=30))
    forecast(own, END)
    forecast(own, END + timedelta(hours=1))
    score_days(own, date(2026, 5, 11), date(2026, 5, 11))
    earlier = msgspec.structs.replace(cut_list(first="co", indistinct=()), last_day=date(2026, 5, 10))
    store_list(own, "210100", date(2026, 3, 1), earlier)
    store_list(own, "210100", date(2026, 3, 1), cut_list(first="aromatic", indistinct=()))
    with StateStore(own.state_url) as state:
        for name in ("st-0", "elsewhere"):
            event = msgspec.structs.replace(case_file(2, 2).event, stations=(name,))
            made = msgspec.structs.replace(case_file(2, 2), key=f"{name}/pm25/x", station_id=name, event=event)
            save_case(state, StoredCase(case=made))

    found = evidence_of_store(own, "210100", PERIOD, datetime(2026, 6, 20, tzinfo=UTC))

    products = found.products
    assert products.outlook is not None
    assert products.outlook.origin == "2026-05-12 00:00"
    assert [str(item.day) for item in products.outlook.days] == ["2026-05-12", "2026-05-13", "2026-05-14"]
    assert all(item.low <= item.aqi <= item.high for item in products.outlook.days)
    assert sum(item.n for item in products.scores if item.parameter == "pm25") == 24
    assert products.cases is not None
    assert [item.key for item in products.cases] == ["st-0/pm25/x"]
    assert [item.station_id for item in products.chemistry] == ["st-0"]
    assert products.cut is not None
    assert products.cut.last_day == date(2026, 5, 10)
    assert {"toluene", "wind_speed", "pm25"} <= {code for basis in found.bases for code in basis.parameters}
    assert found.mean_hours["wind_speed"].notna().all()

    province = evidence_of_store(own, PROVINCE, PERIOD, datetime(2026, 6, 20, tzinfo=UTC)).products
    assert (province.chemistry, province.cut_reason) == ((), CutReason.PROVINCE)
    assert province.outlook is not None
    assert {item.series for item in province.outlook.days} == {"210100"}
