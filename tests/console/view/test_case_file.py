"""The list of case files."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec

from analysis.case.case_file import EventKind, KindShare
from analysis.report.stored_case import StoredCase
from analysis.run.coanalysis.joint_pollution import CaseEpisode
from console.view.case_file import joint_lines, split_cases
from schemas.words import words
from tests.console.build import NOW, stored_case


def item(kind: EventKind, probability: float, hours: int, *missing: str) -> StoredCase:
    made = stored_case("a-1", "pm25", NOW - timedelta(hours=hours))
    kinds = (KindShare(kind=kind, probability=probability),)
    return StoredCase(case=msgspec.structs.replace(made.case, kind=kind, kinds=kinds, missing=missing))


def test_the_newest_case_comes_first() -> None:
    older, newer = item(EventKind.HAZE, 0.9, 9), item(EventKind.PLUME, 0.9, 3)
    weak = item(EventKind.FAULT, 0.5, 1)
    assert split_cases([weak, older, newer]).decided == (weak, newer, older)


def test_cases_of_unknown_kind_are_apart_and_counted_by_cause() -> None:
    short, alike = item(EventKind.UNKNOWN, 0.2, 5, "history"), item(EventKind.UNKNOWN, 0.4, 2)
    found = split_cases([short, alike])
    assert (found.decided, found.undecided, found.short, found.alike) == ((), (alike, short), 1, 1)


def test_a_joint_episode_of_a_case_file_is_a_line_with_its_peaks() -> None:
    episode = CaseEpisode(
        station_id="a", first=date(2026, 5, 19), last=date(2026, 5, 20), days=2, pm25_peak=90.2, o3_peak=190.0
    )
    for language, said in (("en", "2026-05-19 to 2026-05-20 (2 days)"), ("zh", "2026-05-19 至 2026-05-20（2天）")):
        (line,) = joint_lines([episode], words(language, "page"), {"a": "Station A"})
        assert (line.name, line.notes[0]) == (said, "Station A")
        assert "190 µg/m³" in line.notes[1]
