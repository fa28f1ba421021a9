"""The line that a phone shows below the subject: what the subject does not say. Pure."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from alerts.mail.line.action import PASSIVE, action_keys, actions
from alerts.mail.line.certainty import grounds_of
from alerts.mail.line.lines import why, wind_text
from alerts.mail.line.still import outlook, still
from schemas.alert_case import CaseKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.mail.line.draft import MailDraft

WIDTH = 140
"""Latin letters that phones show, in two lines; a Chinese letter counts for two. Project's choice."""
MOST_STEPS = 2


def preheader(draft: MailDraft) -> str:
    """What came before, what confirms it, the wind, what to do first; of what is over, why and what is left to do."""
    facts = [item for item in _facts(draft) if item]
    steps = actions(draft)
    for count, shown in _choices(len(facts), len(steps)):
        todo = draft.listed(steps[:shown])
        if action_keys(draft.view)[0] not in PASSIVE:
            todo = draft.t("pre.please", steps=todo)
        text = draft.t("stop").join(item for item in (draft.joined(facts[:count]), todo) if item)
        if sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text) <= WIDTH:
            return text
    return draft.joined(facts[:1])


def _facts(draft: MailDraft) -> list[str]:
    view = draft.view
    if view.is_over:
        return [still(draft), why(draft) if view.reason else ""]
    before = draft.t("pre.before", value=draft.shown(view.lead.before)) if view.lead and view.lead.before else ""
    grounds = [item.text for item in grounds_of(draft) if item.is_doubt is not None]
    has_outlook = view.kind in {CaseKind.POLLUTION, CaseKind.RADIATION}
    # what is in doubt first: it decides what to do
    return [before, *reversed(grounds[-2:]), wind_text(draft), outlook(draft) if has_outlook else ""]


def _choices(facts: int, steps: int) -> Iterator[tuple[int, int]]:
    """How many facts and steps to try, the richest first."""
    for count in range(facts, -1, -1):
        for shown in range(min(steps, MOST_STEPS), 0, -1):
            yield count, shown
