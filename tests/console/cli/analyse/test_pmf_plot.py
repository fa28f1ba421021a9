"""The picture of a factorisation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analysis.run.receptor.pmf_analysis import PmfAnalysis, PmfOptions, factorise
from console.cli.analyse.attribution.pmf_plot import _with_gaps, notes, plot_factorisation
from schemas.words import words
from tests.analysis.receptor.pmf.mixture import mixture


def analysis(times: list[str] | None = None) -> PmfAnalysis:
    conc, unc, _ = mixture(51, samples=40)
    index = times or [f"{moment:%Y-%m-%d}" for moment in conc.index]
    options = PmfOptions(factors=2, starts=1, runs=20, block="2")
    return factorise(conc.set_axis(index), unc.set_axis(index), options)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_picture_is_drawn_in_both_languages(language: str) -> None:
    assert plot_factorisation(analysis(), language).startswith(b"\x89PNG")


def test_samples_without_times_are_drawn_by_number() -> None:
    assert plot_factorisation(analysis([f"run {number}" for number in range(40)]), "en").startswith(b"\x89PNG")


def test_no_line_is_drawn_across_a_long_gap() -> None:
    times, values = _with_gaps(np.array([1.0, 2.0, 3.0, 100.0, 101.0]), np.ones(5))
    np.testing.assert_array_equal(values, [1, 1, 1, np.nan, 1, 1])
    assert times.size == 6


def test_the_note_has_counts_and_says_what_the_intervals_are() -> None:
    fit, intervals = notes(analysis(), words("en", "cli"))
    assert fit.startswith("40 samples, 320 values, 2 factors, 1 start.")
    assert "20 resamples of 20 blocks" in intervals


def test_factors_without_intervals_are_named_with_the_reason() -> None:
    found = analysis()
    assert found.intervals is not None
    found = replace(found, intervals=replace(found.intervals, lost=(2,), swapped=(1, 2)))
    lost, swapped = notes(found, words("en", "cli"))[-2:]
    assert lost == "No interval, because fewer than half of the resamples have them: factors 2."
    assert swapped == "No interval, because a displacement turns them into another factor: factors 1, 2."
