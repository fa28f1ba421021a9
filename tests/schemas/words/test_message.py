"""Reasons that are stored by another version, or whose figures are out of the ordinary, have a readable sentence."""

from __future__ import annotations

import json
import math
import string
from typing import TYPE_CHECKING

import pytest

from schemas.reason import Reason, encode_reason
from schemas.words import LANGUAGES, render, sentence, sentences, words
from schemas.words.message import format_message, unit_text

if TYPE_CHECKING:
    from collections.abc import Mapping

STORED = ("attribution", "coanalysis", "finding", "gap", "gate", "process", "qc", "verdict")
"""Scopes of reasons that are stored."""
ODD: Mapping[str, object] = {
    "not there": ...,
    "not known": None,
    "empty": "",
    "text": "<b>{} %\u2028\n",
    "list": [1, {"a": None}],
    "JSON of a list": "[1]",
    "truth": True,
}


def _names(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_stored_reason_has_a_sentence_whatever_its_figures_are(language: str, odd: str) -> None:
    bad = {}
    for key, text in words(language).catalogue.items():
        if key.partition(".")[0] in STORED:
            figures = {} if odd == "not there" else dict.fromkeys(_names(text), ODD[odd])
            shown = sentence(json.dumps({"k": key, "f": figures}, separators=(",", ":")), language)
            if shown.startswith('{"k"') or "nan" in shown.split():
                bad[key] = shown
    assert bad == {}


def test_a_figure_that_is_not_known_is_a_dash_in_every_format() -> None:
    reason = Reason("overall", "grade", {"grade": math.nan, "wind": "high", "tracers": "low"}, "attribution")
    assert render(reason, "en") == "Confidence of the attribution: – (wind high, tracers low, neighbours –)."


def test_a_whole_number_keeps_all_its_digits() -> None:
    stored = encode_reason(Reason("rollover", "wrap", {"before": 3.0, "value": 16777219.25, "modulus": 16777216.0}))
    assert '"modulus":16777216' in stored
    assert sentence(stored, "en") == "changed from 3 to 16777200 –, the range 16777216 of a counter"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1e300, "1 × 10³⁰⁰"),
        (-2.5e16, "-2.5 × 10¹⁶"),
        (1.5e-300, "1.5 × 10⁻³⁰⁰"),
        (2**63 - 1, "9.22337 × 10¹⁸"),
        (1.2e-7, "0.00000012"),
        (0.0, "0"),
    ],
)
def test_a_very_large_or_small_number_is_a_power_of_ten(value: float, shown: str) -> None:
    assert render(Reason("gap_test", "x", {"value": value}), "en").endswith(f"value={shown}")


def test_a_complaint_with_a_sign_that_ends_a_line_elsewhere_is_one_sentence() -> None:
    reason = Reason("housekeeping", "failed", {"times": 3, "why": "a\u2028b\x85c"}, "process")
    assert sentences(encode_reason(reason), "en").endswith(": a\u2028b\x85c")


@pytest.mark.parametrize(
    ("count", "shown"),
    [(1, "1 interval of 60 s missing"), (1.0, "1 interval"), (0, "0 intervals"), (math.nan, "– intervals")],
)
def test_what_is_counted_has_the_number_of_its_count(count: float, shown: str) -> None:
    figures = {"count": count, "cadence": 60, "until": "2026-11-27T16:00:00Z"}
    assert render(Reason("gap", "gap", figures), "en").startswith(shown)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_relation_with_a_unit_states_it(language: str) -> None:
    reason = Reason("weak_turbulence", "below", {"value": 0.05, "low": 0.1})
    assert "0.05 m/s" in render(reason, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_pure_number_has_no_unit_and_no_space_in_its_place(language: str) -> None:
    figures = {"value": 15.2, "unit": "1", "low": 0, "high": 14}
    assert render(Reason("gross_range", "physical", figures), language).startswith(("15.2 is", "15.2 超"))


@pytest.mark.parametrize(
    ("unit", "shown"),
    [("ug/L", "µg/L"), ("m2/m2", "m²/m²"), ("g/m2/s", "g/(m²·s)"), ("umol/m2/s", "µmol/(m²·s)"), ("uGy/h", "µGy/h")],
)
def test_a_unit_of_the_registry_is_written_as_in_print(unit: str, shown: str) -> None:
    assert unit_text(unit) == shown


@pytest.mark.parametrize(("value", "shown"), [(2236.7, "2240"), (1.0493, "1.05"), (72.44, "72.4"), (math.nan, "–")])
def test_a_rounded_figure_has_three_digits_and_no_power_of_ten(value: float, shown: str) -> None:
    assert format_message("{value:rounded}", "en", {"value": value}) == shown


@pytest.mark.parametrize(("language", "text"), [("en", "more than 100 times"), ("zh", "超过 100 倍")])
def test_a_large_ratio_is_only_called_large(language: str, text: str) -> None:
    message = {"en": "{ratio:times} times", "zh": "{ratio:times} 倍"}[language]
    assert format_message(message, language, {"ratio": 475.3}) == text
    assert format_message(message, language, {"ratio": 4.753}).startswith("4.8 ")
    assert format_message(message, language, {"ratio": float("nan")}).startswith("– ")
