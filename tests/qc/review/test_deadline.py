"""Deadlines of review by rule and date."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from qc.review.deadline import DeadlineFileError, deadlines
from qc.run.review.deadline_file import load_rules

if TYPE_CHECKING:
    from pathlib import Path

SHANGHAI = ZoneInfo("Asia/Shanghai")


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def test_before_march_2026_a_month_is_due_in_the_first_ten_days_of_the_next() -> None:
    (found,) = deadlines(load_rules(), local("2025-12-05"), local("2025-12-06"), SHANGHAI)
    assert (found.rule.id, found.label, found.rule.verified) == ("hj633-2012-revision", "2025-12", True)
    assert found.due == local("2026-01-11").astimezone(UTC)
    assert (found.start, found.end) == (local("2025-12-01").astimezone(UTC), local("2026-01-01").astimezone(UTC))


def test_from_march_2026_a_day_is_due_at_noon_of_the_next() -> None:
    found = deadlines(load_rules(), local("2026-03-01"), local("2026-03-03"), SHANGHAI)
    days = [item for item in found if item.rule.id == "hj633-2026-daily"]
    assert [item.due for item in days] == [
        local("2026-03-02T12:00").astimezone(UTC),
        local("2026-03-03T12:00").astimezone(UTC),
    ]
    (month,) = [item for item in found if item.rule.id == "month-review"]
    assert month.rule.verified is False


def test_the_change_of_rules_falls_between_two_days() -> None:
    found = deadlines(load_rules(), local("2026-02-28"), local("2026-03-02"), SHANGHAI)
    assert {(item.rule.id, item.label) for item in found} == {
        ("hj633-2012-revision", "2026-02"),
        ("hj633-2026-daily", "2026-03-01"),
        ("month-review", "2026-03"),
    }


def test_nothing_is_due_of_no_time() -> None:
    assert deadlines(load_rules(), local("2026-03-01"), local("2026-03-01"), SHANGHAI) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("due_hour = 12", "needs due_hour"),
        ('period = "day"', "needs due_day"),
        ("verified = true", "verified"),
        ("[[rule]]", "rules.toml"),
    ],
)
def test_an_unusable_file_names_the_place(tmp_path: Path, change: str, words: str) -> None:
    text = '[[rule]]\nid = "a"\nperiod = "day"\nsince = 2026-03-01\ndue_hour = 12\nzh = "z"\nen = "e"\nsource = "none"\nverified = true\n'
    other = {'period = "day"': 'period = "month"'}.get(change, "")
    path = tmp_path / "rules.toml"
    path.write_text(text.replace(change, other))
    with pytest.raises(DeadlineFileError, match=words):
        load_rules(path)
