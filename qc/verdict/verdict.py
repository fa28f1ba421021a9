"""Fault or event? One verdict a case, with its evidence and a probability. Pure.

The log-odds of an event are a prior plus one weight for each piece of evidence that indicates either (``[verdict]`` in
``thresholds.toml``). Absent data add nothing. The sum can be checked by hand from the listed weights.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec

from qc.verdict.evidence import collect_evidence
from qc.verdict.weight import WeighedEvidence, weigh_one
from qc.verdict.word import Word, probability, word_of
from schemas.words import render, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qc.verdict.context import CaseContext, Indication
    from qc.verdict.weight import VerdictRule

SUMMARY_REASONS = 3
"""Reasons in the summary."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """Fault or event, with the evidence.

    Attributes
    ----------
    probability : float
        Of an event, 0 to 1 [1].
    log_odds : float
        ``prior`` plus the weights of the evidence [1].
    evidence : tuple of WeighedEvidence
        The strongest first.
    silent : tuple of str
        Evidence that is not available or indicates nothing.
    """

    station_id: str
    parameter: str
    word: Word
    probability: float
    log_odds: float
    prior: float
    evidence: tuple[WeighedEvidence, ...]
    silent: tuple[str, ...]

    def summary(self, language: str) -> str:
        """One line, as ``fault or event: 0.87 event, because ...``; the probability is that of the word itself."""
        text = words(language, "verdict")
        is_fault = self.word is Word.FAULT
        share = 1 - self.probability if is_fault else self.probability
        side = [item for item in self.evidence if (item.weight < 0) == (self.log_odds < 0)]
        reported = (side or list(self.evidence))[:SUMMARY_REASONS]
        reasons = [render(item.reason, language) for item in reported]
        joined = text("separator").join(reasons) or text("no_evidence")
        return text("summary", share=f"{share:.2f}", word=self.word, reasons=joined)


def evaluate_case(context: CaseContext, rule: VerdictRule) -> Verdict:
    """Give the verdict on one station's parameter over an interval.

    Parameters
    ----------
    context : CaseContext
        Data of the case; absent data add no evidence.
    rule : VerdictRule

    Returns
    -------
    Verdict

    Raises
    ------
    qc.limits.load.ThresholdError
        The rule has no weight for a piece of evidence.
    """
    return weigh(context, collect_evidence(context), rule)


def weigh(context: CaseContext, indications: Sequence[Indication], rule: VerdictRule) -> Verdict:
    """Sum the weights of the evidence of a case; errors as `evaluate_case`."""
    weighed = [weigh_one(item, rule) for item in indications if item.is_event is not None]
    weighed.sort(key=lambda item: -abs(item.weight))
    log_odds = rule.prior + math.fsum(item.weight for item in weighed)
    return Verdict(
        station_id=context.station.id,
        parameter=context.parameter,
        word=word_of(log_odds),
        probability=probability(log_odds),
        log_odds=log_odds,
        prior=rule.prior,
        evidence=tuple(weighed),
        silent=tuple(item.name for item in indications if item.is_event is None),
    )
