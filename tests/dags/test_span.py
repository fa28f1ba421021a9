"""Which time a run is about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dags.span import span_of

NOW = datetime(2026, 11, 28, 9, 20, tzinfo=UTC)
HOUR = datetime(2026, 11, 28, 9, tzinfo=UTC)
BACK = timedelta(hours=3)


def test_a_run_without_parameters_looks_back_from_its_hour() -> None:
    assert span_of({}, [], NOW, BACK) == (HOUR - BACK, HOUR)


@pytest.mark.parametrize(
    ("given", "span"),
    [
        ({"start": "2026-11-27T00:00:00+08:00"}, (datetime(2026, 11, 26, 16, tzinfo=UTC), HOUR)),
        ({"end": "2026-11-27T00:00:00Z"}, (datetime(2026, 11, 26, 21, tzinfo=UTC), datetime(2026, 11, 27, tzinfo=UTC))),
        (
            {"start": "2026-11-26T00:00:00Z", "end": "2026-11-27T00:00:00Z"},
            (datetime(2026, 11, 26, tzinfo=UTC), datetime(2026, 11, 27, tzinfo=UTC)),
        ),
    ],
)
def test_one_end_that_is_given_is_taken_also_without_the_other(
    given: dict[str, str], span: tuple[datetime, datetime]
) -> None:
    windows = [{"start": "2026-11-01T00:00:00+00:00", "end": "2026-11-02T00:00:00+00:00"}]
    assert span_of(given, windows, NOW, BACK) == span


def test_windows_of_events_are_joined_as_times_whatever_their_offsets() -> None:
    windows = [
        {"start": "2026-11-27T05:00:00+08:00", "end": "2026-11-27T07:00:00+08:00"},
        {"start": "2026-11-26T22:00:00+00:00", "end": "2026-11-26T22:30:00+00:00"},
    ]
    expected = (datetime(2026, 11, 26, 21, tzinfo=UTC), datetime(2026, 11, 26, 23, tzinfo=UTC))
    assert span_of({"start": None, "end": ""}, windows, NOW, BACK) == expected


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"start": "2026-11-27T00:00:00"}, "parameter start: .* has no zone"),
        ({"end": "yesterday"}, "parameter end: .*expected"),
        ({"start": "2026-11-27T00:00:00Z", "end": "2026-11-26T00:00:00Z"}, "expected a moment after its start"),
        ({"start": "2100-01-01T00:00:00Z"}, "expected a moment after its start"),
    ],
)
def test_an_empty_window_is_refused_with_the_reason(given: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        span_of(given, [], NOW, BACK)
