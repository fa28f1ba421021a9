"""Text of people in a CSV answer is no formula of a spreadsheet program."""

from __future__ import annotations

import pytest

from console.api.answer import _lines


@pytest.mark.parametrize("note", ['=HYPERLINK("x")', "+1", "-1 against 3", "@SUM(1)", "\t=1"])
def test_a_note_that_begins_as_a_formula_gets_an_apostrophe(note: str) -> None:
    assert _lines([{"reason": note}], ["reason"]).lstrip('"').startswith(f"'{note[:1]}")


def test_a_negative_number_and_other_text_stay_as_they_are() -> None:
    assert _lines([{"value": -1.5, "reason": "moved = yes"}], ["value", "reason"]) == "-1.5,moved = yes\r\n"
