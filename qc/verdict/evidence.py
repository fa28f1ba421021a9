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
"""Evidence that doubts the departure itself: it says nothing of one that a second instrument shows too."""

OF_THE_AIR = frozenset({"onset", "unrest"})
"""Evidence that a departure looks like that of air: it says nothing where a second instrument breathes the same air and does not depart."""

OF_OTHERS = frozenset({"companions", "tracers", "co_pollutants", "fall"})
"""Evidence of the silence of the station's other channels: it says nothing of a departure that the stations around show in the same measure."""


def collect_evidence(context: CaseContext) -> list[Indication]:
    """All pieces of evidence, in the order of `EVIDENCE`."""
    return evidence_of(Case(context))


def evidence_of(case: Case) -> list[Indication]:
    """All pieces of evidence of a case, after those that another one overrules."""
    found = {name: EVIDENCE_FUNCTIONS[name](case) for name in EVIDENCE}
    if found["onset"].is_event is not None and found["tests"].is_event is False:
        found["tests"] = instrument.failed_tests(case, seen=instrument.OF_CHANGE)
    if found["twin"].is_event is not None:
        # what a second instrument shows of the departure itself outdoes every sign of it
        outdone = OF_THE_DEVIATION if found["twin"].is_event else OF_THE_AIR
        found |= {name: Indication(name) for name in outdone if found[name].is_event is not found["twin"].is_event}
    if found["neighbours"].is_event and case.from_neighbours is not None and not case.is_local:
        found |= {name: Indication(name) for name in OF_OTHERS if found[name].is_event is False}
    return list(found.values())
