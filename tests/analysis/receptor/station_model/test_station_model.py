from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from analysis.receptor.pmf import PmfInputError
from analysis.receptor.station_model import (
    ERRORS_PATH,
    ModelFactor,
    StationSolution,
    factor_column,
    parse_error_rules,
    solve_station,
    split_station,
)
from analysis.receptor.station_model.samples import choose_samples
from analysis.receptor.station_model.solution import FactorCount
from analysis.receptor.station_model.solve import choose_count
from schemas.reason import Reason, parse_reason
from tests.analysis.receptor.station_model.hours import SPECIES, START, mixed_hours

if TYPE_CHECKING:
    import pandas as pd

TEXT = ERRORS_PATH.read_text(encoding="utf-8")
RULES = parse_error_rules(TEXT)


def solve(hourly: pd.DataFrame, last: StationSolution | None = None) -> StationSolution:
    window = (START, START + timedelta(days=12))
    return solve_station(hourly, window, station_id="s1", network="pm", rules=RULES, last=last)


@pytest.fixture(scope="module")
def solution() -> StationSolution:
    return solve(mixed_hours(1)[0])


def marker(factor: ModelFactor) -> set[str]:
    return {"sodium_ion", "silicon", "nitrate"} & set(factor.species)


def only_reason(found: StationSolution) -> str:
    assert found.factors == ()
    (reason,) = (parse_reason(text) for text in found.reasons)
    assert reason is not None
    return reason.kind


def test_three_sources_give_three_factors_and_sea_salt_has_its_name(solution: StationSolution) -> None:
    assert len(solution.factors) == 3
    salt = next(item for item in solution.factors if "sodium_ion" in item.species)
    assert salt.kind == "sea_salt"
    assert salt.mass_low is not None
    assert salt.mass_high is not None
    assert salt.mass_low <= salt.mass <= salt.mass_high
    assert sum(item.share for item in solution.factors) == pytest.approx(1.0)
    assert (solution.hours, solution.days, solution.runs) == (288, 12, 40)
    assert solution.key == "s1/pm/2026-05-13"


def test_new_hours_are_split_onto_the_sources_with_intervals_that_hold_the_truth(solution: StationSolution) -> None:
    hourly, mass = mixed_hours(2, 72)
    product = split_station(hourly, solution)
    assert not isinstance(product, Reason)
    names = [factor_column(item.number) for item in solution.factors]
    correlation = np.corrcoef(mass.to_numpy().T, product[names].to_numpy().T)[:3, 3:]
    order = correlation.argmax(axis=1)
    assert sorted(order) == [0, 1, 2]
    assert correlation.max(axis=1).min() > 0.95
    held = [
        (product[names[column] + "_low"] <= mass[source]) & (mass[source] <= product[names[column] + "_high"])
        for source, column in enumerate(order)
    ]
    assert np.mean(held) > 0.85
    assert set(product["solution"]) == {solution.key}


def test_a_continued_solution_keeps_the_numbers_of_its_factors(solution: StationSolution) -> None:
    again = solve(mixed_hours(3)[0], solution)
    assert again.last == solution.key
    assert [marker(item) for item in again.factors] == [marker(item) for item in solution.factors]
    assert all(item.cosine is not None and item.cosine > 0.95 for item in again.factors)
    assert again.reasons == ()


def test_a_lost_species_ends_the_old_solution_and_a_new_one_is_made(solution: StationSolution) -> None:
    hourly = mixed_hours(3)[0].drop(columns=["iron", "iron__n", "iron__flag"])
    found = split_station(hourly, solution)
    assert isinstance(found, Reason)
    assert (found.kind, found.figures["species"]) == ("lost_species", "iron")
    again = solve(hourly, solution)
    assert again.last is None
    assert "iron" not in again.names


def test_too_few_hours_days_or_species_say_what_is_needed() -> None:
    hourly = mixed_hours(1)[0]
    assert only_reason(solve(hourly.iloc[:80])) == "few_hours"
    assert only_reason(solve(hourly.iloc[:120])) == "few_days"
    few = [column for column in hourly.columns if column.split("__")[0] in SPECIES[:4]]
    assert only_reason(solve(hourly[few])) == "few_species"
    assert only_reason(solve(hourly.iloc[:0])) == "few_species"


def test_flagged_constant_and_weak_species_are_left_out_with_the_reason() -> None:
    hourly = mixed_hours(1)[0]
    hourly["iron__flag"] = np.int8(4)
    hourly["zinc"] = 0.4
    hourly["titanium"] = 0.0005 + 0.0001 * np.arange(len(hourly)) / len(hourly)
    hourly["bc"], hourly["ec"] = hourly["oc"] / 2, hourly["oc"] / 3
    found = choose_samples(hourly, "pm", RULES)
    assert found.left_out == {
        "iron": "few_values", "zinc": "constant", "titanium": "weak_signal", "bc": "same",
    }  # fmt: skip
    assert "ec" in found.conc.columns


def test_a_further_factor_needs_a_lower_q_and_has_to_be_reproduced() -> None:
    def counts(*rows: tuple[float, float]) -> tuple[FactorCount, ...]:
        return tuple(
            FactorCount(factors=number, ratio=ratio, reproduced=share, starts=8)
            for number, (ratio, share) in enumerate(rows, 2)
        )

    assert choose_count(counts((5.0, 1.0), (3.0, 1.0), (2.9, 1.0)), RULES) == 3
    assert choose_count(counts((5.0, 1.0), (3.0, 0.1), (2.0, 1.0)), RULES) == 4
    assert choose_count(counts((5.0, 1.0), (3.0, 0.1), (2.9, 0.1)), RULES) == 2


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("least_hours = 100 ", "last_hours = 100 ", "last_hours"),
        ("detection_limit = 0.10", "detection_limit = 0.0", "carbon: detection_limit"),
        ("fewest_factors = 2", "fewest_factors = 9", "fewest_factors"),
    ],
)
def test_a_wrong_file_of_errors_names_the_place(old: str, new: str, said: str) -> None:
    with pytest.raises(PmfInputError, match=said):
        parse_error_rules(TEXT.replace(old, new, 1))


def test_own_limits_of_a_species_replace_those_of_its_group() -> None:
    own = '[[species]]\nspecies = "zinc"\ndetection_limit = 0.02\nrelative_error = 0.05\nverified = true\n'
    rules = parse_error_rules(TEXT + own)
    assert rules.figures("pm", ["zinc"])["zinc"].detection_limit == 0.02
    with pytest.raises(PmfInputError, match="unknownium"):
        parse_error_rules(TEXT + own.replace("zinc", "unknownium"))
