"""The tests in space against titanlib, in an environment of its own; skipped where its wheel cannot be had."""

from __future__ import annotations

import numpy as np
import pytest

from bench.peer import PeerUnavailableError
from bench.space.outliers import BUDDY, CONSISTENCY, SEED, fields, titanlib_flags
from qc.hourly.space.buddy import buddy_test
from qc.hourly.space.consistency import consistency_test
from qc.hourly.space.neighbours import StationCoordinates
from schemas.flag import Flag

Fields = tuple[np.ndarray, StationCoordinates, np.ndarray]


@pytest.fixture(scope="module")
def made() -> Fields:
    return fields(SEED)


@pytest.fixture(scope="module")
def theirs(made: Fields) -> dict[str, np.ndarray]:
    values, places, _ = made
    try:
        found = titanlib_flags(values, places)
    except PeerUnavailableError as error:
        pytest.skip(f"titanlib cannot be had here: {error}")
    return {name: np.array(item["flags"], dtype=bool) for name, item in found.items()}


def test_the_buddy_test_flags_what_the_buddy_check_of_titanlib_flags(
    made: Fields, theirs: dict[str, np.ndarray]
) -> None:
    values, places, _ = made
    ours = buddy_test(values, places, **BUDDY).flags == Flag.SUSPECT
    assert (ours == theirs["buddy_check"]).mean() > 0.98


def test_optimal_interpolation_finds_every_outlier_that_titanlib_finds_with_fewer_false_ones(
    made: Fields, theirs: dict[str, np.ndarray]
) -> None:
    values, places, wrong = made
    ours = consistency_test(values, places, **CONSISTENCY).flags == Flag.SUSPECT
    spatial = theirs["sct_resistant"]
    assert (ours & wrong).sum() == (spatial & wrong).sum() == wrong.sum()
    assert (ours & ~wrong).sum() < (spatial & ~wrong).sum()
