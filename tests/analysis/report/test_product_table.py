from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import numpy as np
import pandas as pd
import pytest

from analysis.receptor.station_model import ModelFactor, StationSolution
from analysis.report.product_table import CASE_UNITS, SOURCE_TYPES, SOURCE_UNITS, case_table, source_table
from tests.console.build import stored_case

START = datetime(2026, 11, 22, tzinfo=UTC)


def factor(number: int, kind: str | None) -> ModelFactor:
    return ModelFactor(
        number=number, kind=kind, probability=0.8, score=0.9, runner_up=None, why=None, species=(), mass=2.0, mass_low=1.0,
        mass_high=3.0, share=0.5, found=40,
    )  # fmt: skip


def solution(station_id: str, *kinds: str | None) -> StationSolution:
    factors = tuple(factor(number, kind) for number, kind in enumerate(kinds, 1))
    return StationSolution(
        station_id=station_id, network="pm", start=START, end=START, hours=1, days=1, factors=factors
    )


def hours(station_id: str, masses: list[list[float]]) -> pd.DataFrame:
    index = pd.date_range(START, periods=len(masses), freq="h", name="start")
    columns = {
        f"factor_{number}{end}": [row[number - 1] * scale for row in masses]
        for number in range(1, len(masses[0]) + 1)
        for end, scale in (("", 1.0), ("_low", 0.5), ("_high", 2.0))
    }
    further = {"station_id": station_id, "measured": 9.0, "chi2": 1.0, "unexplained": 0.1, "species_used": 8.0}
    return pd.DataFrame(columns, index=index).assign(**further, solution=f"{station_id}/pm/2026-11-22")


def test_each_station_has_the_rows_of_its_own_factors() -> None:
    known = {item.key: item for item in (solution("a", "dust", None), solution("b", "traffic"))}
    both = pd.concat([hours("a", [[1.0, 2.0], [3.0, 4.0]]), hours("b", [[5.0]])])
    table = source_table(both, "pm", known)
    assert table[["station_id", "factor", "kind", "mass"]].to_numpy().tolist() == [
        ["a", 1, "dust", 1.0],
        ["a", 2, "", 2.0],
        ["b", 1, "traffic", 5.0],
        ["a", 1, "dust", 3.0],
        ["a", 2, "", 4.0],
    ]
    assert (table["mass_low"] < table["mass"]).all()
    assert list(table.columns) == ["start", *SOURCE_TYPES]
    assert set(SOURCE_UNITS) <= set(table)


def test_a_name_that_fits_poorly_is_perhaps_and_has_no_probability() -> None:
    found = solution("a", "steel", "dust", None)
    poor = msgspec.structs.replace(found.factors[0], score=0.66, probability=1.0)
    known = {found.key: msgspec.structs.replace(found, factors=(poor, *found.factors[1:]))}
    table = source_table(hours("a", [[1.0, 2.0, 3.0]]), "pm", known)
    assert table["kind_certainty"].tolist() == ["perhaps", "sure", "unnamed"]
    assert table["kind_score"].tolist() == [0.66, 0.9, 0.9]
    assert table["kind_probability"].isna().tolist() == [True, False, True]


def test_an_hour_with_too_few_species_says_so_and_has_no_mass() -> None:
    table = source_table(hours("a", [[np.nan], [2.0]]), "pm", {"a/pm/2026-11-22": solution("a", "dust")})
    assert table["quality"].tolist() == ["too_few_species", "split"]
    assert table["mass"].isna().tolist() == [True, False]


def test_hours_of_a_solution_that_is_gone_are_left_out() -> None:
    assert source_table(hours("a", [[1.0]]), "pm", {}).empty


def test_a_case_is_a_row_with_direction_source_and_their_intervals() -> None:
    table = case_table([stored_case("ln-sy-01", "o3", START), stored_case("ln-dl-01", "so2", START)])
    row = table.set_index("station_id").loc["ln-sy-01"]
    assert (row["bearing"], row["bearing_low"], row["bearing_high"], row["bearing_hours"]) == (225, 203, 248, 4)
    assert (row["source"], row["source_percent"], row["source_percent_low"]) == ("steel", 52, 38)
    assert row["answer_en"]
    assert set(CASE_UNITS) <= set(table)


@pytest.mark.parametrize("name", ["start", "key", "kind", "kind_probability", "computed_at", "held_batches"])
def test_a_case_states_what_it_is_and_when_it_was_computed(name: str) -> None:
    assert case_table([stored_case("ln-sy-01", "o3", START)])[name].notna().all()
