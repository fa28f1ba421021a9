"""Events: rises of all parameters and stations that belong together in space, time and chemistry.

`find_rises` (`.rise`) finds the hours that lie above the usual course of their own series (`.usual`), `group_events` (`.group`) puts
those together that `.link` joins and `.family` allows, and `advance_of` (`.advance`) estimates where a front moves to.
`events_in` does all of it for the frames of some stations. Docs: ``docs/attribution.md``.
"""

from analysis.case.event.advance import Advance, advance_of
from analysis.case.event.event import Event
from analysis.case.event.family import linked
from analysis.case.event.find import event_at, events_in
from analysis.case.event.group import group_events
from analysis.case.event.rise import EventRise, find_rises

__all__ = [
    "Advance",
    "Event",
    "EventRise",
    "advance_of",
    "event_at",
    "events_in",
    "find_rises",
    "group_events",
    "linked",
]
