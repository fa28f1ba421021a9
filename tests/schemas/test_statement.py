from __future__ import annotations

import msgspec
import pytest

from schemas.reason import ReasonData
from schemas.statement import Confidence, Statement, confidence_text, is_translated, statement_text

STATEMENT = Statement(
    topic="missing",
    key="attribution.missing.background",
    figures={"background_hours": 72, "days": 3.0},
    confidence=Confidence.HIGH,
    details=(ReasonData("attribution.missing.wind", {}),),
)
OLD = {"topic": "wind", "zh": "西南风", "en": "South-west wind", "confidence": "high", "figures": {}}


def test_a_statement_reads_the_same_before_and_after_it_is_stored() -> None:
    stored = msgspec.to_builtins(STATEMENT)
    assert statement_text(stored, "en") == STATEMENT.text("en")
    assert STATEMENT.text("en") == "The background has only 72 h (about 3 days of 30). Wind data are missing."
    assert statement_text(stored, "zh") == "背景仅有 72 小时（约 3 天，应为 30 天）。缺风数据。"


def test_a_statement_that_was_stored_as_text_is_readable() -> None:
    assert [statement_text(OLD, language) for language in ("zh", "en")] == ["西南风", "South-west wind"]
    assert statement_text(OLD | {"en": ""}, "en") == "西南风"
    assert statement_text({}, "en") == ""


def test_a_figure_that_is_not_known_is_written_as_a_dash() -> None:
    stored = {"key": "attribution.missing.background", "figures": {"background_hours": None, "days": 0.0}}
    assert statement_text(stored, "en").startswith("The background has only – h")


def test_a_statement_is_translated_if_both_languages_have_all_its_texts() -> None:
    stored = msgspec.to_builtins(STATEMENT)
    assert is_translated(stored)
    assert not is_translated(stored | {"details": [{"key": "attribution.wind.gone", "figures": {}}]})
    assert is_translated(OLD)
    assert not is_translated(OLD | {"zh": ""})


def test_a_grade_has_a_name_in_both_languages() -> None:
    assert [confidence_text(grade, "zh") for grade in ("none", "odd")] == ["无法判断", "odd"]


@pytest.mark.parametrize(
    ("altered", "text"),
    [
        ({"figures": None}, "Wind data are missing."),
        ({"figures": {"unknown": [1]}}, "Wind data are missing."),
        ({"details": None}, "Wind data are missing."),
        ({"details": [1, {"figures": {}}, {"key": 5}]}, "Wind data are missing."),
        ({"key": None}, ""),
        ({"key": "attribution.missing.background"}, "The background has only – h (about – days of 30)."),
    ],
)
def test_a_statement_that_was_altered_in_the_database_does_not_raise(altered: dict[str, object], text: str) -> None:
    assert statement_text({"key": "attribution.missing.wind", "figures": {}} | altered, "en") == text


def test_reasons_of_quality_control_in_a_statement_end_as_sentences() -> None:
    reason = ReasonData("qc.status.letter", {"letter": "D"})
    stated = Statement(
        topic="fault",
        key="case.fault.for",
        figures={"probability": 0.9},
        confidence=Confidence.HIGH,
        details=(reason, reason),
    )
    assert stated.text("en").endswith("instrument status D: fault. instrument status D: fault.")
    assert stated.text("zh").count("。") == 2
