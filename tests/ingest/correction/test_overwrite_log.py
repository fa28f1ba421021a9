"""Late and corrected readings: what stood there is kept, before it is replaced."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.correction.contest import difference, overlaid
from ingest.correction.overwrite_log import OverwriteLog
from ingest.decode.message import DecodedMessage, decode_and_validate
from ingest.writer import Writer
from qc.run.job import run_reopened, stretches
from schemas.interval import floor_hour
from schemas.message import RawMessage
from store.history import AsOf
from store.rawlog import RawLog
from store.state import Before, ReopenReason, StateStore
from tests.ingest.conftest import own_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ingest.process.settings import CollectorSettings
    from store.influx.store import InfluxStore
    from tests.command import Done

MINUTE = timedelta(minutes=1)
NOW = datetime.now(UTC).replace(second=0, microsecond=0)
OLD = floor_hour(NOW) - timedelta(hours=30)
pytestmark = pytest.mark.integration


class Path:
    """The drain's steps from validation to the write, by hand."""

    def __init__(self, settings: CollectorSettings, store: InfluxStore, state: StateStore) -> None:
        self.settings, self.store, self.state = settings, store, state
        self.overwrites = OverwriteLog(settings, store, state, RawLog(settings.rawlog_dir))

    def restart(self) -> None:
        self.overwrites = OverwriteLog(self.settings, self.store, self.state, RawLog(self.settings.rawlog_dir))

    def decoded(
        self, start: datetime, values: dict[str, float], *, received_at: datetime, station: str, **more: object
    ) -> DecodedMessage:
        body = {"start": start, "end": start + MINUTE, "values": values, **more}
        instrument = "gas/st-1/gas1" if station == "st-1" else "voc/archive/gc1"
        return decode_and_validate(
            RawMessage(f"obs/v1/{instrument}/json", msgspec.json.encode(body), received_at), self.settings
        )

    def take(
        self,
        start: datetime,
        *values: float,
        received_at: datetime = NOW,
        station: str = "st-1",
        write: bool = True,
        **more: object,
    ) -> None:
        """Readings of one time, in one batch; each has one value."""
        code = "so2" if station == "st-1" else "benzene"
        batch = [
            self.decoded(
                start, {code: value}, received_at=received_at + timedelta(seconds=number), station=station, **more
            )
            for number, value in enumerate(values)
        ]
        plan = self.overwrites.plan_writes(batch)
        if write:
            readings = [reading for item in batch for reading in item.readings]
            Writer(self.store, threading.Event()).write(plan.of(readings))

    def stored(self, start: datetime, column: str = "so2") -> object:
        return self.store.read_native("gas", "st-1", "gas1", start, start + MINUTE)[column].iloc[0]


@pytest.fixture
def path(collector_settings: CollectorSettings, store: InfluxStore) -> Iterator[Path]:
    with StateStore(collector_settings.state_url) as state:
        state.migrate()
        yield Path(collector_settings, store, state)


def test_live_readings_leave_no_trace(path: Path) -> None:
    for minute in range(5):
        path.take(NOW - (10 - minute) * MINUTE, float(minute))
    assert path.state.revisions.list() == []
    assert path.state.revisions.list_reopened() == []


def test_a_correction_keeps_the_old_value_with_time_and_origin_and_reopens_the_hour(path: Path) -> None:
    path.take(OLD, 1.0, received_at=OLD + MINUTE)
    path.take(OLD + 2 * MINUTE, 2.0, received_at=OLD + 3 * MINUTE)
    path.take(OLD, 7.5)
    (kept,) = path.state.revisions.list()
    assert (kept.first, kept.last, kept.readings, kept.received_at, kept.origin) == (OLD, OLD, 1, NOW, "mqtt")
    assert kept.before == Before({"so2": 1.0})
    assert path.stored(OLD) == 7.5
    (hour,) = path.state.revisions.list_reopened()
    assert (hour.network, hour.station_id, hour.hour, hour.reason) == ("gas", "st-1", OLD, ReopenReason.CORRECTED)


def test_the_same_again_is_no_correction(path: Path) -> None:
    path.take(OLD, 1.0, received_at=OLD + MINUTE)
    path.take(OLD, 1.0)
    path.restart()
    path.take(OLD, 1.0)
    assert path.state.revisions.list() == []


def test_a_correction_is_written_down_before_it_is_written(path: Path) -> None:
    path.take(OLD, 1.0, received_at=OLD + MINUTE)
    path.take(OLD, 2.0, write=False)  # killed here
    path.restart()
    path.take(OLD, 2.0)
    path.restart()
    path.take(OLD, 2.0)
    assert [item.before for item in path.state.revisions.list()] == [Before({"so2": 1.0})]


def test_of_two_in_one_batch_the_later_one_counts_and_the_earlier_one_is_kept(path: Path) -> None:
    path.take(OLD, 1.0, 2.0, 3.0, received_at=OLD + MINUTE)
    assert [item.before for item in path.state.revisions.list()] == [Before({"so2": 1.0}), Before({"so2": 2.0})]
    assert path.stored(OLD) == 3.0


def test_a_status_that_no_longer_holds_is_replaced(path: Path) -> None:
    path.take(OLD, 1.0, received_at=OLD + MINUTE, status={"so2": "D"})
    assert path.stored(OLD, "so2__status") == "D"
    path.take(OLD, 1.0)
    assert path.stored(OLD, "so2__status") == "N"
    assert [item.before for item in path.state.revisions.list()] == [Before({}, {"so2": "D"})]


def test_late_readings_are_kept_as_runs_and_reopen_their_hours(path: Path) -> None:
    path.take(OLD + 3 * MINUTE, 3.0, received_at=OLD + 4 * MINUTE)
    path.take(NOW - 2 * MINUTE, 9.0)
    batch = [
        path.decoded(OLD + minute * MINUTE, {"so2": 1.0}, received_at=NOW, station="st-1")
        for minute in (0, 1, 2, 4, 61)
    ]
    path.overwrites.plan_writes(batch)
    runs = [(item.first, item.last, item.readings, item.before) for item in path.state.revisions.list()]
    assert runs == [(OLD, OLD + 2 * MINUTE, 3, None), (OLD + 4 * MINUTE, OLD + 61 * MINUTE, 2, None)]
    assert [item.hour for item in path.state.revisions.list_reopened("gas")] == [OLD, OLD + timedelta(hours=1)]
    assert {item.reason for item in path.state.revisions.list_reopened()} == {ReopenReason.LATE}


def test_a_data_set_has_no_late_readings_but_corrections(path: Path) -> None:
    path.take(OLD, 1.0, station="archive")
    assert path.state.revisions.list() == []
    path.take(OLD, 2.0, station="archive")
    assert [item.before for item in path.state.revisions.list()] == [Before({"benzene": 1.0})]
    assert path.state.revisions.list_reopened() == []


def test_hours_are_closed_unless_they_were_touched_again(path: Path) -> None:
    path.take(OLD, 1.0)
    read_at = datetime.now(UTC)
    path.take(OLD + 61 * MINUTE, 1.0)
    assert path.state.revisions.close_hours("gas", OLD - timedelta(days=1), NOW, read_at) == 1
    assert [item.hour for item in path.state.revisions.list_reopened()] == [OLD + timedelta(hours=1)]


_CODES = st.sampled_from(["so2", "no2", "o3"])
_VALUES = st.dictionaries(_CODES, st.floats(-10, 10), max_size=3)
_LETTERS = st.dictionaries(_CODES, st.sampled_from(["D", "C", "N"]), max_size=3)


@given(_VALUES, _LETTERS, _VALUES, _LETTERS)
def test_former_values_follow_from_stored_and_replaced_ones(
    values: dict[str, float], letters: dict[str, str], new_values: dict[str, float], new_letters: dict[str, str]
) -> None:
    before = Before(dict(values), {code: letter for code, letter in letters.items() if letter != "N"})
    after = overlaid(before, Before(dict(new_values), {**dict.fromkeys(new_values, None), **new_letters}))
    replaced = difference(before, after)
    told = dict(after.values) | (replaced.values if replaced else {})
    assert {code: value for code, value in told.items() if value is not None} == values
    if replaced is None:
        assert after.values == values


def past_of(path: Path, end: datetime, moment: datetime) -> AsOf:
    return AsOf(
        influx=path.store, state=path.state, network="gas", station_id="st-1", start=OLD, end=end, moment=moment
    )


def as_of(path: Path, moment: datetime) -> dict[datetime, float]:
    frame = past_of(path, OLD + timedelta(hours=2), moment).native("gas1", MINUTE)
    return {start.to_pydatetime(): float(row["so2"]) for start, row in frame.iterrows()}


def test_history_is_reconstructed_as_known_at_each_moment(path: Path) -> None:
    path.take(OLD, 1.0, received_at=OLD + MINUTE)
    path.take(OLD + 5 * MINUTE, 5.0, received_at=OLD + 6 * MINUTE)
    corrected, late, again = (OLD + timedelta(hours=hours) for hours in (3, 4, 5))
    path.take(OLD, 2.0, received_at=corrected)
    path.take(OLD + 2 * MINUTE, 9.0, received_at=late)
    path.take(OLD, 3.0, received_at=again)
    second = timedelta(seconds=1)
    assert as_of(path, OLD + 2 * MINUTE) == {OLD: 1.0}
    assert as_of(path, corrected - second) == {OLD: 1.0, OLD + 5 * MINUTE: 5.0}
    assert as_of(path, corrected) == {OLD: 2.0, OLD + 5 * MINUTE: 5.0}
    assert as_of(path, late) == {OLD: 2.0, OLD + 2 * MINUTE: 9.0, OLD + 5 * MINUTE: 5.0}
    assert as_of(path, NOW) == {OLD: 3.0, OLD + 2 * MINUTE: 9.0, OLD + 5 * MINUTE: 5.0}


def test_an_old_letter_comes_back_with_history(path: Path) -> None:
    path.take(OLD, 1.0, received_at=OLD + MINUTE, status={"so2": "D"})
    path.take(OLD, 1.0, received_at=NOW)
    before, after = (
        past_of(path, OLD + MINUTE, moment).native("gas1", MINUTE)["so2__status"].iloc[0]
        for moment in (NOW - MINUTE, NOW)
    )
    assert (before, after) == ("D", "N")


def test_quality_control_takes_up_re_opened_hours(path: Path) -> None:
    path.take(OLD + MINUTE, 1.0)
    path.take(OLD + timedelta(hours=5), 5.0)
    path.take(OLD + timedelta(hours=29), 6.0, received_at=NOW)
    (window,) = stretches(path.state.revisions.list_reopened())[:1]
    assert window[:2] == ("gas", OLD)
    now = datetime.now(UTC)
    summaries = run_reopened(path.settings, now)
    assert [item.network for item in summaries] == ["gas"]
    assert path.state.revisions.list_reopened() == []
    hours = path.store.read_hourly("gas", "st-1", OLD, OLD + timedelta(hours=6), ["so2"])
    assert hours["so2"].dropna().tolist() == [1.0, 5.0]
    assert run_reopened(path.settings, now) == []


def test_the_commands_show_what_changed(path: Path, command: Callable[..., Done]) -> None:
    path.take(OLD, 1.0, received_at=OLD + MINUTE)
    path.take(OLD, 2.0)

    def run(*more: str) -> str:
        done = command(*more, **own_settings(path.settings))
        assert done.returncode == 0, done.stderr
        return done.stdout

    (row,) = [msgspec.json.decode(line) for line in run("revisions", "--station", "st-1", "--json").splitlines()]
    assert (row["before"]["values"], row["origin"]) == ({"so2": 1.0}, "mqtt")
    assert "so2 1.0" in run("revisions", "--corrections")
    assert "gas  st-1 corrected" in run("qc", "reopened", "--dry-run")
    path.settings.run_dir.mkdir(parents=True, exist_ok=True)
    file = path.settings.run_dir / "told.csv"
    span = ("--from", OLD.isoformat(), "--to", (OLD + MINUTE).isoformat(), "--output", str(file))
    run("export", "--network", "gas", "--level", "native", "--as-of", (NOW - MINUTE).isoformat(), *span)
    assert ",st-1,gas,gas1,1.0" in file.read_text().splitlines()[-1]
