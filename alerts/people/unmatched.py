"""What of a people file matches nothing of the network, which changes apart from it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.people.pattern import is_any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.people.people import People
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
