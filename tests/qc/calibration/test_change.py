from __future__ import annotations

from datetime import UTC, datetime, timedelta

from qc.calibration.change import changed_hours
from qc.calibration.check import FlaggedPeriod
from schemas.flag import Flag

START = datetime(2026, 6, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
NOW = START + timedelta(hours=6, minutes=5)


def period(start: int, end: int | None) -> FlaggedPeriod:
    return FlaggedPeriod(
        network="gas", station_id="s", instrument_id="a", parameter="o3", start=START + start * HOUR,
        end=None if end is None else START + end * HOUR, flag=Flag.FAIL, test="calibration", reason="",
    )  # fmt: skip


def test_only_hours_whose_flagged_period_changes_are_evaluated_again() -> None:
    hours = {item[2] for item in changed_hours([period(1, None)], [period(1, 4)], NOW)}
    assert hours == {START + hour * HOUR for hour in (1, 4, 5)}
    assert changed_hours([period(1, 4)], [period(1, 4)], NOW) == set()
