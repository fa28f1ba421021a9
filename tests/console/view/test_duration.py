from __future__ import annotations

from datetime import timedelta

import pytest

from console.view.duration import duration_text
from schemas.words import words


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3_599, "59 min"),
        (3_600, "1 h"),
        (9_000, "2 h 30 min"),
        (172_800, "2 d"),
    ],
)
def test_a_duration_has_two_units_at_most(seconds: int, text: str) -> None:
    assert duration_text(timedelta(seconds=seconds), words("en", "page")) == text
