"""The list of case files."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from analysis.case.case_file import EventKind, KindShare
from analysis.report.stored_case import StoredCase
from console.view.case import split_cases
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
