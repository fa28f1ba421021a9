"""The packaged deadlines of review, ``review_deadlines.toml``. Reads only."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import qc.review
from qc.review.deadline import DeadlineFileError, DeadlineRule, parse_rules
from schemas.text_file import read_text

PACKAGED = Path(qc.review.__file__).with_name("review_deadlines.toml")


@cache
def load_rules(path: Path = PACKAGED) -> tuple[DeadlineRule, ...]:
    """Read the rules; raises `qc.review.deadline.DeadlineFileError`."""
    return parse_rules(read_text(path, DeadlineFileError), str(path))
