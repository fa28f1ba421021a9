"""The pieces of evidence of a verdict: each looks at one thing and says event, fault, or nothing. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qc.verdict import around, gap, instrument, station
from qc.verdict.case import Context, Finding, Scene
from qc.verdict.wording import EVIDENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["MAKERS", "Finding", "Scene", "gather"]

MAKERS: Mapping[str, Callable[[Context], Finding]] = {
    "status": instrument.status,
    "calibration": instrument.calibration,
    "relation": instrument.relation,
    "tests": instrument.failed_tests,
    "flat": instrument.flat,
    "spike": instrument.spike,
    "onset": instrument.onset,
    "unrest": instrument.unrest,
    "gap": gap.gap,
    "clock": instrument.clock,
    "twin": station.twin,
    "companions": station.companions,
    "tracers": station.tracers,
    "co_pollutants": station.co_pollutants,
    "mixture": station.mixture,
    "fall": station.fall,
    "drift": around.drift,
    "neighbours": around.neighbours,
    "region": around.region,
    "rain": around.rain,
    "sun": around.sun,
}


OF_THE_DEPARTURE = frozenset(
    {"relation", "tests", "spike", "onset", "unrest", "companions", "tracers", "co_pollutants", "mixture", "fall"}
)
"""Evidence that doubts the departure itself: it says nothing of one that a second instrument shows too."""

OF_THE_AIR = frozenset({"onset", "unrest"})
"""Evidence that a departure looks like that of air: it says nothing where a second instrument breathes the same air and does not depart."""

OF_OTHERS = frozenset({"companions", "tracers", "co_pollutants", "fall"})
"""Evidence of the silence of the station's other channels: it says nothing of a departure that the stations around show in the same measure."""


def gather(scene: Scene) -> list[Finding]:
    """All pieces of evidence, in the order of `qc.verdict.wording.EVIDENCE`."""
    return findings_of(Context(scene))


def findings_of(context: Context) -> list[Finding]:
    """The same of a scene that has been put on its axis."""
    found = {name: MAKERS[name](context) for name in EVIDENCE}
    if found["onset"].is_event is not None and found["tests"].is_event is False:
        found["tests"] = instrument.failed_tests(context, seen=instrument.OF_CHANGE)
    if found["twin"].is_event is not None:
        # what a second instrument shows of the departure itself outdoes every sign of it
        outdone = OF_THE_DEPARTURE if found["twin"].is_event else OF_THE_AIR
        found |= {name: Finding(name) for name in outdone if found[name].is_event is not found["twin"].is_event}
    if found["neighbours"].is_event and context.apart is not None and not context.is_local:
        found |= {name: Finding(name) for name in OF_OTHERS if found[name].is_event is False}
    return list(found.values())
