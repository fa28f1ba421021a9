"""What of a people file does not agree with the network and the settings, which change apart from it. Pure."""

from __future__ import annotations

from email.utils import parseaddr
from typing import TYPE_CHECKING

from alerts.people.pattern import is_any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from alerts.people.people import People
    from alerts.people.person import Person
    from schemas.network import Network

EVERYWHERE = "*"


def unmatched(people: People, network: Network) -> Iterator[tuple[str, str, str]]:
    """Table, key and pattern of each pattern that matches no station or city of the network."""
    stations = [station.id for station in network.station_list]
    cities = [station.city for station in network.station_list]
    for team in people.teams:
        for pattern in team.operator_of:
            if not any(is_any(station, (pattern,)) for station in stations):
                yield f"team {team.id!r}", "operator_of", pattern
    areas = [(f"person {item.id!r}", item.areas) for item in people.persons]
    areas += [(f"team {item.id!r}", item.areas) for item in people.teams]
    areas += [(f"route {item.name!r}", item.areas) for item in people.routes]
    for table, patterns in areas:
        for pattern in patterns:
            if pattern != EVERYWHERE and not any(is_any(city, (pattern,)) for city in cities):
                yield table, "areas", pattern


def without_operator(people: People, network: Network) -> tuple[str, ...]:
    """Stations that no team operates; none where no team operates any: faults then go to the fall-back team on purpose."""
    patterns = tuple(pattern for team in people.teams for pattern in team.operator_of)
    if not patterns:
        return ()
    return tuple(station.id for station in network.station_list if not is_any(station.id, patterns))


def with_address_of(people: People, own: Iterable[str]) -> tuple[Person, ...]:
    """Persons who have an address of the alerts themselves, each alone or with a name: what they write is taken for a mail of our own."""
    addresses = {parseaddr(item)[1].casefold() for item in own if item}
    return tuple(item for item in people.persons if item.mail.casefold() in addresses)
