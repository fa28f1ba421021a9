"""Short people files and cases for the tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from alerts.people.file import parse_people
from schemas.alert import Severity
from schemas.alert_case import AlertCase, Audience, CaseKind, CaseState

if TYPE_CHECKING:
    from alerts.people.people import People

HEAD = 'zone = "{zone}"\nfallback_team = "duty"\n'
PERSONS = "".join(
    f'[[person]]\nid = "{name}"\nname_zh = "{name}"\nname_en = "{name}"\nmail = "{name}@example.org"\n'
    for name in ("li", "wang", "zhao", "chief")
)
TEAM = '[[team]]\nid = "duty"\nname_zh = "值班"\nname_en = "Duty"\nmembers = ["li", "wang", "zhao"]\nleader = "chief"\n'
DAY_NIGHT = """
[[shift]]
id = "day"
team = "duty"
from = "08:00"
until = "20:00"
order = ["li", "wang"]
[[shift]]
id = "night"
team = "duty"
from = "20:00"
until = "08:00"
order = ["zhao", "wang"]
"""


def text_of(tables: str = DAY_NIGHT, *, zone: str = "Asia/Shanghai", head: str = "") -> str:
    """A people file of four persons and one team, with further keys and tables."""
    return HEAD.format(zone=zone) + head + PERSONS + TEAM + tables


def people_with(tables: str = DAY_NIGHT, *, zone: str = "Asia/Shanghai", head: str = "") -> People:
    """The same, parsed."""
    return parse_people(text_of(tables, zone=zone, head=head), "people.toml")


def local(text: str, zone: str = "Asia/Shanghai") -> datetime:
    """A moment on the clock of a zone, UTC."""
    from zoneinfo import ZoneInfo

    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def case_of(**changes: Any) -> AlertCase:
    """A pollution case of Shenyang."""
    at = datetime(2026, 12, 1, tzinfo=UTC)
    fields: dict[str, Any] = {
        "id": "20261201-0000-abcdef",
        "kind": CaseKind.POLLUTION,
        "audience": Audience.DUTY,
        "state": CaseState.OPEN,
        "severity": Severity.WARNING,
        "since": at,
        "opened_at": at,
        "version": 1,
        "cities": ("210100",),
        "stations": ("ln-sy-01",),
        "networks": ("gas",),
    }
    return AlertCase(**fields | changes)
