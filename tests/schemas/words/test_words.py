from __future__ import annotations

import math
import string
from itertools import product

import numpy as np
import pytest

from schemas.reason import Reason, encode_reason, reason_of
from schemas.words import LANGUAGES, MissingWordError, name_of, render, sentence, words
from schemas.words.message import format_message, number_text

STORED = encode_reason(
    Reason("spike", "step", {"value": 9.5, "unit": "ug/m3", "before": 1.1, "after": 1.0, "limit": 20})
)


def test_a_stored_reason_is_rendered_in_either_language() -> None:
    assert sentence(STORED, "en") == "9.5 µg/m³ against 1.1 before and 1 after; limit 20"
    assert sentence(STORED, "zh") == "9.5 µg/m³，前值 1.1，后值 1，限值 20"


def test_the_note_of_a_person_stays_as_it_is() -> None:
    assert sentence("moved {the} instrument", "zh") == "moved {the} instrument"


def test_a_reason_without_a_message_shows_its_key_and_figures() -> None:
    assert render(Reason("gone", "kind", {"a": 1}), "en") == "qc.gone.kind a=1"


def test_a_test_has_a_name_in_either_language() -> None:
    assert (name_of("spike", "zh"), name_of("spike", "en"), name_of("gone", "en")) == ("尖峰", "Spike", "gone")


def test_a_word_in_a_sentence_is_translated() -> None:
    assert render(Reason("status", "letter", {"letter": "C"}), "zh") == "仪器状态标识 C：校准"
    assert render(Reason("status", "letter", {"letter": "X"}), "en") == "instrument status X: X"


def test_a_part_is_written_in_percent() -> None:
    reason = Reason("pm_inversion_rate", "above", {"value": 1.0, "high": 0.15})
    assert render(reason, "en") == "PM2.5 exceeded PM10 in 100 % of the last 24 h (limit 15 %)"


def test_parameters_are_named_in_the_language() -> None:
    assert format_message("{what:parameters}", "zh", {"what": "benzene,vanadium,pm25"}) == "苯、钒和PM2.5"
    assert format_message("{what:parameters}", "en", {"what": "benzene,vanadium,pm25"}) == "benzene, V, and PM2.5"
    assert format_message("{what:parameters}", "en", {"what": "so2, other"}) == "SO2 and other"
    assert format_message("{what:parameters}", "en", {"what": "so2,no,o3,co,no2"}) == "SO2, NO, O3 and 2 more"
    assert format_message("{what:parameters}", "zh", {"what": "so2,no,o3,co,no2"}) == "SO2、NO、O3等（另 2 项）"


def test_ratios_are_listed_with_the_names_of_their_parameters() -> None:
    assert (
        format_message("{what:ratios}", "en", {"what": "toluene=3.14,benzene=2"})
        == "toluene 3.1 times, benzene 2.0 times"
    )
    assert format_message("{what:ratios}", "zh", {"what": "toluene=3.14,benzene=2"}) == "甲苯 3.1 倍、苯 2.0 倍"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3.2345678, "3.23457"),
        (1.0, "1"),
        (-0.5, "-0.5"),
        (1234567.8, "1234570"),
        (0.0000123, "0.0000123"),
        (1234567, "1234567"),
        (math.nan, "–"),
        (math.inf, "–"),
    ],
)
def test_a_number_has_six_significant_digits_or_is_whole(value: float, text: str) -> None:
    assert number_text(value, "en") == number_text(value, "zh") == text


def test_the_numbers_of_numpy_are_numbers() -> None:
    assert (
        format_message("{a} {b} {c:.1f}", "en", {"a": np.float32(0.5), "b": np.int64(7), "c": np.float64(1.25)})
        == "0.5 7 1.2"
    )


def test_tests_are_named_in_the_language() -> None:
    assert format_message("{what:tests}", "zh", {"what": "spike,drift"}) == "尖峰和相对邻站漂移"
    assert format_message("{what:tests}", "en", {"what": "spike"}) == "spike"


def test_an_unknown_key_is_an_error_and_an_unknown_language_is_english() -> None:
    with pytest.raises(MissingWordError, match="no text for 'nothing'"):
        words("en")("nothing")
    assert words("fr").language == "en"


def test_words_below_a_prefix_are_named_without_it() -> None:
    assert words("en", "word")("status.C") == "calibration"


@pytest.mark.parametrize(
    ("value", "text"),
    [("2026-11-28T00:00:00+08:00", "2026-11-27 16:00 UTC"), ("–", "–"), ("2026-11-28T00:00:00", "2026-11-28T00:00:00")],
)
def test_a_moment_is_written_in_utc_and_other_text_unchanged(value: str, text: str) -> None:
    assert format_message("since {at:moment}", "en", {"at": value}) == f"since {text}"


MISFITS = (1, "x", "[", "[1]", "a=b=c", 10**400, "9999-12-31T23:59:59-23:00")


def test_a_stored_reason_whose_figures_do_not_fit_is_rendered() -> None:
    """Whatever another version or an intruder stored, the rest of a page or mail is rendered."""
    for language, (key, text) in product(LANGUAGES, words("en").catalogue.items()):
        named = {name for _, name, _, _ in string.Formatter().parse(text) if name}
        for figures in ({}, *(dict.fromkeys(named, bad) for bad in MISFITS)):
            assert render(reason_of(key, figures), language) is not None


def test_a_reason_that_lacks_figures_has_its_sentence_with_dashes() -> None:
    assert sentence('{"k":"qc.spike.step","f":{"value":1}}', "zh") == "1 –，前值 –，后值 –，限值 –"


def test_a_figure_that_is_not_known_is_a_dash_in_every_format() -> None:
    assert format_message("{a:.1f} {b:percent}", "en", {"a": math.nan, "b": math.nan}) == "– –"


def test_a_bracket_of_an_interval_is_left_out_where_the_interval_is_not_known() -> None:
    text = "0.5 ({low:known.{low:.1f} to {high:.1f}; }{n} h)"
    assert format_message(text, "en", {"low": 0.25, "high": 0.75, "n": 400}) == "0.5 (0.2 to 0.8; 400 h)"
    assert format_message(text, "en", {"low": math.nan, "high": math.nan, "n": 40}) == "0.5 (40 h)"
