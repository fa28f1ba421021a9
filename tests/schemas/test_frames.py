from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from schemas.frames import columns_of, frame_of

HOURS = pd.date_range("2026-01-01", periods=3, freq="h", tz="UTC", unit="us", name="start")


def test_columns_are_what_picking_them_one_by_one_gives() -> None:
    frame = pd.DataFrame(
        {
            "no2": [1.5, np.nan, 3.0],
            "no2__status": np.array([None, "C", None], dtype=object),
            "no2__n": np.array([60, 0, 59], dtype=np.int64),
            "no2__flag": np.array([1, 9, 3], dtype=np.int8),
        },
        index=HOURS,
    )
    names = ["no2", "no2__n", "no2__flag"]
    found = columns_of(frame, names)
    assert list(found) == names
    for name in names:
        np.testing.assert_array_equal(found[name], frame[name].to_numpy(dtype=np.float64))


@pytest.mark.parametrize("kind", [np.float64, np.int8])
def test_a_frame_of_one_block_is_the_frame_of_its_columns(kind: type[np.generic]) -> None:
    columns = {"no2": np.array([1, 2, 9], dtype=kind), "o3": np.array([3, 4, 1], dtype=kind)}
    pd.testing.assert_frame_equal(frame_of(columns, HOURS), pd.DataFrame(columns, index=HOURS))


def test_a_frame_without_a_column_keeps_its_rows() -> None:
    assert frame_of({}, HOURS).shape == (3, 0)
    assert columns_of(pd.DataFrame(index=HOURS)) == {}
