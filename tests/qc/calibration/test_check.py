from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qc.calibration.check import evaluate_checks, flagged_periods, period_flags, span_drift_pct, zero_drift_pct
from qc.calibration.correction import CalibrationError, corrected, derive_correction
from qc.run.limits import parse_thresholds
from schemas.calibration import CheckKind, CheckOutcome, CheckResult, Correction
from schemas.flag import Flag
from schemas.words import sentence

if TYPE_CHECKING:
    from qc.limits.thresholds import Thresholds

ZONE = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 6, 1, 17, tzinfo=UTC)
DAY = timedelta(days=1)


def check(kind: CheckKind, day: float, response: float, reference: float = 300.0, **changed: str) -> CheckResult:
    parameter = changed.pop("parameter", "o3")
    return CheckResult(
        changed.pop("network", "gas"), "s1", "a1", parameter, START + day * DAY, kind, reference, response, **changed
    )


def span(day: float, drift_pct: float) -> CheckResult:
    return check(CheckKind.SPAN, day, 300 * (1 + drift_pct / 100))


def target(day: float, off: float) -> CheckResult:
    return check(CheckKind.TARGET, day, 1950 + off, 1950, parameter="ch4", network="ghg")


def times(days: float) -> np.ndarray:
    return np.datetime64(START.replace(tzinfo=None), "us") + np.arange(int(days * 24)) * np.timedelta64(1, "h")


def test_drifts_are_those_of_the_formulas() -> None:
    assert zero_drift_pct(5.0, 0.0, 500.0) == pytest.approx(1.0)
    assert span_drift_pct(415.0, 400.0, 5.0) == pytest.approx(2.5)


def test_outcomes_follow_the_limits(thresholds: Thresholds) -> None:
    evaluated = evaluate_checks([span(0, 1.0), span(1, 5.0), span(2, 12.0)], thresholds, ZONE)
    assert [item.outcome for item in evaluated] == [CheckOutcome.PASS, CheckOutcome.ADJUST, CheckOutcome.INVALID]


def test_the_zero_of_a_session_is_taken_from_its_span(thresholds: Thresholds) -> None:
    zero = check(CheckKind.ZERO, 0, 30.0, 0.0)
    evaluated = evaluate_checks([check(CheckKind.SPAN, 0.01, 330.0), zero], thresholds, ZONE)
    assert evaluated[1].drift == pytest.approx(0.0)
    assert evaluated[0].drift == pytest.approx(100 * 30 / 981)


def test_a_failed_check_invalidates_back_to_the_last_good_one_and_names_both(thresholds: Thresholds) -> None:
    (doubt,) = flagged_periods(evaluate_checks([span(0, 1.0), span(1, 2.0), span(2, 12.0)], thresholds, ZONE))
    assert (doubt.start, doubt.end, doubt.flag, doubt.test) == (START + DAY, None, Flag.FAIL, "calibration")
    assert "2026-06-03T17:00Z failed: drift 12 %" in sentence(doubt.reason, "en")
    assert "2026-06-02T17:00Z, drift 2" in sentence(doubt.reason, "en")


def test_the_next_good_check_ends_it(thresholds: Thresholds) -> None:
    (doubt,) = flagged_periods(
        evaluate_checks([span(0, 0.0), span(1, 12.0), span(2, 13.0), span(3, 0.0)], thresholds, ZONE)
    )
    assert (doubt.start, doubt.end) == (START, START + 3 * DAY)


def test_without_a_passing_check_the_limit_defines_the_period(thresholds: Thresholds) -> None:
    (doubt,) = flagged_periods(evaluate_checks([span(0, 12.0)], thresholds, ZONE))
    assert doubt.start == START - timedelta(hours=168)
    assert "no earlier passing check" in sentence(doubt.reason, "en")


def test_a_target_gas_off_its_goal_is_suspect_only(thresholds: Thresholds) -> None:
    (doubt,) = flagged_periods(evaluate_checks([target(0, 1.0), target(0.5, 9.0)], thresholds, ZONE))
    assert (doubt.flag, doubt.test, doubt.start) == (Flag.SUSPECT, "target_gas", START)


def test_without_a_limit_a_check_is_unknown_and_flags_no_data() -> None:
    bare = parse_thresholds('[hour]\nmin_completeness = 0.75\nunit = "1"\nsource = "test"\nverified = false\n', "f")
    evaluated = evaluate_checks([span(0, 90.0)], bare, ZONE)
    assert evaluated[0].outcome is CheckOutcome.UNKNOWN
    assert flagged_periods(evaluated) == []


def test_of_two_results_of_one_moment_the_later_received_counts(thresholds: Thresholds) -> None:
    (evaluated,) = evaluate_checks([span(0, 12.0), span(0, 1.0)], thresholds, ZONE)
    assert evaluated.outcome is CheckOutcome.PASS


def test_without_checks_no_period_is_flagged(thresholds: Thresholds) -> None:
    assert flagged_periods(evaluate_checks([], thresholds, ZONE)) == []


def test_flags_are_the_periods_flag_inside_and_pass_outside(thresholds: Thresholds) -> None:
    periods = flagged_periods(evaluate_checks([span(0, 0.0), span(1, 12.0), span(2, 0.0)], thresholds, ZONE))
    ((_, flags),) = period_flags(times(3), periods)
    assert list(np.unique(flags[:48])) == [Flag.FAIL]
    assert list(np.unique(flags[48:])) == [Flag.PASS]
    assert period_flags(times(0), periods) == []


@given(st.lists(st.floats(-20, 20), min_size=1, max_size=8))
def test_every_failed_check_lies_in_or_ends_a_period_and_no_good_one_does(drifts: list[float]) -> None:
    from qc.run.limits import load_thresholds

    evaluated = evaluate_checks([span(day, drift) for day, drift in enumerate(drifts)], load_thresholds(), ZONE)
    periods = flagged_periods(evaluated)
    for item in evaluated:
        covered = [
            one for one in periods if one.start < item.result.at and (one.end is None or item.result.at < one.end)
        ]
        assert bool(covered) == (item.outcome is CheckOutcome.INVALID)


def decision(**changed: object) -> Correction:
    known = {
        "network": "gas", "station_id": "s1", "instrument_id": "a1", "parameter": "o3", "start": START, "end": START + DAY,
        "zero_start": 0.0, "zero_end": 4.0, "gain_start": 1.0, "gain_end": 1.1, "who": "a person", "why": "drift",
    }  # fmt: skip
    return Correction(**{**known, **changed})  # type: ignore[arg-type]


def test_a_correction_takes_a_linear_drift_out() -> None:
    moments = times(2)
    part = np.clip(np.arange(48) / 24, 0, 1)
    drifted = np.where(np.arange(48) < 24, 80 * (1 + 0.1 * part) + 4 * part, 80.0)
    assert corrected(drifted, moments, [decision()]) == pytest.approx(np.full(48, 80.0))


def test_values_are_not_changed_in_place_and_nan_stays() -> None:
    values = np.array([1.0, np.nan])
    assert np.isnan(corrected(values, times(2)[:2], [decision(zero_start=1.0)])[1])
    assert values[0] == 1.0


def test_no_correction_changes_nothing() -> None:
    values = np.arange(5.0)
    assert corrected(values, times(1)[:5], []) == pytest.approx(values)


@pytest.mark.parametrize(
    "wrong", [[decision(), decision()], [decision(gain_end=0.0)], [decision(end=START)], [decision(gain_start=-1.0)]]
)
def test_corrections_that_cannot_be_applied_are_refused(wrong: list[Correction]) -> None:
    with pytest.raises(CalibrationError):
        corrected(np.zeros(3), times(1)[:3], wrong)


@given(st.floats(-5, 5), st.floats(0.5, 2.0), st.floats(-5, 5), st.floats(0.5, 2.0))
def test_correcting_undoes_the_same_drift(
    zero_start: float, gain_start: float, zero_end: float, gain_end: float
) -> None:
    moments, part = times(1), np.arange(24) / 24
    true = 50 + np.sin(np.arange(24))
    drifted = true * (gain_start + part * (gain_end - gain_start)) + zero_start + part * (zero_end - zero_start)
    item = decision(zero_start=zero_start, zero_end=zero_end, gain_start=gain_start, gain_end=gain_end)
    assert corrected(drifted, moments, [item]) == pytest.approx(true)


def test_a_correction_is_derived_from_the_good_check_before(thresholds: Thresholds) -> None:
    zero = check(CheckKind.ZERO, 1.0, 2.0, 0.0)
    latest = check(CheckKind.SPAN, 1.005, 302 * 1.0 + 15)
    evaluated = evaluate_checks([span(0, 1.0), zero, latest], thresholds, ZONE)
    item = derive_correction(evaluated, latest, "a person", "drift")
    assert (item.start, item.end) == (START, START + DAY)
    assert (item.zero_end, item.gain_start) == (2.0, pytest.approx(1.01))
    assert item.gain_end == pytest.approx(1.05)


@pytest.mark.parametrize(
    ("checks", "words"), [([span(0, 1.0), span(1, 30.0)], "tolerance"), ([span(0, 1.0)], "before")]
)
def test_a_correction_that_cannot_be_derived_is_an_error(
    checks: list[CheckResult], words: str, thresholds: Thresholds
) -> None:
    with pytest.raises(CalibrationError, match=words):
        derive_correction(evaluate_checks(checks, thresholds, ZONE), checks[-1], "a person", "drift")
