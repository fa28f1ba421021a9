"""The pieces of evidence of a verdict: each looks at one thing and says event, fault, or nothing. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qc import verdict_around, verdict_gap, verdict_instrument, verdict_station
from qc.verdict_scene import Context, Finding, Scene
from qc.verdict_wording import EVIDENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["MAKERS", "Finding", "Scene", "gather"]

MAKERS: Mapping[str, Callable[[Context], Finding]] = {
    "status": verdict_instrument.status,
    "calibration": verdict_instrument.calibration,
    "relation": verdict_instrument.relation,
    "tests": verdict_instrument.failed_tests,
    "flat": verdict_instrument.flat,
    "spike": verdict_instrument.spike,
    "onset": verdict_instrument.onset,
    "unrest": verdict_instrument.unrest,
    "gap": verdict_gap.gap,
    "clock": verdict_instrument.clock,
    "twin": verdict_station.twin,
    "companions": verdict_station.companions,
    "tracers": verdict_station.tracers,
    "co_pollutants": verdict_station.co_pollutants,
    "mixture": verdict_station.mixture,
    "fall": verdict_station.fall,
    "drift": verdict_around.drift,
    "neighbours": verdict_around.neighbours,
    "region": verdict_around.region,
    "rain": verdict_around.rain,
    "sun": verdict_around.sun,
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
    """All pieces of evidence, in the order of `qc.verdict_wording.EVIDENCE`."""
    return findings_of(Context(scene))


def findings_of(context: Context) -> list[Finding]:
    """The same of a scene that has been put on its axis."""
    found = {name: MAKERS[name](context) for name in EVIDENCE}
    if found["onset"].is_event is not None and found["tests"].is_event is False:
        found["tests"] = verdict_instrument.failed_tests(context, seen=verdict_instrument.OF_CHANGE)
    if found["twin"].is_event is not None:
        # what a second instrument shows of the departure itself outdoes every sign of it
        outdone = OF_THE_DEPARTURE if found["twin"].is_event else OF_THE_AIR
        found |= {name: Finding(name) for name in outdone if found[name].is_event is not found["twin"].is_event}
    if found["neighbours"].is_event and context.apart is not None and not context.is_local:
        found |= {name: Finding(name) for name in OF_OTHERS if found[name].is_event is False}
    return list(found.values())
