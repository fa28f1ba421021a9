"""The packaged deadlines of review, ``review_deadlines.toml``. Reads only."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import qc.review
from qc.review.deadline import DeadlineFileError, DeadlineRule, parse_rules

PACKAGED = Path(qc.review.__file__).with_name("review_deadlines.toml")


@cache
def load_rules(path: Path = PACKAGED) -> tuple[DeadlineRule, ...]:
    """Read the rules; raises `qc.review.deadline.DeadlineFileError`."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        msg = f"{path}: {error}"
        raise DeadlineFileError(msg) from error
    return parse_rules(text, str(path))
