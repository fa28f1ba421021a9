"""Flags of quality control and status letters as evidence of a fault."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from analysis.case.assembly import case_file
from analysis.case.case_file import CaseFile, EventKind
from analysis.case.kind.mark import marks_of
from schemas.flag import Flag
from schemas.frames import FLAG
from tests.analysis.case.test_assembly import PLUME, computed, given

if TYPE_CHECKING:
    from analysis.case.case_input import CaseInput


def flagged(flag: Flag, *, before_h: int = 0) -> CaseInput:
    """The plume with a flag on each hour of the window, or on the hours before it."""
    found = given(PLUME)
    frame = found.hourly[found.station.id].copy()
    index = pd.DatetimeIndex(frame.index)
    start = pd.Timestamp(found.window.start)
    chosen = np.asarray(index >= start)
    if before_h:
        chosen = np.asarray((index < start) & (index >= start - pd.Timedelta(hours=before_h)))
    frame.loc[chosen, found.parameter + FLAG] = np.int8(flag)
    return replace(found, hourly={**found.hourly, found.station.id: frame})


def with_letter(letter: str) -> CaseInput:
    found = given(PLUME)
    index = pd.date_range(found.window.start, found.window.end, freq="min", inclusive="left")
    return replace(found, letters={found.parameter: pd.Series(letter, index=index)})


def fault(found: CaseFile) -> float:
    return next(item.probability for item in found.kinds if item.kind is EventKind.FAULT)


def test_without_marks_there_is_no_feature() -> None:
    assert marks_of(given(PLUME)) == {}


def test_a_suspect_flag_counts_a_quarter_of_a_fail() -> None:
    assert marks_of(flagged(Flag.FAIL))["flagged"].value == 1.0
    assert marks_of(flagged(Flag.SUSPECT))["flagged"].value == pytest.approx(0.25)


def test_flags_before_the_event_count_half() -> None:
    found = marks_of(flagged(Flag.FAIL, before_h=6))["flagged"]
    assert found.value == pytest.approx(0.5)
    assert found.figures["failed"] == 6


def test_over_range_is_no_evidence_of_a_fault() -> None:
    assert marks_of(with_letter("T")) == {}


@pytest.mark.parametrize("letter", sorted("CMFDBS"))
def test_a_status_letter_is_evidence_of_a_fault(letter: str) -> None:
    found = marks_of(with_letter(letter))["status"]
    assert (found.value, found.figures["letter"]) == (1.0, letter)


def test_a_fault_status_raises_the_probability_of_a_fault_and_is_stated() -> None:
    found = case_file(with_letter("D"))
    assert fault(found) > fault(computed(PLUME))
    stated = " ".join(item.text("en") for item in found.statements if item.topic == "fault")
    assert "status other than normal" in stated
    assert "“fault”" in stated


def test_failed_hours_before_the_event_raise_the_probability_of_a_fault() -> None:
    assert fault(case_file(flagged(Flag.FAIL, before_h=6))) > fault(computed(PLUME))
