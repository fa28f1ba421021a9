"""Cases with fewer data, by which the kinds of an event are fitted and checked."""

from __future__ import annotations

from functools import cache

import pytest

from analysis.case.kind.probability import lacks_of
from bench.analysis.thinned_case import ThinnedCase, thinned_cases, variants_of
from tests.analysis.case.test_assembly import HAZE, given


@cache
def thinned() -> dict[str, ThinnedCase]:
    return {item.variant: item for item in thinned_cases(given(HAZE), 1)}


def test_each_variant_is_there_with_neighbours_and_without() -> None:
    names = {"full", "hourly", "instr", "instr_h", "one", "one_h", "random"}
    assert {f"{name}_alone" for name in names} | names | {"single"} == set(thinned())


@pytest.mark.parametrize(
    ("variant", "lacks"),
    [
        ("full", ()),
        ("hourly", ("no_minutes",)),
        ("one", ("no_companions",)),
        ("one_h", ("no_minutes", "no_companions")),
        ("full_alone", ()),
        ("one_alone", ("no_companions", "no_instruments")),
    ],
)
def test_what_a_variant_lacks_is_known_to_the_weights(variant: str, lacks: tuple[str, ...]) -> None:
    case = thinned()[variant]
    found = lacks_of(case.features, case.without)
    assert tuple(name for name in found if not name.startswith("sort_")) == lacks


def test_one_neighbour_is_less_than_two() -> None:
    assert "one_neighbour" in lacks_of(thinned()["single"].features)


def test_the_same_seed_drops_the_same_parameters() -> None:
    first, again = (
        {name: list(case.hourly[case.station.id].columns) for name, case in variants_of(given(HAZE), 3)}
        for _ in range(2)
    )
    assert first == again
    assert len(first["one"]) < len(first["full"])
