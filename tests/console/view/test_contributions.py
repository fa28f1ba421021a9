from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pytest

from analysis.receptor.station_model import (
    ERRORS_PATH,
    StationSolution,
    parse_error_rules,
    solve_station,
    split_station,
)
from console.view.contributions import contribution_chart, factor_rows, solution_notes
from console.view.theme import LIGHT
from schemas.reason import Reason
from schemas.words import words
from tests.analysis.receptor.station_model.hours import START, mixed_hours

ZONE = ZoneInfo("Asia/Shanghai")
RULES = parse_error_rules(ERRORS_PATH.read_text(encoding="utf-8"))
WINDOW = (START, START + timedelta(days=12))


@pytest.fixture(scope="module")
def solution() -> StationSolution:
    return solve_station(mixed_hours(1)[0], WINDOW, station_id="s1", network="pm", rules=RULES)


def test_each_factor_is_a_line_with_the_interval_in_its_tooltip_and_a_hole_without_value(
    solution: StationSolution,
) -> None:
    product = split_station(mixed_hours(2, 3)[0], solution)
    assert not isinstance(product, Reason)
    product.loc[product.index[1], [name for name in product.columns if name.startswith("factor")]] = np.nan
    chart = contribution_chart(solution, product, words("en", "page"), LIGHT, ZONE)
    assert [line["stack"] for line in chart["series"]] == ["mass"] * 3
    points = chart["series"][0]["data"]
    assert points[1][1:4] == [None, "–", ""]
    assert points[0][5] == "2026-05-01 08:00"
    assert points[0][3].startswith("90 %: ")


def test_a_row_names_a_factor_or_says_why_it_has_no_name(solution: StationSolution) -> None:
    rows = factor_rows(solution, words("zh", "page"))
    assert any(row["name"].endswith("海盐") and not row["why"] for row in rows)
    assert all(bool(row["why"]) == row["name"].endswith("未命名") for row in rows)


@pytest.mark.parametrize(("language", "name"), [("en", "perhaps iron and steel"), ("zh", "疑似钢铁冶金")])
def test_a_name_that_fits_poorly_is_stated_as_perhaps_without_a_probability(
    solution: StationSolution, language: str, name: str
) -> None:
    def rows(score: float) -> list[dict[str, object]]:
        first = msgspec.structs.replace(solution.factors[0], kind="steel", probability=1.0, score=score, why=None)
        return factor_rows(
            msgspec.structs.replace(solution, factors=(first, *solution.factors[1:])), words(language, "page")
        )

    poor, sure = rows(0.66)[0], rows(0.9)[0]
    assert str(poor["name"]).endswith(name)
    assert (poor["probability"], "0.66" in str(poor["why"]), "0.80" in str(poor["why"])) == ("", True, True)
    assert (sure["probability"], sure["why"]) == ("99%", "")
    assert name.split(maxsplit=1)[0] not in str(sure["name"])


def test_without_factors_the_note_says_what_is_needed() -> None:
    short = solve_station(mixed_hours(1, 50)[0], WINDOW, station_id="s1", network="pm", rules=RULES)
    (note,) = solution_notes(short, words("en", "page"))
    assert "at least 100 are needed" in note
    assert factor_rows(short, words("en", "page")) == []
