"""Hours that quality control flagged, and their case file."""

from __future__ import annotations

from dataclasses import replace
from math import exp, log

import numpy as np
import pandas as pd
import pytest

from analysis.case.case_file import EventKind
from analysis.case.fault_case import HARD, fault_case, is_fault_by_verdict, with_rejected
from analysis.case.fault_hours import FaultHours, fault_hours
from qc.verdict.verdict import Verdict
from qc.verdict.weight import WeighedEvidence
from qc.verdict.word import Word
from schemas.flag import Flag
from schemas.frames import FLAG, empty_flags
from schemas.reason import Reason, reason_text
from schemas.words import LANGUAGES
from tests.analysis.case.test_assembly import PLUME, given

NONE = empty_flags()


def records(test: str, flag: Flag, *starts: str, parameter: str = "so2", reason: str = "") -> pd.DataFrame:
    frame = pd.DataFrame({"start": pd.to_datetime(list(starts), utc=True)})
    return frame.assign(
        station_id="st-0", instrument_id="gas1", parameter=parameter, test=test, flag=int(flag), reason=reason
    )


def verdict(event: float, **weights: float) -> Verdict:
    return Verdict(
        station_id="st-0",
        parameter="so2",
        word=Word.FAULT,
        probability=event,
        log_odds=log(event / (1 - event)),
        prior=0.0,
        evidence=tuple(
            WeighedEvidence(
                name=name, weight=weight, reason=Reason(name, "event" if weight > 0 else "fault", {}, "verdict")
            )
            for name, weight in (weights or {"flat": -1.0}).items()
        ),
        silent=(),
    )


def flagged(flag: Flag = Flag.FAIL, test: str = "gross_range") -> FaultHours:
    plume = given(PLUME)
    hours = pd.date_range(plume.window.start, plume.window.end, freq="h", inclusive="left")
    (found,) = fault_hours(records(test, flag, *hours.astype(str), parameter=plume.parameter), NONE)
    return found


def test_records_within_three_hours_make_one_event() -> None:
    found = fault_hours(
        records(
            "flat_line",
            Flag.SUSPECT,
            "2026-05-01T08:10Z",
            "2026-05-01T08:20Z",
            "2026-05-01T12:00Z",
            "2026-05-01T17:00Z",
        ),
        NONE,
    )
    assert [(item.interval.start.hour, item.interval.end.hour, item.hours) for item in found] == [
        (8, 13, 2),
        (17, 18, 1),
    ]
    assert found[0].tests[0].records == 3


def test_a_record_with_an_end_covers_its_hours() -> None:
    drift = records("drift", Flag.SUSPECT, "2026-05-01T00:00Z").assign(end=pd.Timestamp("2026-05-01T06:00Z"))
    (found,) = fault_hours(NONE, drift)
    assert (found.hours, found.interval.end.hour, found.is_failed) == (6, 6, False)


@pytest.mark.parametrize("test", ["rate_of_change", "buddy", "gap", "completeness", "nox_sum"])
def test_what_the_air_or_the_transmission_may_do_is_no_fault(test: str) -> None:
    assert fault_hours(records(test, Flag.FAIL, "2026-05-01T08:10Z"), NONE) == []


@pytest.mark.parametrize(("letter", "count"), [("D", 1), ("B", 1), ("C", 0), ("M", 0)])
def test_calibration_and_maintenance_are_no_fault(letter: str, count: int) -> None:
    reason = reason_text("status", "letter", letter=letter)
    assert len(fault_hours(records("status", Flag.FAIL, "2026-05-01T08:10Z", reason=reason), NONE)) == count


def test_withdrawn_flags_make_no_event() -> None:
    assert fault_hours(records("spike", Flag.PASS, "2026-05-01T08:10Z"), NONE) == []


def test_failed_hours_are_a_fault_that_says_which_test_and_since_when() -> None:
    found = fault_case(given(PLUME), flagged())
    assert (found.kind, found.kinds[0].probability) == (EventKind.FAULT, HARD)
    assert found.answer.figures["tests"] == "gross_range"
    for language in LANGUAGES:
        text = " ".join(item.text(language) for item in found.statements)
        assert str(found.answer.figures["since"]) in text
        assert "{" not in text
    assert sum(item.probability for item in found.kinds) == pytest.approx(1.0)


def test_suspect_hours_have_the_probability_of_the_verdict_and_its_evidence() -> None:
    found = fault_case(given(PLUME), flagged(Flag.SUSPECT, "flat_line"), verdict(0.2))
    assert (found.kind, found.kinds[0].probability) == (EventKind.FAULT, pytest.approx(0.8))
    (fault,) = (item for item in found.statements if item.topic == "fault")
    assert [item.key for item in fault.details] == ["case.fault.test_suspect", "verdict.flat.fault"]


def test_suspect_hours_that_the_verdict_takes_for_an_event_are_not_called_a_fault() -> None:
    found = fault_case(given(PLUME), flagged(Flag.SUSPECT, "flat_line"), verdict(0.9))
    assert found.kind is EventKind.UNKNOWN
    assert found.answer.key == "case.answer.flagged_unknown"
    assert found.kinds[0].kind is EventKind.UNKNOWN


def test_ozone_in_sunshine_says_nothing_of_one_reading_that_left_the_level_and_came_back() -> None:
    spike, weighed = (
        fault_hours(records("spike", Flag.SUSPECT, "2026-05-01T10:22Z", parameter="o3"), NONE)[0],
        verdict(0.77, sun=3.53, tests=-2.89, neighbours=0.56),
    )
    assert spike.are_single_readings
    assert is_fault_by_verdict(spike, weighed)
    (share,) = (item for item in fault_case(given(PLUME), spike, weighed).kinds if item.kind is EventKind.FAULT)
    assert share.probability == pytest.approx(1 / (1 + exp(-2.89)))


def test_many_flagged_readings_are_weighed_with_the_evidence_of_their_hours() -> None:
    starts = [f"2026-05-01T10:2{minute}Z" for minute in range(4)]
    (many,) = fault_hours(records("spike", Flag.SUSPECT, *starts, parameter="o3"), NONE)
    weighed = verdict(0.77, sun=3.53, tests=-2.89, neighbours=0.56)
    assert not many.are_single_readings
    assert not is_fault_by_verdict(many, weighed)


def test_failed_readings_are_shown_as_the_instrument_reported_them() -> None:
    bare = given(PLUME)
    frame = bare.hourly[bare.station.id].assign(**{bare.parameter + FLAG: np.int8(Flag.FAIL)})
    failed = replace(bare, hourly={**bare.hourly, bare.station.id: frame})
    found = fault_case(failed, flagged())
    assert found.peak.value == pytest.approx(frame.loc[pd.Timestamp(bare.window.start) :, bare.parameter].max())
    assert bare.parameter + FLAG not in with_rejected(failed).hourly[bare.station.id]


def test_a_fault_without_any_reading_has_no_peak_and_says_so() -> None:
    bare = given(PLUME)
    frame = bare.hourly[bare.station.id].drop(columns=bare.parameter)
    found = fault_case(replace(bare, hourly={**bare.hourly, bare.station.id: frame}, minute={}), flagged())
    assert (found.peak.value, found.peak.hours) == (None, 0)
    assert any(item.key == "case.what.no_readings" for item in found.statements)
