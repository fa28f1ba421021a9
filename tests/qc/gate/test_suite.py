"""The words of the gate: every failure that can be reported has a message in both languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from qc.gate.batch_product import PRODUCTS
from qc.gate.outcome import SCREENS, Failure, to_failure
from qc.run.gate.suite_file import read_suite
from schemas.gate import failure_reason
from schemas.message import NetworkCode
from schemas.reason import parse_reason
from schemas.words import LANGUAGES, sentence, words

if TYPE_CHECKING:
    from qc.gate.expectation import Expectation

SUITES = (*(code.value for code in NetworkCode), *PRODUCTS)
ROWS = {"unexpected_count": 3, "unexpected_percent": 12.5, "partial_unexpected_list": [7.0, {"station_id": "s1"}]}
RESULTS = {
    "expect_table_columns_to_match_set": {"details": {"mismatched": {"missing": ["so2", "no"]}}},
    "expect_compound_columns_to_be_unique": ROWS,
    "expect_column_values_to_be_between": ROWS,
}


def reported(suite: str) -> list[Failure]:
    return [failure_of(one) for one in read_suite(suite).expectations if one.id not in SCREENS]


def failure_of(one: Expectation) -> Failure:
    return to_failure(one, RESULTS.get(one.type, {"observed_value": 0.25}))


@pytest.mark.parametrize("suite", SUITES)
def test_every_expectation_has_a_message_in_both_languages(suite: str) -> None:
    for failure in reported(suite):
        texts = [sentence(failure.reason, language) for language in LANGUAGES]
        assert not any("gate." in text or "product_column" in text for text in texts), texts
        assert texts[0] != texts[1]


def test_every_message_of_the_catalogue_belongs_to_an_expectation() -> None:
    used = {reason.key for suite in SUITES for one in reported(suite) if (reason := parse_reason(one.reason))}
    assert {f"gate.{key}" for key in words("en", "gate").catalogue} - used == {"gate.stored.text"}


def test_a_bound_that_is_absent_and_a_value_that_is_not_known_are_left_open() -> None:
    ghg = next(one for one in read_suite("gas").expectations if one.id == "co.level")
    open_end = msgspec.structs.replace(ghg, kwargs={**ghg.kwargs, "max_value": None})
    assert "–" in sentence(to_failure(open_end, {"observed_value": None}).reason, "en")


def test_the_texts_of_an_earlier_version_are_shown_as_they_are() -> None:
    stored = failure_reason({"id": "co.range", "severity": "critical", "en": "CO {is} outside", "zh": "CO 超限"})
    assert [sentence(stored, language) for language in ("en", "zh")] == ["CO {is} outside", "CO 超限"]
