"""The schemes of official warning levels, from ``warning_levels.toml``: each figure with its source and status."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

Days = Annotated[int, Meta(ge=1, le=30)]
Hours = Annotated[int, Meta(ge=1, le=720)]
Text = Annotated[str, Meta(min_length=1)]


class WarningLevel(StrEnum):
    """Official levels, ascending."""

    NONE = "none"
    YELLOW = "yellow"
    ORANGE = "orange"
    RED = "red"

    @property
    def rank(self) -> int:
        """0 without a warning, 3 for red."""
        return list(WarningLevel).index(self)


class SourceStatus(StrEnum):
    """How well a figure is known."""

    VERIFIED_PRIMARY = "verified_primary"
    VERIFIED_MULTI_SECONDARY = "verified_multi_secondary"
    SINGLE_SOURCE = "single_source"
    NOT_VERIFIED = "not_verified"


class LevelCondition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One way to reach a level: the daily AQI above a value on consecutive days, and above a second one on some of them.

    Attributes
    ----------
    level : WarningLevel
    above, days : int
        AQI of 24 h above this on so many consecutive 24 h [1, d].
    and_above, and_days : int
        Within them also above this on so many consecutive 24 h; 0: no second part.
    """

    level: WarningLevel
    above: Annotated[int, Meta(ge=50, le=500)]
    days: Days
    and_above: Annotated[int, Meta(ge=0, le=500)] = 0
    and_days: Annotated[int, Meta(ge=0, le=30)] = 0


class Scheme(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Conditions in force from a day on."""

    name: Text
    since: date
    source: Text
    status: SourceStatus
    condition: tuple[LevelCondition, ...]


class WarningRelease(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When an episode is over, and which episodes are one [h]."""

    below_h: Hours
    join_gap_h: Hours
    source: Text
    status: SourceStatus


class DustRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """PM2.5 to PM10 below which PM10 is dust [1]."""

    pm_ratio: Annotated[float, Meta(ge=0, le=1)]
    source: Text
    status: SourceStatus


class OzoneNotice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Source of the rule that O3 has health notices only."""

    source: Text
    status: SourceStatus


class WarningHysteresis(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What keeps a level that is due while the forecast moves around its condition.

    Attributes
    ----------
    margin : int
        A level stays due while it would be with conditions that are lower by this [1]; 0: none.
    hold_h : int
        And until the lowered conditions were not fulfilled by the evaluations of so long [h]; 0: it ends at once.
    """

    margin: Annotated[int, Meta(ge=0, le=50)]
    hold_h: Annotated[int, Meta(ge=0, le=72)]
    source: Text
    status: SourceStatus


class WarningRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All figures of the file."""

    release: WarningRelease
    hysteresis: WarningHysteresis
    dust: DustRule
    ozone: OzoneNotice
    scheme: tuple[Scheme, ...]

    def on(self, day: date) -> Scheme | None:
        """Scheme in force on a civil day; None before the first.

        Examples
        --------
        >>> from datetime import date
        >>> rules = warning_rules()
        >>> rules.on(date(2024, 1, 22)).name, rules.on(date(2024, 1, 23)).name, rules.on(date(2017, 1, 1))
        ('2018', '2024', None)
        """
        in_force = [item for item in self.scheme if item.since <= day]
        return max(in_force, key=lambda item: item.since, default=None)

    def lowered(self) -> WarningRules:
        """The conditions that keep a level: those of the schemes less the margin.

        Examples
        --------
        >>> rules = warning_rules()
        >>> rules.scheme[0].condition[0].above - rules.lowered().scheme[0].condition[0].above == rules.hysteresis.margin
        True
        """
        schemes = tuple(
            msgspec.structs.replace(
                scheme, condition=tuple(_lowered(item, self.hysteresis.margin) for item in scheme.condition)
            )
            for scheme in self.scheme
        )
        return msgspec.structs.replace(self, scheme=schemes)


def _lowered(condition: LevelCondition, margin: int) -> LevelCondition:
    second = max(condition.and_above - margin, 0)
    return msgspec.structs.replace(condition, above=condition.above - margin, and_above=second)


@cache
def warning_rules() -> WarningRules:
    """The figures of ``warning_levels.toml``; raises `msgspec.ValidationError` where the file is wrong."""
    return parse_warning_rules(Path(__file__).with_name("warning_levels.toml").read_text(encoding="utf-8"))


def parse_warning_rules(text: str) -> WarningRules:
    """Figures of another file of the same shape (a city's own plan)."""
    return msgspec.toml.decode(text.encode(), type=WarningRules)
