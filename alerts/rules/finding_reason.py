"""What a finding is in the messages of people: the title of its alert, and what was noticed with the next step."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from schemas.gate import failure_reason
from schemas.reason import Reason
from store.state import FindingKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from schemas.reason import Figure
    from store.state import Finding

SCOPE = "finding"
_CLOCKS = frozenset({"wrong_zone", "ahead", "behind"})


def title_of(finding: Finding) -> Reason:
    """Title of the alert that a finding raises."""
    names = {"station": finding.station_id or "", "process": str(finding.facts.get("process", ""))}
    return Reason(finding.kind.value, "title", names, SCOPE)


def detail_of(finding: Finding) -> Reason:
    """What was noticed with its figures, and what to do."""
    kind, figures = _FIGURES[finding.kind](finding)
    return Reason(finding.kind.value, kind, figures, SCOPE)


_Message = tuple[str, dict[str, "Figure"]]


def _named(finding: Finding, *names: str) -> dict[str, Figure]:
    facts: Mapping[str, Figure | None] = finding.facts
    return {name: "–" if (value := facts.get(name)) is None else value for name in names}


def _clock(finding: Finding) -> _Message:
    clock, skew = str(finding.facts.get("clock")), finding.facts.get("skew_s")
    figures: dict[str, Figure] = {
        "clock": clock if clock in _CLOCKS else "unknown",
        "held": finding.facts.get("held", 0),
    }
    return ("unknown", figures) if skew is None else ("detail", {**figures, "skew_h": skew / 3600})


def _process(finding: Finding) -> _Message:
    figures = _named(finding, "process", "host", "restarts")
    if finding.facts.get("complaint"):
        return "complaint", {**figures, **_named(finding, "complaint")}
    return "silent", {**figures, **_named(finding, "beat_at")}


def _disk(finding: Finding) -> _Message:
    free, reserve = (float(finding.facts.get(name, 0)) / 1e9 for name in ("free_bytes", "reserve_bytes"))
    return "detail", {**_named(finding, "directory"), "free_gb": free, "reserve_gb": reserve}


def _gate(finding: Finding) -> _Message:
    facts = finding.facts
    # Findings of earlier versions hold texts in both languages.
    texts = [
        failure_reason({"en": en, "zh": zh}) for en, zh in zip(facts.get("en", ()), facts.get("zh", ()), strict=True)
    ]
    failures = json.dumps(facts.get("failures", texts), ensure_ascii=False)
    return "detail", {**_named(finding, "network", "start", "end", "id"), "failures": failures}


_FIGURES: dict[FindingKind, Callable[[Finding], _Message]] = {
    FindingKind.BALANCE_REST: lambda item: (
        "detail",
        {**_named(item, "rest", "first", "last"), "station": item.station_id or ""},
    ),
    FindingKind.FOREIGN_PAYLOAD: lambda item: ("detail", {**_named(item, "topic", "named"), "count": item.count}),
    FindingKind.CLOCK: _clock,
    FindingKind.QUARANTINE_FULL: lambda item: (
        "detail",
        {**_named(item, "items"), "share": round(float(item.facts.get("share", 0)), 2)},
    ),
    FindingKind.DISK: _disk,
    FindingKind.GAP: lambda item: (
        "detail",
        {**_named(item, "missing", "start", "end", "attempts"), "instrument": item.instrument_id or ""},
    ),
    FindingKind.GATE: _gate,
    FindingKind.PROCESS: _process,
    FindingKind.INTERNAL_ERROR: lambda item: ("detail", _named(item, "process", "detail")),
}
