from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qc.run.limits import load_thresholds
from qc.station.limit_snapshot import limit_figures
from qc.station.revision import FLAG_BEFORE, changes_of, revised_hours
from schemas.frames import FLAG_COLUMNS, empty_flags

AT = pd.Timestamp("2026-06-01T00:00Z")


def flags(*rows: tuple[int, int, str]) -> pd.DataFrame:
    """Verdicts of one test: hour, flag, reason."""
    made = [(AT + pd.Timedelta(hours=hour), "s1", None, "o3", "spike", flag, reason) for hour, flag, reason in rows]
    return pd.DataFrame(made, columns=list(FLAG_COLUMNS)) if made else empty_flags()


def hours(*values: float, flag: int = 1, first: int = 0) -> pd.DataFrame:
    index = pd.date_range(AT + pd.Timedelta(hours=first), periods=len(values), freq="h", unit="us", name="start")
    there = np.isfinite(values)
    return pd.DataFrame(
        {
            "o3": values,
            "o3__n": np.where(there, 60, 0),
            "o3__flag": np.where(there, flag, 9),
            "o3__completeness": np.where(there, 1.0, 0.0),
        },
        index=pd.MultiIndex.from_product([["s1"], index], names=["station_id", "start"]),
    )


def test_new_changed_and_taken_back_verdicts_are_changes() -> None:
    earlier = flags((1, 3, "a"), (2, 3, "b"), (3, 3, "c"))
    changes = changes_of(flags((0, 3, "n"), (1, 3, "a"), (2, 4, "b")), earlier, earlier[2:], "gone")
    found = changes[["flag", "reason", FLAG_BEFORE]].to_numpy().tolist()
    assert found == [[3, "n", 1], [4, "b", 3], [1, "gone", 3]]


def test_nothing_changes_between_equal_and_between_empty_verdicts() -> None:
    same = flags((1, 3, "a"))
    assert changes_of(same, same, same[:0], "gone").empty
    assert changes_of(empty_flags(), empty_flags(), empty_flags(), "gone").empty


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.sampled_from([3, 4, 9]), st.text(max_size=3)), unique_by=lambda row: row[0]
    )
)
def test_verdicts_of_a_first_run_are_all_changes(rows: list[tuple[int, int, str]]) -> None:
    assert len(changes_of(flags(*rows), empty_flags(), empty_flags(), "gone")) == len(rows)


def test_hour_that_was_not_stored_is_no_revision() -> None:
    revised = revised_hours(hours(1.0, 2.0), hours(1.0)[:0])
    assert revised.hours["o3__revision"].tolist() == [0, 0]
    assert revised.replaced.empty


def test_changed_hour_counts_up_and_keeps_what_it_held() -> None:
    stored = hours(1.0, 2.0).assign(o3__revision=[0, 4])
    revised = revised_hours(hours(1.0, 3.0), stored)
    assert revised.hours.index.get_level_values("start").tolist() == [AT + pd.Timedelta(hours=1)]
    assert revised.hours["o3__revision"].tolist() == [5]
    assert revised.replaced[["revision", "value", "count", "flag"]].to_numpy().tolist() == [[4, 2, 60, 1]]


@pytest.mark.parametrize(
    ("name", "old", "new"), [("completeness", 0.8, 1.0), ("std", 1.0, 2.0), ("uncertainty", 0.5, 0.7)]
)
def test_hour_of_which_only_a_companion_changes_is_revised_and_keeps_what_it_held(
    name: str, old: float, new: float
) -> None:
    column = f"o3__{name}"
    revised = revised_hours(hours(1.0).assign(**{column: new}), hours(1.0).assign(**{column: old}))
    assert (revised.hours[column].tolist(), revised.hours["o3__revision"].tolist()) == ([new], [1])
    assert (revised.replaced[name].tolist(), revised.replaced["value"].tolist()) == ([old], [1.0])


def test_value_that_goes_is_a_revision_of_a_number() -> None:
    revised = revised_hours(hours(np.nan), hours(1.0))
    assert revised.replaced["value"].tolist() == [1.0]


def test_hours_without_companions_are_written_again_but_not_revised() -> None:
    revised = revised_hours(hours(1.0), hours(1.0).drop(columns="o3__completeness"))
    assert (len(revised.hours), len(revised.replaced)) == (1, 0)


@given(st.lists(st.floats(-1e6, 1e6) | st.just(np.nan), min_size=1, max_size=8))
def test_equal_hours_are_neither_written_nor_revised(values: list[float]) -> None:
    revised = revised_hours(hours(*values), hours(*values))
    assert (len(revised.hours), len(revised.replaced)) == (0, 0)


@pytest.mark.parametrize(
    ("test", "name", "value"),
    [("completeness", "min_completeness", 0.75), ("gross_range", "suspect_max", 600.0), ("hourly_flat", "hours", 4)],
)
def test_figures_of_a_rule_are_those_of_its_limit(test: str, name: str, value: float) -> None:
    figures = limit_figures(load_thresholds(), test, "o3", network="gas", station_id="s1", month=6)
    assert figures[name] == value
    assert "parameters" not in figures


def test_test_without_a_limit_has_no_figures() -> None:
    assert limit_figures(load_thresholds(), "status", "o3", network="gas", station_id="s1", month=6) == {}
