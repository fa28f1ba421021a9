from __future__ import annotations

import pytest

from alerts.wording import minutes_text, number_text


@pytest.mark.parametrize(("value", "text"), [(None, "–"), (150.0, "150"), (1234.56, "1,234.6"), (0.04, "0")])
def test_numbers_are_written_for_people(value: float | None, text: str) -> None:
    assert number_text(value, 1, "en") == text


@pytest.mark.parametrize(("minutes", "text"), [(0.2, "0 min"), (59.6, "1 h"), (125, "2 h 5 min"), (2890, "2 d 10 min")])
def test_times_are_written_for_people(minutes: float, text: str) -> None:
    assert minutes_text(minutes, "en") == text
