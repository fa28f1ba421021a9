"""Mutes of the cases of a message that have ended just now. Reads only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.delivery.mute import covers
from alerts.mail.view.finding import EndedMute
from alerts.mail.view.mail_value import Name
from alerts.mail.view.plain import city, name_of
from alerts.mail.view.recipient import recipient_name
from alerts.run.mute import JUST_ENDED
from schemas.alert_case import StepKind
from schemas.words.naming import short_name
from store.state import MuteKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alerts.mail.evidence.series import Sources
    from alerts.people.people import People
    from schemas.alert_case import AlertCase
    from store.state import Mute, MuteMatcher


def ended_mutes(sources: Sources, people: People, cases: Sequence[AlertCase]) -> tuple[EndedMute, ...]:
    """Mutes that covered any of these cases and have ended, those by a rule of patterns first; raises `StoreError`."""
    ended = [item for item in sources.state.mutes.list(ended_from=sources.now - JUST_ENDED) if item.end <= sources.now]
    counted = [(item, sum(covers(item.matcher, case, sources.network) for case in cases)) for item in ended]
    found = [_of_patterns(sources, people, item, count) for item, count in counted if count]
    return (*found, *(own for case in cases if (own := _of_case(people, case)) is not None))


def _of_patterns(sources: Sources, people: People, item: Mute, count: int) -> EndedMute:
    return EndedMute(
        covers=_covered(sources, item.matcher),
        by=recipient_name(people, item.by),
        since=item.start,
        until=item.end,
        reason=item.reason,
        is_maintenance=item.kind is MuteKind.MAINTENANCE,
        count=count,
    )


def _covered(sources: Sources, matcher: MuteMatcher) -> tuple[tuple[str, tuple[Name, ...]], ...]:
    """Names of stations, cities and parameters; patterns as they are."""
    stations = sources.network.stations
    found = {
        "stations": [name_of(stations[item]) if item in stations else Name(item, item) for item in matcher.stations],
        "cities": [city(item) if city(item).zh else Name(item, item) for item in matcher.cities],
        "parameters": [Name(short_name(item, "zh"), short_name(item, "en")) for item in matcher.parameters],
        **{
            key: [Name(item, item) for item in patterns]
            for key, patterns in (("networks", matcher.networks), ("rules", matcher.rules), ("cases", matcher.cases))
        },
    }
    return tuple((key, tuple(names)) for key, names in found.items() if names)


def _of_case(people: People, case: AlertCase) -> EndedMute | None:
    """The mute of the case itself, where its newest step is the end of one."""
    if not case.steps or case.steps[-1].kind is not StepKind.UNMUTED:
        return None
    begun = next((item for item in reversed(case.steps) if item.kind is StepKind.MUTED), None)
    if begun is None:
        return None
    return EndedMute(
        covers=(("cases", (Name(case.id, case.id),)),),
        by=recipient_name(people, begun.by),
        since=begun.at,
        until=case.steps[-1].at,
        reason=str(begun.figures.get("text", "")),
        is_maintenance=False,
        count=1,
    )
