"""Sentences of the chemistry of a period."""

from __future__ import annotations

from datetime import timedelta
from string import Formatter

import numpy as np
import pandas as pd
import pytest

from analysis.chemistry.period_summary import ChemistrySummary, chemistry_of
from analysis.chemistry.statement import chemistry_statements
from schemas.interval import Interval
from schemas.statement import Confidence
from schemas.words import words
from tests.analysis.chemistry.test_period_figure import ZONE
from tests.analysis.frames import START, hours


def summary(days: int) -> ChemistrySummary:
    rng, n = np.random.default_rng(3), 24 * days
    names = (
        "sulfate",
        "nitrate",
        "ammonium",
        "ec",
        "so2",
        "no2",
        "toluene",
        "tribromomethane",
        "m_p_xylene",
        "ethylbenzene",
        "benzene",
    )
    air = pd.DataFrame({name: hours(rng.gamma(4, 1.0, n)) for name in names})
    air["oc"], air["pm25"], air["tnmhc"], air["nox"] = 2 * air["ec"] + rng.gamma(0.5, 1.0, n), 40.0, 60.0, 20.0
    return chemistry_of("st", air, Interval(START, START + timedelta(days=days)), ZONE)


@pytest.mark.parametrize("days", [1, 20])
def test_every_statement_has_a_text_with_all_its_figures_in_both_languages(days: int) -> None:
    statements = chemistry_statements(summary(days))
    assert len(statements) > 8
    for item in statements:
        for key, figures in ((item.key, item.figures), *((part.key, part.figures) for part in item.details)):
            for language in ("zh", "en"):
                text = words(language).catalogue[str(key)]
                assert {name for _, name, _, _ in Formatter().parse(text) if name} <= set(figures), key
        assert item.text("zh")
        assert item.text("en")


def test_a_species_without_mir_is_named_with_its_share_of_the_mass() -> None:
    text = chemistry_statements(summary(20))[0].text("en")
    assert "Without a MIR, left out of its sum: tribromomethane" in text


def test_one_day_has_no_interval_and_low_confidence() -> None:
    statements = chemistry_statements(summary(1))
    assert {item.confidence for item in statements} <= {Confidence.LOW, Confidence.NONE}
    assert "No interval: 1 day has values, 14 are needed." in statements[0].text("en")
    assert [item.key for item in statements if "– to –" in item.text("en") or "– 至 –" in item.text("zh")] == []


def test_secondary_carbon_of_few_days_has_no_interval_and_says_so() -> None:
    (carbon,) = [item for item in chemistry_statements(summary(6)) if item.key.endswith(".soc")]
    text = carbon.text("en")
    assert "No interval: 6 days have values, 14 are needed." in text
    assert "by minimum R squared, from too few days for an interval." in text


def test_a_period_without_chemistry_says_so() -> None:
    empty = chemistry_of("st", pd.DataFrame({"o3": hours([1.0])}), Interval(START, START + timedelta(hours=2)), ZONE)
    assert [item.key for item in chemistry_statements(empty)] == ["coanalysis.chemistry.nothing"]
