from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from schemas.reason import Reason, encode_reason, parse_reason

NAME = st.from_regex(r"[a-z][a-z0-9_]{0,15}", fullmatch=True)
TEXT = st.text(alphabet=st.characters(codec="utf-8"), max_size=20)


@given(NAME, NAME, st.dictionaries(NAME, st.integers(-(2**53), 2**53) | TEXT))
def test_a_stored_reason_is_read_back_as_it_was(test: str, kind: str, figures: dict[str, int | str]) -> None:
    reason = Reason(test, kind, figures)
    text = encode_reason(reason)
    assert "\n" not in text
    assert parse_reason(text) == reason


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_stored_with_six_significant_digits_a_whole_one_with_all(value: float) -> None:
    parsed = parse_reason(encode_reason(Reason("spike", "step", {"value": value})))
    assert parsed is not None
    assert parsed.figures["value"] == (value if value.is_integer() else float(f"{value:.6g}"))


def test_a_count_of_numpy_keeps_all_its_digits() -> None:
    assert (
        encode_reason(Reason("gap", "gap", {"count": np.int64(1234567)})) == '{"k":"qc.gap.gap","f":{"count":1234567}}'
    )


def test_equal_reasons_have_equal_texts_whatever_the_order_of_their_figures() -> None:
    first = encode_reason(Reason("spike", "step", {"value": 1.5, "limit": 2.0}))
    assert first == encode_reason(Reason("spike", "step", {"limit": np.float64(2), "value": 1.5000000001}))
    assert first == '{"k":"qc.spike.step","f":{"limit":2,"value":1.5}}'


def test_a_number_that_is_not_known_is_nan_again() -> None:
    parsed = parse_reason(encode_reason(Reason("spike", "step", {"value": math.nan, "limit": -math.inf})))
    assert parsed is not None
    assert all(math.isnan(float(value)) for value in parsed.figures.values())


def test_other_text_is_no_reason() -> None:
    for text in ("", "the instrument was moved", '{"k":"', '{"k":5}', '{"other":1}'):
        assert parse_reason(text) is None
