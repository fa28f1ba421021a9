"""Notes on the intervals of a factorisation, for its table and its picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis.run.pmf_analysis import PmfAnalysis
    from schemas.words import Words


def interval_notes(found: PmfAnalysis, words: Words) -> list[str]:
    """What the intervals are from, and which factors have none; words of the commands (``cli.*``)."""
    ends, runs = found.intervals, found.bootstrap
    if ends is None or runs is None:
        return []
    text = [
        words(
            "pmf.intervals", runs=ends.runs, blocks=ends.blocks, growth=ends.growth, fewest=int(runs.found.min())
        )
    ]  # fmt: skip
    for key, factors in (("pmf.lost", ends.lost), ("pmf.swapped", ends.swapped)):
        if factors:
            text.append(words(key, factors=", ".join(map(str, factors))))
    return text
