from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from schemas.calibration import CheckKind, CheckOutcome, CheckResult, Correction
from store.state import OverlapError, ReopenReason, StateStore

AT = datetime(2026, 11, 22, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def result(response: float = 301.0, hours: int = 0) -> CheckResult:
    return CheckResult("gas", "a", "i", "o3", AT + hours * HOUR, CheckKind.SPAN, 300.0, response, "N1")


def decision(hours: int = 0) -> Correction:
    return Correction(
        network="gas", station_id="a", instrument_id="i", parameter="o3", start=AT + hours * HOUR, end=AT + (hours + 3) * HOUR,
        zero_start=0.0, zero_end=1.0, gain_start=1.0, gain_end=1.02, who="a person", why="drift",
    )  # fmt: skip


def test_the_same_result_again_changes_nothing_and_other_figures_are_another_result(store: StateStore) -> None:
    for figures in (301.0, 301.0, 305.0):
        store.calibration.add_checks([result(figures)], AT)
    assert [item.result.response for item in store.calibration.list_checks(network="gas")] == [301.0, 305.0]
    assert store.calibration.list_checks(network="gas")[0].result == result()


def test_checks_are_found_by_time_and_channel(store: StateStore) -> None:
    store.calibration.add_checks([result(hours=hour) for hour in range(4)], AT)
    found = store.calibration.list_checks(
        station_id="a", instrument_id="i", parameter="o3", start=AT + HOUR, end=AT + 3 * HOUR
    )
    assert [item.result.at for item in found] == [AT + HOUR, AT + 2 * HOUR]
    assert store.calibration.list_checks(parameter="no2") == []
    assert store.calibration.get_check(found[0].id) == found[0]
    assert store.calibration.get_check(99) is None


def test_the_last_check_before_a_moment_is_found(store: StateStore) -> None:
    store.calibration.add_checks([result(hours=hour) for hour in range(4)], AT)
    (last,) = store.calibration.list_last_checks("gas", AT + 3 * HOUR)
    assert last.result.at == AT + 2 * HOUR
    assert store.calibration.list_last_checks("gas", AT) == []


def test_an_outcome_is_kept_with_the_hours_it_reopens(store: StateStore) -> None:
    store.calibration.add_checks([result()], AT)
    (item,) = store.calibration.list_new_checks("gas")
    assert item.outcome is None
    store.calibration.note_outcomes({item.id: (CheckOutcome.INVALID, 12.5)}, [("gas", "a", AT)], AT)
    assert store.calibration.list_new_checks("gas") == []
    (judged,) = store.calibration.list_checks()
    assert (judged.outcome, judged.drift) == (CheckOutcome.INVALID, 12.5)
    assert [(hour.hour, hour.reason) for hour in store.revisions.list_reopened()] == [(AT, ReopenReason.CALIBRATION)]


def test_a_correction_is_reverted_and_stays_on_record(store: StateStore) -> None:
    number = store.calibration.add_correction(decision(), [("gas", "a", AT)])
    assert store.calibration.list_corrections(only_active=True)[0].correction == decision()
    assert store.calibration.revert_correction(number, "another", "wrong cylinder", [("gas", "a", AT + HOUR)])
    assert not store.calibration.revert_correction(number, "another", "twice", [])
    assert store.calibration.list_corrections(only_active=True) == []
    (kept,) = store.calibration.list_corrections(network="gas", station_id="a")
    assert (kept.reverted_by, kept.reverted_why) == ("another", "wrong cylinder")
    assert len(store.revisions.list_reopened("gas")) == 2


def test_corrections_that_hold_do_not_overlap(store: StateStore) -> None:
    number = store.calibration.add_correction(decision(), [])
    with pytest.raises(OverlapError, match=f"correction {number} already"):
        store.calibration.add_correction(decision(2), [])
    store.calibration.add_correction(decision(3), [])
    store.calibration.revert_correction(number, "a", "b", [])
    store.calibration.add_correction(decision(-2), [])
