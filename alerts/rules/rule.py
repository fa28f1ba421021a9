"""Common fields of alert rules, and the meaning that an open alert keeps of its rule."""

from __future__ import annotations

from collections.abc import Sequence  # noqa: TC003 - msgspec resolves annotations at run time
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated, ClassVar

import msgspec
from msgspec import Meta

from schemas.alert import RuleKind, Severity

if TYPE_CHECKING:
    from schemas.alert import AlertTransition
    from schemas.network import Instrument, Network, Station

RuleName = Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,48}\Z")]
LONGEST_H = 87_600.0
"""Ten years: no duration of a rule is longer [h]."""
Hours = Annotated[float, Meta(ge=0, le=LONGEST_H)]
PositiveHours = Annotated[float, Meta(gt=0, le=LONGEST_H)]
ALL = "all"
"""Station id of alerts about all stations."""
LOOKS_AT = "looks_at"
"""Key of the evidence that keeps the rule's meaning."""
Text = Annotated[str, Meta(min_length=1)]
Patterns = Annotated[tuple[Text, ...], Meta(min_length=1)]


class CommonRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """What every rule has.

    Attributes
    ----------
    name : str
        First part of every alert key; also the order of equal severities in listings.
    title_zh, title_en, advice_zh, advice_en : str
        Title and advice for the duty officer.
    severity : Severity
    source : str
        Source of the figure (standard and table, or ``project default``).
    verified : bool
        Whether the figure was checked against that source.
    stations, cities : tuple of str
        Shell patterns of station ids and of GB/T 2260 codes; both must match.
    notify_max_age_h : float
        An alert that was over for longer when it was found is stored but not mailed [h]; 0 mails at any age.
    enabled : bool
    """

    name: RuleName
    title_zh: Text
    title_en: Text
    advice_zh: Text
    advice_en: Text
    severity: Severity
    source: Text
    verified: bool
    stations: Patterns = ("*",)
    cities: Patterns = ("*",)
    notify_max_age_h: Hours = 24.0
    enabled: bool = True

    KIND: ClassVar[RuleKind]

    def title(self, language: str) -> str:
        """Title in ``zh`` or ``en``."""
        return self.title_zh if language == "zh" else self.title_en

    def advice(self, language: str) -> str:
        """What to do, in ``zh`` or ``en``."""
        return self.advice_zh if language == "zh" else self.advice_en

    @property
    def watched_parameter(self) -> str | None:
        """The parameter whose values the rule compares; None for silence and operation."""
        return None

    def reads(self, instrument: Instrument) -> bool:
        """Whether the rule depends on the readings of ``instrument``."""
        del instrument
        return False

    def subject(self) -> str:
        """What a station must measure for the rule to cover it, for messages."""
        return self.watched_parameter or ""

    def looks_at(self, station_id: str) -> dict[str, object]:
        """The meaning of an alert of the rule besides its key; plain JSON, kept with the evidence of its transitions.

        Limits, spans of time and counts are not part of it: they change when an alert ends, not what it is about.
        """
        del station_id
        return {}

    def contradictions(self) -> list[tuple[str, str]]:
        """What contradicts itself in the rule, as (key, expectation)."""
        return []

    def covers(self, station: Station) -> bool:
        """Whether the rule covers ``station``."""
        return _matches(station.id, self.stations) and _matches(station.city, self.cities)


def instruments_of(rule: CommonRule, station: Station) -> tuple[Instrument, ...]:
    """Instruments of ``station`` on whose readings the rule depends, in service or not; none for operation rules."""
    return tuple(item for item in station.instruments if rule.reads(item)) if rule.covers(station) else ()


def covered_stations(rule: CommonRule, network: Network) -> list[Station]:
    """Stations with at least one instrument on which the rule depends."""
    return [station for station in network.station_list if instruments_of(rule, station)]


def is_changed(opened: AlertTransition, rule: CommonRule) -> bool:
    """Whether the meaning of the rule has changed since the transition was made.

    Only recorded fields are compared: transitions of earlier releases kept kind and parameter alone.
    """
    if rule.KIND is not opened.kind or rule.watched_parameter != opened.parameter:
        return True
    kept, now = opened.evidence.get(LOOKS_AT), rule.looks_at(opened.station_id)
    return isinstance(kept, dict) and any(name in now and now[name] != value for name, value in kept.items())


def _matches(text: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(text, pattern) for pattern in patterns)
