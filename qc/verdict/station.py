"""Evidence of the station's own other instruments and channels in the same hours. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from qc.robust import robust_spread
from qc.verdict.case import DEPARTS, FOLLOWS, Case
from qc.verdict.context import Indication
from qc.verdict.kin import Family, are_companions, family
from schemas.parameter import parameter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qc.verdict.channel import StationChannel
    from schemas.reason import Figure


_AGREES, _DISAGREES = 0.15, 0.3
"""Logarithm of the change of the ratio of two instruments up to which they agree, and from which they do not [1]."""
_ALIKE, _FAINT = 0.45, 0.2
"""Part of the case's own deviation from which another channel deviates with it, and below which it does not [1]."""
_CHANNELS = 6
"""Least other channels for an instrument that has one detector for all [1]."""
_CHANGED, _SAME = 0.3, 0.24
"""Least logarithm of a common factor, and the largest robust standard deviation around it, as a part of it [1]."""


def twin(case: Case) -> Indication:
    """Other instruments of the same parameter at the station, whichever network they report to.

    A constant difference between them indicates nothing; its change does.
    """
    twins = [item for item in case.series.channels if item.code == case.code]
    changes = {item: found for item in twins if (found := case.distance_change(item)) is not None}
    if not changes:
        return Indication("twin")
    closest = min(changes, key=lambda item: abs(changes[item][0]))
    change, scatter = changes[closest]
    figures = _both(case, case.level_of(closest), 1 + len(changes))
    if abs(change) > max(_DISAGREES, 4 * scatter):
        is_open = len(changes) == 1 and _is_of_the_other(case, closest)
        return Indication("twin", None if is_open else False, figures)
    is_agreeing = bool(case.sign) and abs(change) <= max(_AGREES, 2 * scatter)
    return Indication("twin", True if is_agreeing else None, figures)


def _is_of_the_other(case: Case, channel: StationChannel) -> bool:
    """Whether the other instrument deviates and the case's own does not; which of the two is right is not known."""
    other = case.raw_deviations([channel]).get(channel)
    return case.is_usual and other is not None and abs(other.z_score) >= DEPARTS


def _both(case: Case, other: float, count: int) -> dict[str, Figure]:
    known, own = parameter(case.code), case.level_of(None)
    digits = 0 if max(abs(own), abs(other)) >= 100 else known.decimals  # noqa: PLR2004
    return {
        "what": case.code,
        "count": count,
        "own": round(own, digits),
        "other": round(other, digits),
        "unit": known.unit,
    }


def companions(case: Case) -> Indication:
    """Parameters that usually rise with it, on any instrument of the station."""
    found = _Others.of(case, _companions(case))
    if not found.known or one_factor(case) is not None:
        return Indication("companions")
    if found.alike:
        return Indication("companions", is_event=True, figures={"what": ",".join([item.code for item in found.alike])})
    what = ",".join([item.code for item in found.known])
    return Indication("companions", None if found.faint else False, {"what": what})


def _companions(case: Case) -> list[StationChannel]:
    """Companions on other instruments; without any, on the same, which one fault affects too."""
    with_it = [item for item in case.series.channels if item.code != case.code and are_companions(case.code, item.code)]
    same = set(_same_instrument(case))
    others = [item for item in with_it if item not in same]
    return others if case.deviations(others) else with_it


def tracers(case: Case) -> Indication:
    """Emitted parameters of the station's other instruments: gases, particles and their components, VOC."""
    found = _Others.of(case, _other_instruments(case))
    figures: dict[str, Figure] = {"count": len(found.known)}
    if found.is_event:
        return Indication(
            "tracers", is_event=True, figures={**figures, "what": ",".join([item.code for item in found.alike])}
        )
    close = [item for item in found.known if family(item.code) is family(case.code)]
    is_alone = len(close) >= 2 and not found.faint  # noqa: PLR2004 - one may be silent by chance
    return Indication("tracers", False if is_alone else None, figures)


def co_pollutants(case: Case) -> Indication:
    """Other channels of the same instrument, unless all changed by one factor."""
    found = _Others.of(case, _same_instrument(case))
    if len(found.known) < 2 or one_factor(case) is not None:  # noqa: PLR2004 - one may be silent by chance
        return Indication("co_pollutants")
    figures: dict[str, Figure] = {"count": len(found.known)}
    if found.is_event:
        return Indication(
            "co_pollutants", is_event=True, figures={**figures, "what": ",".join([item.code for item in found.alike])}
        )
    return Indication("co_pollutants", None if found.faint else False, figures)


def mixture(case: Case) -> Indication:
    """All channels of the instrument changed by one factor, as by a fault; a source raises each by another factor."""
    found = one_factor(case)
    if found is None:
        return Indication("mixture")
    return Indication("mixture", is_event=False, figures={"count": found[0], "factor": round(found[1], 2)})


def one_factor(case: Case) -> tuple[int, float] | None:
    """Number of channels of the instrument that changed, and their common factor; None without one."""
    own = _same_instrument(case)
    is_one_detector = family(case.code) is not Family.GAS and len(own) >= _CHANNELS
    if not is_one_detector or not case.sign or case.from_usual is None:
        return None
    if _Others.of(case, _other_instruments(case)).is_event:
        return None  # one fault is of one instrument
    logs, is_against_others = case.factors(own)
    known = logs[np.isfinite(logs)]
    if len(known) < 0.7 * (len(own) + 1) or not np.isfinite(logs[0]):
        return None
    middle = float(np.median(known))
    spread = robust_spread(known)
    part = _SAME if is_against_others else 0.6 * _SAME
    is_one = abs(middle) > _CHANGED and spread <= part * abs(middle) and abs(logs[0] - middle) <= 3 * part * abs(middle)
    return (len(known), float(np.exp(middle))) if is_one else None


def fall(case: Case) -> Indication:
    """A fall: no source lowers what it emits; nitrogen monoxide lowers ozone."""
    if case.sign >= 0:
        return Indication("fall")
    if case.code == "o3":
        nitrogen = [item for item in case.series.channels if item.code in {"no", "no2", "nox"}]
        rising = [item for item, found in case.raw_deviations(nitrogen).items() if found.z_score >= FOLLOWS]
        if rising:
            return Indication("fall", is_event=True, figures={"what": rising[0].code})
        return Indication("fall")
    if family(case.code) is None or _follows(case):
        return Indication("fall")
    return Indication("fall", is_event=False)


def _follows(case: Case) -> bool:
    return any(item.z_score * case.sign >= FOLLOWS for item in case.neighbours.values())


def _related(case: Case) -> list[StationChannel]:
    """Channels of emitted parameters other than the case's own; none where that is not emitted."""
    if family(case.code) is None:
        return []
    return [item for item in case.series.channels if item.code != case.code and family(item.code) is not None]


def _same_instrument(case: Case) -> list[StationChannel]:
    own = case.series.instrument
    related = _related(case)
    return (
        related
        if own is None
        else [item for item in related if item.source == case.series.network and item.code in own.parameters]
    )


def _other_instruments(case: Case) -> list[StationChannel]:
    same = set(_same_instrument(case))
    return [item for item in _related(case) if item not in same]


class _Others(NamedTuple):
    """Other channels in the hours in which the case's channel deviates.

    Attributes
    ----------
    alike : list of StationChannel
        Those that deviate with it by about as much, the largest first.
    faint : list of StationChannel
        Those that deviate with it by less.
    known : list of StationChannel
    """

    alike: list[StationChannel]
    faint: list[StationChannel]
    known: list[StationChannel]

    @classmethod
    def of(cls, case: Case, channels: Sequence[StationChannel]) -> _Others:
        """None of them where the case's channel does not deviate."""
        if not case.sign:
            return cls([], [], [])
        found = case.deviations(channels)
        with_it = {
            item: deviation.z_score * case.sign for item, deviation in found.items() if case.follows(item, deviation)
        }
        order = sorted(with_it, key=lambda item: -with_it[item])
        alike = [item for item in order if with_it[item] >= _ALIKE * case.strength]
        return cls(alike, [item for item in order if with_it[item] >= _FAINT * case.strength], list(found))

    @property
    def is_event(self) -> bool:
        """Whether enough of them are alike: one of few, two of several, since one may be so by chance."""
        return len(self.alike) >= (2 if len(self.known) > 3 else 1)  # noqa: PLR2004
