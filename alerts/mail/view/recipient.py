"""Names of those who are notified of cases, or act on them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.mail.view.mail_value import Name
from alerts.people.route import TEAM_PREFIX

if TYPE_CHECKING:
    from alerts.people.people import People


def recipient_name(people: People, key: str) -> Name:
    """Name of a person or of a team by its recipient's key; the key where the people file does not have it."""
    person = people.person.get(key)
    if person is not None:
        return Name(person.name_zh, person.name_en)
    team = people.team.get(key.removeprefix(TEAM_PREFIX))
    return Name(key, key) if team is None else Name(team.name_zh, team.name_en)
