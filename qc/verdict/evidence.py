"""The pieces of evidence of a verdict: each indicates event, fault, or nothing. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qc.verdict import change, flat, gap, instrument, neighbourhood, station
from qc.verdict.case import Case
from qc.verdict.context import CaseContext, Indication

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


EVIDENCE_FUNCTIONS: Mapping[str, Callable[[Case], Indication]] = {
    "status": instrument.status,
    "calibration": instrument.calibration,
    "relation": instrument.relation,
    "tests": instrument.failed_tests,
    "flat": flat.flat,
    "spike": change.spike,
    "onset": change.onset,
    "unrest": change.unrest,
    "gap": gap.gap,
    "clock": instrument.clock,
    "twin": station.twin,
    "companions": station.companions,
    "tracers": station.tracers,
    "co_pollutants": station.co_pollutants,
    "mixture": station.mixture,
    "fall": station.fall,
    "drift": neighbourhood.drift,
    "neighbours": neighbourhood.neighbours,
    "region": neighbourhood.region,
    "rain": neighbourhood.rain,
    "sun": neighbourhood.sun,
}
EVIDENCE = tuple(EVIDENCE_FUNCTIONS)
"""Names of the pieces of evidence, in the order in which they are listed."""


OF_THE_DEVIATION = frozenset(
    {"relation", "tests", "spike", "onset", "unrest", "companions", "tracers", "co_pollutants", "mixture", "fall"}
)
"""Evidence against the deviation itself: not used where a second instrument shows the same deviation."""

OF_THE_AIR = frozenset({"onset", "unrest"})
"""Evidence that a deviation resembles that of ambient air: not used where a second instrument at the station does not deviate."""

OF_OTHERS = frozenset({"companions", "tracers", "co_pollutants", "fall"})
"""Evidence that the station's other channels do not deviate: not used where the neighbours deviate by as much."""

OF_THE_HOURS = OF_OTHERS | {"mixture", "drift", "neighbours", "region", "rain", "sun"}
"""Evidence of the level of whole hours: it says nothing of single readings that their mean leaves out."""


def collect_evidence(context: CaseContext) -> list[Indication]:
    """All pieces of evidence, in the order of `EVIDENCE`."""
    return evidence_of(Case(context))


def evidence_of(case: Case) -> list[Indication]:
    """All pieces of evidence of a case; those that another one overrules indicate nothing."""
    found = {name: EVIDENCE_FUNCTIONS[name](case) for name in EVIDENCE}
    if found["onset"].is_event is not None and found["tests"].is_event is False:
        found["tests"] = instrument.failed_tests(case, seen=instrument.OF_CHANGE)
    if found["twin"].is_event is not None:
        # a second instrument is stronger evidence of the deviation than any indirect sign
        outdone = OF_THE_DEVIATION if found["twin"].is_event else OF_THE_AIR
        found |= {name: Indication(name) for name in outdone if found[name].is_event is not found["twin"].is_event}
    if found["neighbours"].is_event and case.from_neighbours is not None and not case.is_local:
        found |= {name: Indication(name) for name in OF_OTHERS if found[name].is_event is False}
    return list(found.values())
