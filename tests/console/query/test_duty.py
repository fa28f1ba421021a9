"""Who is on duty, what waits, and how far the watch is behind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from console.query.duty import read_duty, watch_delay
from console.query.people import PeopleReader
from schemas.message import RawMessage
from store.rawlog import RawLog
from store.settings import SharedSettings
from store.state import StateStore

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

MONDAY = datetime(2026, 11, 23, 4, tzinfo=UTC)  # noon in Shanghai
FILE = """
zone = "Asia/Shanghai"
fallback_team = "duty"
[[person]]
id = "li"
name_zh = "李"
name_en = "Li"
mail = "li@example.org"
[[person]]
id = "wang"
name_zh = "王"
name_en = "Wang"
mail = "wang@example.org"
[[team]]
id = "duty"
name_zh = "值班室"
name_en = "Desk"
members = ["li", "wang"]
leader = "wang"
[[shift]]
id = "day"
team = "duty"
from = "08:00"
until = "20:00"
order = ["li"]
[[shift]]
id = "night"
team = "duty"
from = "20:00"
until = "08:00"
days = ["mon", "tue", "wed", "thu", "fri", "sat"]
order = ["wang"]
"""


def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str = FILE) -> PeopleReader:
    path = tmp_path / "people.toml"
    path.write_text(text, encoding="utf-8")
    monkeypatch.setenv("SKYGROUND_PEOPLE", str(path))
    return PeopleReader(SharedSettings(run_dir=tmp_path, state_url=f"sqlite:///{tmp_path / 'state.sqlite'}"))


def test_a_team_has_persons_now_and_next_and_holes_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with StateStore(f"sqlite:///{tmp_path / 'state.sqlite'}") as state:
        state.migrate()
        duty = read_duty(state, reader(tmp_path, monkeypatch), tmp_path / "rawlog", MONDAY)
    (team,) = duty.teams
    assert (team.now, team.following) == (("li",), ("wang",))
    assert team.until == team.next_at == MONDAY + timedelta(hours=8)
    (hole,) = duty.holes
    assert hole.interval.end - hole.interval.start == timedelta(hours=12)
    assert (duty.due, duty.later, duty.behind, duty.problem) == (0, 0, None, "")


def test_a_wrong_people_file_leaves_the_former_one_in_force(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    people = reader(tmp_path, monkeypatch)
    former = people.read()
    (tmp_path / "people.toml").write_text(FILE + "\nunknown = 1\n", encoding="utf-8")
    assert people.read() == former
    assert "people.toml" in people.problem
    (tmp_path / "people.toml").write_text(FILE + "\n", encoding="utf-8")
    assert (people.read(), people.problem) == (former, "")


def test_the_delay_of_the_watch_is_the_age_of_the_first_message_it_has_not_passed(tmp_path: Path) -> None:
    assert watch_delay(tmp_path / "none", MONDAY) is None
    log = RawLog(tmp_path)
    topic = "obs/v1/gas/a/g/json"
    first = log.append([RawMessage(topic, b"{}", MONDAY - timedelta(minutes=9))])
    assert watch_delay(tmp_path, MONDAY) is None
    log.advance("watch", first)
    assert watch_delay(tmp_path, MONDAY) == timedelta(0)
    last = log.append([RawMessage(topic, b"{}", MONDAY - timedelta(minutes=5))])
    assert watch_delay(tmp_path, MONDAY) == timedelta(minutes=5)
    log.advance("watch", last)
    assert watch_delay(tmp_path, MONDAY) == timedelta(0)
    log.close()
