"""Cases, notices and people of the tests of delivery."""

from __future__ import annotations

from datetime import UTC, datetime

from alerts.people.file import parse_people
from schemas.alert import Severity
from schemas.alert_case import AlertCase, Audience, CaseKind, CaseState, CaseStep, StepKind
from store.state import Notice

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
PEOPLE = parse_people(
    """
zone = "Asia/Shanghai"
fallback_team = "duty"
[[person]]
id = "li-na"
name_zh = "李娜"
name_en = "Li Na"
mail = "li.na@example.org"
[[person]]
id = "wang"
name_zh = "王"
name_en = "Wang"
mail = "wang@example.org"
language = "en"
[[person]]
id = "zhao"
name_zh = "赵"
name_en = "Zhao"
mail = "zhao@example.org"
[[team]]
id = "duty"
name_zh = "值班"
name_en = "Duty"
members = ["li-na", "wang", "zhao"]
leader = "zhao"
escalate_after_min = 15
[[shift]]
id = "all-day"
team = "duty"
from = "08:00"
until = "08:00"
order = ["li-na", "wang"]
""",
    "people.toml",
)


def step(number: int, kind: StepKind, at: datetime = NOW, **more: object) -> CaseStep:
    return CaseStep(case_id="c1", number=number, kind=kind, at=at, recorded_at=at, **more)  # type: ignore[arg-type]


def case(*steps: CaseStep, **more: object) -> AlertCase:
    given: dict[str, object] = {
        "kind": CaseKind.POLLUTION,
        "audience": Audience.DUTY,
        "state": CaseState.OPEN,
        "severity": Severity.WARNING,
        "cities": ("210100",),
        "stations": ("ln-sy-01",),
    }
    kept = steps or (step(1, StepKind.OPENED),)
    return AlertCase(id="c1", since=NOW, opened_at=NOW, version=kept[-1].number, steps=kept, **(given | more))  # type: ignore[arg-type]


def notice(recipient: str = "li-na", **more: object) -> Notice:
    given: dict[str, object] = {
        "id": 1, "channel": "mail", "wanted": 1, "known": 1, "state": "sent", "due_at": NOW, "attempts": 0,
        "first_message_id": "<1@x>", "last_message_id": "<1@x>", "sent_at": NOW,
    }  # fmt: skip
    return Notice(case_id="c1", recipient=recipient, **(given | more))  # type: ignore[arg-type]
