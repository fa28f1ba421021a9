"""A case file as pages show it: bars of the sources and kinds, the evidence by topic, enterprises, and similar events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.case.case_file import EventKind, stated_shares
from analysis.receptor.wind import SECTORS, sector_code
from analysis.report.case_text import CaseSection, answer_confidence, basis_text, case_sections
from console.view.quantity import name_of
from schemas.words import words as words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from analysis.case.case_file import Candidate, CaseFile, SimilarEvent, SourceShare
    from analysis.report.stored_case import StoredCase
    from analysis.run.coanalysis.joint_pollution import CaseEpisode
    from schemas.words import Words

_KINDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareBar:
    """A bar with its interval, in per cent; ``low`` and ``high`` equal ``value`` where there is none."""

    name: str
    kind: str
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedLine:
    """A name with an address (empty: none) and what is known of it."""

    name: str
    address: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """Everything that the template shows; ``versions`` is 0 where they were not counted; of ``alert_id`` is the threshold of the picture."""

    key: str
    station_id: str
    station: str
    parameter: str
    start: datetime
    end: datetime | None
    answer: str
    confidence: str
    basis: str
    kinds: tuple[ShareBar, ...]
    sources: tuple[ShareBar, ...]
    sections: tuple[CaseSection, ...]
    linked: Mapping[str, tuple[LinkedLine, ...]]
    picture: str
    versions: int = 0
    alert_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedCases:
    """Case files of a list; of the undecided ones ``short`` have too short a history, and ``alike`` fit several kinds."""

    decided: tuple[StoredCase, ...]
    undecided: tuple[StoredCase, ...]
    short: int
    alike: int


def case_view(
    item: StoredCase,
    words: Words,
    station_names: Mapping[str, str],
    zone: ZoneInfo,
    *,
    versions: int = 0,
    alert_id: int | None = None,
) -> CaseView:
    """A case file in the language of the page.

    Parameters
    ----------
    item : StoredCase
    words : Words
        Of the page.
    station_names : mapping of str to str
    zone : ZoneInfo
        Of the moments.
    versions : int
        Answers so far, this one included.
    alert_id : int or None
        The alert on whose page the case file is shown.
    """
    case, language = item.case, words.language
    return CaseView(
        key=case.key,
        station_id=case.station_id,
        station=station_names.get(case.station_id, case.station_id),
        parameter=name_of(case.parameter, words),
        start=case.event.start,
        end=case.event.end,
        answer=case.answer.text(language),
        confidence=answer_confidence(case, language),
        basis=basis_text(case, language, zone),
        kinds=_kinds(case, language),
        sources=tuple(_source(share, language) for share in stated_shares(case.sources)),
        sections=tuple(_shown(case_sections(case, language), case)),
        linked={
            "enterprises": tuple(_enterprise(one, words) for one in case.enterprises),
            "similar": tuple(_similar(one, words, station_names, zone) for one in case.similar),
        },
        picture="" if item.chart is None else picture_address(case.key),
        versions=versions,
        alert_id=alert_id,
    )


def joint_lines(
    episodes: Iterable[CaseEpisode], words: Words, station_names: Mapping[str, str]
) -> tuple[LinkedLine, ...]:
    """Joint episodes of a case file: days, station and peaks."""
    return tuple(
        LinkedLine(
            name=words("case.joint_days", first=str(item.first), last=str(item.last), days=item.days),
            address="",
            notes=(
                station_names.get(item.station_id, item.station_id),
                words("case.joint_peaks", pm25=item.pm25_peak, o3=item.o3_peak),
            ),
        )
        for item in episodes
    )


def split_cases(items: Sequence[StoredCase]) -> ListedCases:
    """Case files of known kind and those of unknown kind with the cause, the newest first."""
    newest = sorted(items, key=lambda item: item.case.event.start, reverse=True)
    decided = [item for item in newest if item.case.kind is not EventKind.UNKNOWN]
    undecided = [item for item in newest if item.case.kind is EventKind.UNKNOWN]
    short = sum("history" in item.case.missing for item in undecided)
    return ListedCases(
        decided=tuple(decided),
        undecided=tuple(undecided),
        short=short,
        alike=len(undecided) - short,
    )


def case_address(key: str) -> str:
    """Page of a case file."""
    return f"/case-files/{key}"


def picture_address(key: str) -> str:
    """Picture of a case file; ``language`` and ``theme`` follow as query."""
    return f"/api/v1/case-files/{key}/picture"


def _shown(sections: list[CaseSection], case: CaseFile) -> list[CaseSection]:
    """Sections of sentences; what is listed with links is not repeated."""
    listed = {"enterprises": bool(case.enterprises), "similar": bool(case.similar)}
    return [item for item in sections if not listed.get(item.topic, False)]


def _kinds(case: CaseFile, language: str) -> tuple[ShareBar, ...]:
    names = words_of(language, "word.event_kind")
    found = sorted(case.kinds, key=lambda item: -item.probability)[:_KINDS]
    return tuple(
        ShareBar(name=names.get(item.kind, item.kind), kind=item.kind, value=percent, low=percent, high=percent)
        for item in found
        for percent in (100 * item.probability,)
    )


def _source(share: SourceShare, language: str) -> ShareBar:
    name = words_of(language, "word.source_kind").get(share.kind, share.kind)
    percent = share.percent
    low, high = max(percent.low, 0.0), min(percent.high, 100.0)
    return ShareBar(name=name, kind=share.kind, value=min(max(percent.value, 0.0), 100.0), low=low, high=high)


def _enterprise(item: Candidate, words: Words) -> LinkedLine:
    sector = words_of(words.language, "word.sector")(sector_code(round(item.bearing_deg / (360 / SECTORS)) % SECTORS))
    marks = {"in_direction": item.in_direction, "in_place": item.in_place, "kind_fits": item.kind_fits}
    place = words("case.enterprise", distance=f"{item.distance_km:.1f}", sector=sector)
    notes = (place, *(words(f"case.{name}") for name, holds in marks.items() if holds))
    return LinkedLine(name=words.pick(item.name_zh, item.name_en), address="", notes=notes)


def _similar(item: SimilarEvent, words: Words, station_names: Mapping[str, str], zone: ZoneInfo) -> LinkedLine:
    station = station_names.get(item.station_id, item.station_id)
    name = f"{item.start.astimezone(zone):%Y-%m-%d %H:%M} {station} · {name_of(item.parameter, words)}"
    kind = words_of(words.language, "word.event_kind").get(item.kind.value, item.kind.value)
    likeness = words("case.likeness", likeness=f"{item.likeness:.2f}", compared=item.compared)
    return LinkedLine(name=name, address=case_address(item.key), notes=(kind, likeness))
