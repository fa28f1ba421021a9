"""The case file of hours that quality control found an instrument at fault in, without any rise of valid values.

The probability of a fault is that of the verdict (`qc.verdict`), and at least `HARD` where a test failed values: quality control
fails on hard grounds only. Single readings that left the level and came back are no part of the hours' means, so that evidence of the level
of the hours (ozone in sunshine, neighbours that rise too) says nothing of them and does not count.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.case.case_file import Basis, CaseFile, EventKind, EventPeak, EventSpan, KindShare
from analysis.case.case_hours import CaseHours
from analysis.case.case_statement import grade, station_text
from analysis.case.claim import claim, detail, moment_text
from analysis.case.kind.weights import weight_file
from qc.verdict.evidence import OF_THE_HOURS
from qc.verdict.word import Word, word_of
from qc.verdict.word import probability as logistic
from schemas.frames import FLAG
from schemas.parameter import parameter as known
from schemas.reason import ReasonData, parse_reason
from schemas.statement import Confidence

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.case.case_input import CaseInput
    from analysis.case.fault_hours import FaultHours, FlaggedTest
    from qc.verdict.verdict import Verdict
    from qc.verdict.weight import WeighedEvidence
    from schemas.statement import Statement

HARD = 0.98
"""Least probability of a fault where a test failed values [1]; project choice, not fitted."""
SUREST = 0.99
"""Highest probability of a fault or an event that is stated [1]: the tests themselves can be wrong; project choice, not fitted."""
UNDECIDED = 0.5
"""Probability of a fault where only soft tests flagged and there is no verdict [1]."""
_LEAST_WEIGHT = 0.3
_MOST_TESTS, _MOST_EVIDENCE = 4, 3


def fault_case(given: CaseInput, flagged: FaultHours, verdict: Verdict | None = None) -> CaseFile:
    """What is known of hours that quality control flagged.

    Parameters
    ----------
    given : CaseInput
        Its window is the interval of ``flagged``.
    flagged : FaultHours
    verdict : Verdict or None
        Of the same hours; None: not known.

    Returns
    -------
    CaseFile
        Of kind ``fault``, or ``unknown`` where a fault is less probable than `analysis.case.kind` wants of any kind; its event
        has an end, also where the fault goes on after the newest data.

    """
    probability = _probability(flagged, verdict)
    kind = EventKind.FAULT if probability >= weight_file().least_probability else EventKind.UNKNOWN
    readings = _readings(given)
    values = readings.to_numpy(dtype=float)
    shares = (
        KindShare(kind=EventKind.FAULT, probability=probability),
        KindShare(kind=EventKind.UNKNOWN, probability=1 - probability),
    )
    start = given.window.start
    return CaseFile(
        key=f"{given.station.id}/{given.parameter}/{start:%Y-%m-%dT%H:%MZ}",
        station_id=given.station.id,
        parameter=given.parameter,
        basis=Basis.HOURLY,
        computed_at=given.now,
        event=EventSpan(
            start=start,
            peak_at=pd.DatetimeIndex(readings.index)[int(values.argmax())].to_pydatetime() if len(readings) else start,
            end=given.window.end,
            parameters=(given.parameter,),
            stations=(given.station.id,),
        ),
        peak=_peak(given, values),
        kind=kind,
        kinds=tuple(sorted(shares, key=lambda item: -item.probability)),
        sources=(),
        bearing=None,
        place=None,
        enterprises=(),
        similar=(),
        statements=_statements(given, flagged, verdict, probability, values),
        missing=(),
    )


def is_fault_by_verdict(flagged: FaultHours, verdict: Verdict) -> bool:
    """Whether a verdict on flagged hours is "fault", by its evidence that is about the flagged readings."""
    return word_of(_log_odds(flagged, verdict)) is Word.FAULT


def with_rejected(given: CaseInput) -> CaseInput:
    """The same with the hours of the parameter at the station that quality control failed: what a picture of a fault shows."""
    frame = given.hourly.get(given.station.id)
    if frame is None:
        return given
    kept = frame.drop(columns=given.parameter + FLAG, errors="ignore")
    return replace(given, hourly={**given.hourly, given.station.id: kept})


def _probability(flagged: FaultHours, verdict: Verdict | None) -> float:
    share = UNDECIDED if verdict is None else 1 - logistic(_log_odds(flagged, verdict))
    return min(max(share, HARD if flagged.is_failed else 1 - SUREST), SUREST)


def _log_odds(flagged: FaultHours, verdict: Verdict) -> float:
    """Log-odds of an event [1]."""
    if not flagged.are_single_readings:
        return verdict.log_odds
    return verdict.prior + math.fsum(item.weight for item in verdict.evidence if item.name not in OF_THE_HOURS)


def _readings(given: CaseInput) -> pd.Series:
    """Hourly means in the window, rejected ones included, else those of the minutes; without the hours that have none."""
    found = pd.Series(dtype=float, index=pd.DatetimeIndex([], tz="UTC"))
    for frames in (given.minute, given.hourly):
        frame = frames.get(given.station.id)
        if frame is not None and given.parameter in frame:
            values = frame[given.parameter].astype(float).dropna()
            found = values.groupby(pd.DatetimeIndex(values.index).floor("h")).mean().combine_first(found)
    index = pd.DatetimeIndex(found.index)
    return found[np.asarray((index >= pd.Timestamp(given.window.start)) & (index < pd.Timestamp(given.window.end)))]


def _peak(given: CaseInput, readings: NDArray[np.float64]) -> EventPeak:
    case_hours = CaseHours(given)
    series = case_hours.series(given.parameter)
    usual = series.usual[0, case_hours.inside]
    return EventPeak(
        unit=known(given.parameter).unit,
        value=float(readings.max()) if len(readings) else None,
        mean=float(readings.mean()) if len(readings) else None,
        usual=float(usual[np.isfinite(usual)].mean()) if np.isfinite(usual).any() else None,
        usual_hours=int(series.history[0]),
        hours=len(readings),
    )


def _statements(
    given: CaseInput,
    flagged: FaultHours,
    verdict: Verdict | None,
    probability: float,
    readings: NDArray[np.float64],
) -> tuple[Statement, ...]:
    is_fault = probability >= weight_file().least_probability
    names = ",".join(item.test for item in flagged.tests)
    answer = claim(
        "answer",
        "flagged" if is_fault else "flagged_unknown",
        grade(probability) if is_fault else Confidence.NONE,
        parameter=given.parameter,
        station=station_text(given.station),
        kind=EventKind.FAULT.value,
        likely=grade(probability).value,
        probability=probability,
        hours=flagged.hours,
        since=moment_text(flagged.interval.start, given.zone),
        tests=names,
    )
    return (
        answer,
        _what(given, readings),
        claim("kind", "flagged_hours", Confidence.MEDIUM, parameter=given.parameter),
        claim("fault", "for", grade(probability), _evidence(given, flagged, verdict), probability=probability),
        claim("change", "flagged", Confidence.MEDIUM),
    )


def _what(given: CaseInput, readings: NDArray[np.float64]) -> Statement:
    if not len(readings):
        return claim("what", "no_readings", Confidence.HIGH, parameter=given.parameter)
    return claim(
        "what",
        "readings",
        Confidence.HIGH,
        parameter=given.parameter,
        hours=len(readings),
        least=float(readings.min()),
        most=float(readings.max()),
        unit=known(given.parameter).unit,
    )


def _evidence(given: CaseInput, flagged: FaultHours, verdict: Verdict | None) -> list[ReasonData]:
    """Tests with what their first record says, then what else indicates a fault."""
    found = []
    for item in flagged.tests[:_MOST_TESTS]:
        found.append(_test(item, given))
        reason = parse_reason(item.reason)
        if reason is not None:
            found.append(ReasonData(reason.key, reason.figures))
    return [*found, *(_weighed(item) for item in _indicating(verdict))]


def _test(item: FlaggedTest, given: CaseInput) -> ReasonData:
    kind = "test_failed" if item.is_failed else "test_suspect"
    since = moment_text(item.first, given.zone)
    return detail("fault", kind, test=item.test, records=item.records, hours=item.hours, since=since)


def _indicating(verdict: Verdict | None) -> list[WeighedEvidence]:
    evidence = () if verdict is None else verdict.evidence
    return [item for item in evidence if item.weight <= -_LEAST_WEIGHT][:_MOST_EVIDENCE]


def _weighed(item: WeighedEvidence) -> ReasonData:
    return ReasonData(item.reason.key, item.reason.figures)
