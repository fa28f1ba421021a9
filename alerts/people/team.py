"""A team: who belongs to it, for which areas, networks and stations, and how long it may leave a case unanswered."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from alerts.people.person import Areas, ContactChannel, OneLine, PeopleId, StationPattern
from schemas.message import NetworkCode

DAY_MIN = 1_440


class Team(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One team; without shifts all its members are on duty at any time.

    Attributes
    ----------
    id : str
    name_zh, name_en : str
    members : tuple of str
        Persons, in the order in which they are notified where no shift says another.
    leader : str
        Notified last, and first where the roster has a hole.
    areas : tuple of str
        Patterns of GB/T 2260 codes; a case goes to the first team of the file whose areas and networks it is in.
    networks : tuple of NetworkCode
        Empty: all.
    operator_of : tuple of str
        Patterns of station ids whose instrument faults and cut lines the team is notified of. Such a team is notified of nothing else
        unless a route says so.
    escalate_after_min : int
        no one has taken a case for so long: the next person is notified [min].
    channels : tuple of ContactChannel
        Of the team as a whole, such as a group chat.
    language : str
        Of these channels.
    """

    id: PeopleId
    name_zh: OneLine
    name_en: OneLine
    members: Annotated[tuple[PeopleId, ...], Meta(min_length=1)]
    leader: PeopleId
    areas: Areas = ("*",)
    networks: tuple[NetworkCode, ...] = ()
    operator_of: tuple[StationPattern, ...] = ()
    escalate_after_min: Annotated[int, Meta(ge=1, le=DAY_MIN)] = 15
    channels: tuple[ContactChannel, ...] = ()
    language: Literal["zh", "en"] = "zh"

    def name(self, language: str) -> str:
        """Name in ``zh`` or ``en``."""
        return self.name_zh if language == "zh" else self.name_en
