"""The demo passes only with every figure as it should be."""

from __future__ import annotations

from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

import pytest

from console.demo.place import DemoPlaceError, prepare_place
from console.demo.report import DemoReport, count_mentions, mails_in

if TYPE_CHECKING:
    from pathlib import Path

GOOD: dict[str, Any] = {
    "messages": 10,
    "readings": 10,
    "values_stored": 70,
    "quarantined": 0,
    "lost": 0,
    "hours": 5,
    "flags": 1,
    "alerts": 2,
    "mails": 2,
    "seconds": 9.0,
    "mails_real": 1,
    "mails_plume": 1,
    "cases_right": 1,
    "reports": 4,
    "story": {},
}


def test_good_report_has_no_fault() -> None:
    assert DemoReport(**GOOD).faults() == []


@pytest.mark.parametrize("name", [name for name in GOOD if name not in ("lost", "quarantined", "seconds", "story")])
def test_missing_figure_is_a_fault(name: str) -> None:
    assert len(DemoReport(**{**GOOD, name: 0}).faults()) == 1


def test_a_wrong_case_file_is_a_fault() -> None:
    assert DemoReport(**{**GOOD, "cases_wrong": ("case file of a-1",)}).faults() == ["case file of a-1"]


def test_a_page_that_fails_is_a_fault() -> None:
    assert DemoReport(**{**GOOD, "pages_wrong": ("page /aqi: status 500",)}).faults() == ["page /aqi: status 500"]


def test_one_lost_message_is_a_fault() -> None:
    assert DemoReport(**{**GOOD, "lost": 1}).faults() == ["lost 1, expected 0"]


def test_mails_are_counted_by_the_stations_they_name(tmp_path: Path) -> None:
    message = EmailMessage()
    message["Subject"] = "PM2.5 超标"
    message.set_content("站点 tw-supersite")
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "1").write_bytes(bytes(message))
    texts = mails_in(tmp_path)
    assert count_mentions(texts, {"tw-supersite"}) == 1
    assert count_mentions(texts, {"ln-sy-01"}) == 0


def test_directory_that_no_demo_made_is_not_wiped(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(DemoPlaceError, match="was not made by a demo"):
        prepare_place(tmp_path)
    assert (tmp_path / "thesis.txt").exists()


def test_a_part_of_the_story_that_was_not_found_is_a_fault() -> None:
    story = {"silent_station": "", "held_batch": "the gate holds nothing, expected ghg"}
    assert DemoReport(**{**GOOD, "story": story}).faults() == ["held_batch: the gate holds nothing, expected ghg"]


def test_a_demo_names_the_registry_that_its_province_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SKYGROUND_RUN_DIR", "SKYGROUND_ENTERPRISES"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    run_dir = tmp_path / "run"
    assert prepare_place(run_dir).enterprises == run_dir / "enterprises.toml"
