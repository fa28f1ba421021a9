from __future__ import annotations

import pytest

from ingest.process.complaint import complaint, joined
from schemas.words import sentences


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "drain ended 3 times in a row, last: exit status -9; the raw log cannot be read for 2 min: damaged"),
        ("zh", "入库进程连续 3 次异常结束，最近一次：exit status -9；原始日志无法读取已 2 分钟：damaged"),
    ],
)
def test_complaints_are_rendered_in_the_language_of_the_reader(language: str, expected: str) -> None:
    both = joined(
        [
            complaint("worker", "restarts", name="drain", times=3, why="exit status -9"),
            "",
            complaint("outage", "cannot_read", lasts_s=150.0, detail="damaged"),
        ]
    )
    assert sentences(both, language) == expected


def test_a_sentence_that_an_earlier_version_stored_is_shown_unchanged() -> None:
    assert (
        sentences("nothing is published for 3 min: no subscriber", "zh")
        == "nothing is published for 3 min: no subscriber"
    )


def test_complaints_beyond_the_length_are_left_out_whole() -> None:
    one = complaint("outage", "cannot_read", detail="x" * 1_000)
    assert len(one) < 500
    assert joined([one, one, "", one], 1_000).count("\n") == 1
    assert joined([]) == ""


@pytest.mark.parametrize("sign", ["\u2028", "\x85", "\u2029"])
def test_a_figure_with_another_sign_that_ends_a_line_stays_whole(sign: str) -> None:
    one = complaint("housekeeping", "failed", times=2, why=f"a{sign}b")
    assert joined([one, one]) == f"{one}\n{one}"
    assert sentences(joined([one]), "en") == f"2 rounds of housekeeping failed in a row: a{sign}b"
