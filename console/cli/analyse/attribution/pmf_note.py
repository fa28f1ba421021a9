"""Warnings of a factorisation, and notes on its intervals, for its table and its picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.receptor.pmf.diagnostics import LARGE_RESIDUAL, LEAST_Q_SHARE, is_q_too_low

if TYPE_CHECKING:
    from analysis.run.receptor.pmf_analysis import PmfAnalysis
    from schemas.words import Words


def warnings(found: PmfAnalysis, words: Words) -> list[str]:
    """What in the samples the factorisation cannot be right with."""
    return [said for said in (_low_q(found, words), _negative(found, words)) if said is not None]


def _low_q(found: PmfAnalysis, words: Words) -> str | None:
    """That residuals are far smaller than the uncertainties; None where they are not."""
    if not is_q_too_low(found.result):
        return None
    return words("pmf.low_q", share=found.result.q_robust / found.result.q_expected, least=LEAST_Q_SHARE)


def _negative(found: PmfAnalysis, words: Words) -> str | None:
    """That values are far below zero, with species and first times; None where none is."""
    if not found.negative:
        return None
    where = "; ".join(
        words("pmf.negative_of", species=item.species, count=item.count, first=item.first, lowest=item.lowest)
        for item in found.negative
    )
    return words("pmf.negative", count=sum(item.count for item in found.negative), limit=LARGE_RESIDUAL, where=where)


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
