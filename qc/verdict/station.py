"""Evidence of the station's own other instruments and channels in the same hours. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from qc.verdict.case import DEPARTS, FOLLOWS, Channel, Context, Finding, Words, named
from qc.verdict.kin import Family, are_companions, family
from qc.wording import figure
from schemas.parameter import parameter

if TYPE_CHECKING:
    from collections.abc import Sequence


_AGREES, _DISAGREES = 0.15, 0.3
"""Logarithm of the change of the ratio of two instruments up to which they agree, and from which they do not [1]."""
_ALIKE, _FAINT = 0.45, 0.2
"""Part of the case's own deviations by which another channel departs with it, and below which it does not [1]."""
_CHANNELS = 6
"""Other channels from which an instrument counts as one detector for all [1]."""
_CHANGED, _SAME = 0.3, 0.24
"""Logarithm of a factor worth naming, and the robust standard deviation around it, as a part of it, of one fault of all [1]."""


def twin(context: Context) -> Finding:
    """Other instruments of the same parameter at the station, whichever network they report to.

    A steady difference between them says nothing: what counts is its change.
    """
    twins = [item for item in context.channels if item.code == context.code]
    changes = {item: found for item in twins if (found := context.distance_change(item)) is not None}
    if not changes:
        return Finding("twin")
    closest = min(changes, key=lambda item: abs(changes[item][0]))
    change, scatter = changes[closest]
    figures = _both(context, context.level_of(closest), 1 + len(changes))
    if abs(change) > max(_DISAGREES, 4 * scatter):
        is_open = len(changes) == 1 and _is_of_the_other(context, closest)
        return Finding("twin", None if is_open else False, figures)
    is_agreeing = bool(context.sign) and abs(change) <= max(_AGREES, 2 * scatter)
    return Finding("twin", True if is_agreeing else None, figures)


def _is_of_the_other(context: Context, channel: Channel) -> bool:
    """Whether the other instrument left its usual level and the case's own did not: of two, nobody can say which is right."""
    other = context.raw_departures([channel]).get(channel)
    return context.is_at_home and other is not None and abs(other.deviations) >= DEPARTS


def _both(context: Context, other: float, count: int) -> dict[str, str | Words]:
    known, own = parameter(context.code), context.level_of(None)
    digits = 0 if max(abs(own), abs(other)) >= 100 else known.decimals  # noqa: PLR2004
    return {
        "what": named([context.code]),
        "count": Words("two", "两") if count == 2 else str(count),  # noqa: PLR2004
        "own": figure(round(own, digits)),
        "other": figure(round(other, digits)),
        "unit": _unit(known.unit),
    }


def _unit(unit: str) -> str:
    return unit.replace("ug/", "µg/").replace("m3", "m³").replace("m2", "m²")


def companions(context: Context) -> Finding:
    """What rises with it as a rule, on whichever instrument of the station."""
    found = _Others.of(context, _companions(context))
    if not found.known or one_factor(context) is not None:
        return Finding("companions")
    if found.alike:
        return Finding("companions", is_event=True, figures={"what": named([item.code for item in found.alike])})
    what = named([item.code for item in found.known])
    return Finding("companions", None if found.faint else False, {"what": what})


def _companions(context: Context) -> list[Channel]:
    """Those on other instruments; where none is there, on the same, which one fault of it moves too."""
    with_it = [
        item for item in context.channels if item.code != context.code and are_companions(context.code, item.code)
    ]
    same = set(_same_instrument(context))
    others = [item for item in with_it if item not in same]
    return others if context.departures(others) else with_it


def tracers(context: Context) -> Finding:
    """What the station's other instruments measure of sources: gases, particles and their components, VOC."""
    found = _Others.of(context, _other_instruments(context))
    figures: dict[str, str | Words] = {"count": str(len(found.known))}
    if found.is_event:
        return Finding(
            "tracers", is_event=True, figures={**figures, "what": named([item.code for item in found.alike])}
        )
    close = [item for item in found.known if family(item.code) is family(context.code)]
    is_alone = len(close) >= 2 and not found.faint  # noqa: PLR2004 - one may be silent by chance
    return Finding("tracers", False if is_alone else None, figures)


def co_pollutants(context: Context) -> Finding:
    """Other channels of the same instrument, unless all changed by one factor."""
    found = _Others.of(context, _same_instrument(context))
    if len(found.known) < 2 or one_factor(context) is not None:  # noqa: PLR2004 - one may be silent by chance
        return Finding("co_pollutants")
    figures: dict[str, str | Words] = {"count": str(len(found.known))}
    if found.is_event:
        return Finding(
            "co_pollutants", is_event=True, figures={**figures, "what": named([item.code for item in found.alike])}
        )
    return Finding("co_pollutants", None if found.faint else False, figures)


def mixture(context: Context) -> Finding:
    """All channels of the instrument changed by one factor, as by one fault of it; a source raises each by its own."""
    found = one_factor(context)
    if found is None:
        return Finding("mixture")
    return Finding("mixture", is_event=False, figures={"count": str(found[0]), "factor": figure(round(found[1], 2))})


def one_factor(context: Context) -> tuple[int, float] | None:
    """How many channels of the instrument changed, and the factor, where it is the same for all; else None."""
    own = _same_instrument(context)
    is_one_detector = family(context.code) is not Family.GAS and len(own) >= _CHANNELS
    if not is_one_detector or not context.sign or context.moved is None:
        return None
    if _Others.of(context, _other_instruments(context)).is_event:
        return None  # one fault is of one instrument
    logs, is_against_others = context.factors(own)
    known = logs[np.isfinite(logs)]
    if len(known) < 0.7 * (len(own) + 1) or not np.isfinite(logs[0]):
        return None
    middle = float(np.median(known))
    spread = 1.4826 * float(np.median(np.abs(known - middle)))
    part = _SAME if is_against_others else 0.6 * _SAME
    is_one = abs(middle) > _CHANGED and spread <= part * abs(middle) and abs(logs[0] - middle) <= 3 * part * abs(middle)
    return (len(known), float(np.exp(middle))) if is_one else None


def fall(context: Context) -> Finding:
    """A fall: no source lowers what it emits; nitrogen monoxide lowers ozone."""
    if context.sign >= 0:
        return Finding("fall")
    if context.code == "o3":
        nitrogen = [item for item in context.channels if item.code in {"no", "no2", "nox"}]
        rising = [item for item, found in context.raw_departures(nitrogen).items() if found.deviations >= FOLLOWS]
        if rising:
            return Finding("fall", is_event=True, figures={"what": named([rising[0].code])})
        return Finding("fall")
    if family(context.code) is None or _follows(context):
        return Finding("fall")
    return Finding("fall", is_event=False)


def _follows(context: Context) -> bool:
    return any(item.deviations * context.sign >= FOLLOWS for item in context.neighbours.values())


def _related(context: Context) -> list[Channel]:
    """Channels of what sources emit, other than the parameter itself; none where the parameter is not emitted."""
    if family(context.code) is None:
        return []
    return [item for item in context.channels if item.code != context.code and family(item.code) is not None]


def _same_instrument(context: Context) -> list[Channel]:
    own = context.instrument
    related = _related(context)
    return (
        related
        if own is None
        else [item for item in related if item.source == context.network and item.code in own.parameters]
    )


def _other_instruments(context: Context) -> list[Channel]:
    same = set(_same_instrument(context))
    return [item for item in _related(context) if item not in same]


class _Others(NamedTuple):
    """Other channels in the hours in which the case's channel departs.

    Attributes
    ----------
    alike : list of Channel
        Those that depart with it by about as much, the furthest first.
    faint : list of Channel
        Those that depart with it, if by less.
    known : list of Channel
    """

    alike: list[Channel]
    faint: list[Channel]
    known: list[Channel]

    @classmethod
    def of(cls, context: Context, channels: Sequence[Channel]) -> _Others:
        """None of them where the case's channel does not depart."""
        if not context.sign:
            return cls([], [], [])
        found = context.departures(channels)
        with_it = {
            item: moved.deviations * context.sign for item, moved in found.items() if context.follows(item, moved)
        }
        order = sorted(with_it, key=lambda item: -with_it[item])
        alike = [item for item in order if with_it[item] >= _ALIKE * context.strength]
        return cls(alike, [item for item in order if with_it[item] >= _FAINT * context.strength], list(found))

    @property
    def is_event(self) -> bool:
        """Whether enough of them are alike: one of few, two of several, since one may be so by chance."""
        return len(self.alike) >= (2 if len(self.known) > 3 else 1)  # noqa: PLR2004
