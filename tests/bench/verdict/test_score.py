from __future__ import annotations

import numpy as np
import pytest

from bench.verdict.score import FITTED, HELD_OUT, PROVINCE, SCORED, Job, ScoredCase, claims_of, figures_of, fit
from qc.verdict.word import Word


def scored(
    evidence: dict[str, bool], *, is_event: bool, probability: float = 0.5, word: Word = Word.UNDECIDED
) -> ScoredCase:
    kind = "plume" if is_event else "step"
    return ScoredCase(Job("planned", 1), kind, "", is_event, evidence, probability, word, "", 0.0)


def test_no_scored_week_has_taught_a_weight() -> None:
    assert not set(FITTED) & {*SCORED, *HELD_OUT, *PROVINCE}


def test_the_weights_are_the_log_odds_of_what_the_evidence_says() -> None:
    rng = np.random.default_rng(0)
    said = [(bool(is_event), bool(rng.random() < (0.9 if is_event else 0.2))) for is_event in rng.random(4000) < 0.5]
    found = fit([scored({"twin": agrees}, is_event=is_event) for is_event, agrees in said])
    assert found["twin"] == (pytest.approx(np.log(0.9 / 0.2), abs=0.15), pytest.approx(np.log(0.1 / 0.8), abs=0.15))
    assert found["clock"] == (0.0, 0.0)


def test_evidence_for_an_event_never_makes_one_less_likely() -> None:
    found = fit([scored({"twin": not is_event}, is_event=is_event) for is_event in (True, False) for _ in range(50)])
    assert found["twin"] == (0.0, 0.0)


def test_the_undecided_are_counted_and_are_neither_right_nor_wrong() -> None:
    cases = [
        scored({}, is_event=True, probability=0.9, word=Word.EVENT),
        scored({}, is_event=True, probability=0.2, word=Word.FAULT),
        scored({}, is_event=False, probability=0.55),
        scored({}, is_event=False, probability=0.1, word=Word.FAULT),
    ]
    found = figures_of(cases)
    assert (found["value"], found["undecided"], found["accuracy_undecided_wrong"]) == (0.6667, 0.25, 0.5)
    assert found["brier"] == pytest.approx((0.01 + 0.64 + 0.3025 + 0.01) / 4, abs=1e-4)


def test_what_is_said_of_windows_in_which_nothing_happens_is_counted_by_word() -> None:
    words = [Word.UNDECIDED, Word.UNDECIDED, Word.FAULT, Word.EVENT]
    cases = [scored({}, is_event=False, word=word) for word in words]
    assert claims_of(cases) == {"fault": 0.25, "event": 0.25, "cases": 4}
    assert claims_of([]) == {"fault": None, "event": None, "cases": 0}
