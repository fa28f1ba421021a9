"""Statements of what an event is: answer, height, kind, fault, what would change the answer, missing data."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from analysis.case.case_file import BearingBasis, EventKind
from analysis.case.case_hours import LEAST_HISTORY_H
from analysis.case.claim import claim, detail, moment_text
from analysis.receptor.source_library import BACKGROUND, UNNAMED
from analysis.receptor.wind import SECTORS, sector_code
from schemas.reason import ReasonData
from schemas.statement import Confidence

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from analysis.case.case_file import Bearing, EventPeak, EventSpan, KindShare, SourceShare
    from analysis.case.kind.change import Change
    from analysis.case.kind.probability import KindAnswer, WeighedFeature
    from schemas.network import Station
    from schemas.reason import Figure
    from schemas.statement import Statement

LEVELS = ((0.9, Confidence.HIGH), (0.7, Confidence.MEDIUM), (0.45, Confidence.LOW))
"""Least probability of a grade [1]; project choice."""
_STATED = 4
"""Features that are stated."""
_LEAST_WEIGHT = 0.3
"""Log-odds from which a feature is stated [1]."""
_STRONG_WEIGHT = 2.3
"""The same from which it is strong evidence: it changes the odds tenfold [1]; project choice."""
NO_SIGN = frozenset({"length", "stagnation", "secondary", "breadth", "one_side"})
"""Features that tell kinds of event apart and are no sign of a fault, whatever their weight."""
_SHARED = 0.5
"""Median rise of the neighbours, as a part of the rise here, from which the rise is theirs too [1]."""
_CIRCLE = 360.0
_KEYS: dict[BearingBasis | None, tuple[str, str]] = {
    None: ("kind", "source"),
    BearingBasis.HELD: ("from", "from_source"),
    BearingBasis.WIND: ("wind", "wind_source"),
}
"""Answers without and with a source, by what the direction rests on."""


def grade(probability: float) -> Confidence:
    """Grade of a probability.

    Examples
    --------
    >>> grade(0.95).value, grade(0.2).value
    ('high', 'none')
    """
    return next((level for least, level in LEVELS if probability >= least), Confidence.NONE)


def answer_statement(
    station: Station,
    parameter: str,
    found: KindAnswer,
    bearing: Bearing | None,
    shares: Sequence[SourceShare],
    *,
    alone: bool = False,
) -> Statement:
    """First line: what it is, from where, how sure; ``alone``: no neighbour tells how far it reaches."""
    if not found.has_evidence:
        return claim(
            "answer",
            "no_level",
            Confidence.NONE,
            parameter=parameter,
            station=station_text(station),
            hours=LEAST_HISTORY_H,
        )
    best = max(found.shares, key=lambda item: item.probability if item.kind is not EventKind.UNKNOWN else 0.0)
    is_known = found.kind is not EventKind.UNKNOWN
    confidence = grade(best.probability) if is_known else Confidence.NONE
    figures: dict[str, Figure | None] = {
        "parameter": parameter,
        "station": station_text(station),
        "kind": best.kind.value,
        "probability": best.probability,
        "likely": confidence.value,
    }
    haze = "haze_alone" if alone else "haze_regional"
    plain = haze if found.kind is EventKind.HAZE else "kind"
    origin, more = _origin(bearing, shares) if found.kind is EventKind.PLUME else (plain, {})
    chance = _chance(found)
    if not is_known and chance > best.probability:
        second = detail("answer", "next", kind=best.kind.value, probability=best.probability)
        figures |= {"kind": EventKind.UNKNOWN.value, "probability": chance}
        return claim("answer", _ordinary(found), confidence, (second,), **figures)
    reach = (detail("answer", "one_station"),) if alone and found.kind is EventKind.PLUME else ()
    return claim("answer", origin if is_known else "unknown", confidence, reach, **figures, **more)


def _chance(found: KindAnswer) -> float:
    """Probability that the rise is one of the ordinary differences between stations [1]; 0 where most neighbours rose as well."""
    shares = (item.figures.get("share", 0.0) for item in found.features if item.name.startswith("regional_"))
    if any(not isinstance(item, str) and item >= _SHARED for item in shares):
        return 0.0
    return next((item.probability for item in found.shares if item.kind is EventKind.UNKNOWN), 0.0)


def _ordinary(found: KindAnswer) -> str:
    """Message of a rise by chance; without neighbours it is compared with the station's own days."""
    has_neighbours = any(item.name.startswith("regional_") for item in found.features)
    return "ordinary" if has_neighbours else "ordinary_alone"


def station_text(station: Station) -> str:
    """Names of a station for a sentence, the English one first."""
    return json.dumps([station.name("en"), station.name("zh")], ensure_ascii=False)


def _origin(bearing: Bearing | None, shares: Sequence[SourceShare]) -> tuple[str, dict[str, Figure | None]]:
    """Message of the answer with direction and source where they are known, and its further figures."""
    figures: dict[str, Figure | None] = {}
    if bearing is not None:
        angle = bearing.from_deg
        figures |= {
            "sector": sector_code(round(angle.value / _CIRCLE * SECTORS) % SECTORS),
            "direction": angle.value,
            "low": angle.low,
            "high": angle.high,
        }
    first = next((item for item in shares if item.kind != BACKGROUND), None)
    likely = Confidence.NONE if first is None else grade(_source_probability(first, shares))
    plain, with_source = _KEYS[None if bearing is None else bearing.basis]
    if first is None or first.kind == UNNAMED or likely is Confidence.NONE:
        return plain, figures
    percent = first.percent
    figures |= {
        "source": first.kind,
        "source_likely": likely.value,
        "percent": percent.value,
        "least": percent.low,
        "most": percent.high,
    }
    return with_source, figures


def _source_probability(item: SourceShare, shares: Sequence[SourceShare]) -> float:
    """Probability that a kind is the source [1]: its share by the excess over the background."""
    excess = sum(one.percent.value for one in shares if one.kind != BACKGROUND)
    return item.percent.value / excess if excess > 0 else 0.0


def what_statement(parameter: str, event: EventSpan, peak: EventPeak, zone: ZoneInfo) -> Statement:
    """Begin, length and height of the rise."""
    usual = None
    if peak.usual is not None and peak.usual > 0 and peak.mean is not None:
        usual = detail(
            "what", "usual", ratio=peak.mean / peak.usual, usual=peak.usual, hours=peak.usual_hours, unit=peak.unit
        )
    return claim(
        "what",
        "peak",
        Confidence.HIGH,
        (usual,),
        parameter=parameter,
        since=moment_text(event.start, zone),
        hours=peak.hours,
        peak=peak.value,
        peak_at=moment_text(event.peak_at, zone),
        mean=peak.mean,
        unit=peak.unit,
    )


def kind_statements(found: KindAnswer) -> tuple[Statement, ...]:
    """Probabilities of the kinds, then the features that tell them apart, the strongest first; none without evidence."""
    if not found.has_evidence:
        return ()
    first, *others = found.shares
    # dust has the weights of haze: the evidence compares the first with the next one that has others
    second = next(item for item in others if {first.kind, item.kind} != {EventKind.HAZE, EventKind.DUST})
    summary = claim(
        "kind",
        "shares",
        grade(first.probability),
        first=first.kind.value,
        first_probability=first.probability,
        second=second.kind.value,
        second_probability=second.probability,
        prior=found.prior,
    )
    chance = _chance(found)
    if chance > max(first.probability, second.probability):
        return (claim("kind", _ordinary(found), grade(chance), probability=chance),)
    stated = [item for item in found.features if abs(item.weight) >= _LEAST_WEIGHT][:_STATED]
    return (summary, *(_feature_statement(item, first, second) for item in stated))


def _feature_statement(item: WeighedFeature, first: KindShare, second: KindShare) -> Statement:
    """Feature, and how strong its evidence is, for which of the two kinds; its weight is a figure only."""
    name = "strongly" if abs(item.weight) >= _STRONG_WEIGHT else "somewhat"
    kinds = (first, second) if item.weight > 0 else (second, first)
    strength = detail("kind", name, weight=item.weight, first=kinds[0].kind.value, second=kinds[1].kind.value)
    return claim("kind", _message(item), Confidence.MEDIUM, (strength,), **item.figures)


def _message(item: WeighedFeature) -> str:
    if item.name.startswith("regional_"):
        return "regional"
    if item.name != "companions":
        return item.name
    if item.figures.get("stations"):
        return "companions" if item.figures.get("risen") else "no_companions"
    return "companions_alone" if item.figures.get("risen") else "no_companions_alone"


def fault_statement(probability: float | None, features: Sequence[WeighedFeature]) -> Statement:
    """What indicates a fault.

    Parameters
    ----------
    probability : float or None
        Of a fault [1]; None: not known.
    features : sequence of WeighedFeature
        With their weights for a fault against the most probable other kind.
    """
    if probability is None:
        return claim("fault", "unknown", Confidence.NONE)
    found = [item for item in features if item.weight >= _LEAST_WEIGHT and item.name not in NO_SIGN][:_STATED]
    details = [ReasonData(f"case.kind.{_message(item)}", item.figures) for item in found]
    return claim("fault", "for" if found else "nothing", grade(probability), details, probability=probability)


def change_statement(changes: Sequence[Change], found: KindAnswer) -> Statement:
    """What would change the answer, by computing it again."""
    if found.kind is EventKind.UNKNOWN and _chance(found) > found.shares[0].probability:
        return claim("change", _ordinary(found), Confidence.MEDIUM)
    turning = [item for item in changes if item.kind is not found.kind]
    if turning:
        first, *others = turning
        details = [detail("change", item.what, **_change_figures(item)) for item in others]
        return claim("change", first.what, Confidence.MEDIUM, details, **_change_figures(first))
    weakest = min(changes, key=lambda item: item.probability, default=None)
    if weakest is None:
        return claim("change", "unknown", Confidence.NONE)
    return claim("change", "nothing", Confidence.MEDIUM, **_change_figures(weakest))


def _change_figures(item: Change) -> dict[str, Figure | None]:
    return {"evidence": item.feature, "kind": item.kind.value, "probability": item.probability}


def missing_statement(missing: Sequence[str]) -> Statement:
    """Data that were not there."""
    first, *others = missing or ("nothing",)
    return claim(
        "missing", first, Confidence.HIGH, [detail("missing", name) for name in others], missing=",".join(missing)
    )
