"""The halves of the gamma record, exchanged for the second score of ``rad.release``."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from alerts.rules.gamma.monitor import DoseSample
from bench.alerts.radiation import exchanged, middle_of

T0 = datetime(2026, 7, 8, tzinfo=UTC)


def test_the_first_half_follows_the_second_with_the_same_readings() -> None:
    steps = [
        (at := T0 + number * timedelta(hours=1), [DoseSample("a", at, float(number), 0.0)]) for number in range(10)
    ]
    made, first = exchanged(steps)
    assert [group[0].dose_ngy_h for _, group in made] == [5.0, 6.0, 7.0, 8.0, 9.0, 0.0, 1.0, 2.0, 3.0, 4.0]
    assert all(group[0].at == at for at, group in made)
    assert {later[0] - earlier[0] for earlier, later in pairwise(made)} == {timedelta(hours=1)}
    assert (made[5][0], middle_of(steps)) == (first, T0 + timedelta(hours=4.5))
