"""What a limit states, and the limits of the native tests of shape, level, digits and times (`qc.limits.thresholds` reads them)."""

from __future__ import annotations

import math
from typing import Annotated

import msgspec
from msgspec import Meta

from qc.limits.drift import DriftRule, DriftScale
from schemas.message import NetworkCode
from schemas.parameter import ParameterGroup

MONTHS, HOURS = 12, 24
Positive = Annotated[float, Meta(gt=0)]
Month = Annotated[int, Meta(ge=1, le=12)]


class BaseLimit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="test"):
    """What every limit states.

    Attributes
    ----------
    unit : str
        Canonical unit of all its parameters; stated so that a reader cannot mistake the figures.
    source : str
    verified : bool
        Whether the source's own text was read.
    parameters : tuple of str
    groups : tuple of ParameterGroup
    network : NetworkCode or None
    station : str or None
    months : tuple of int
        Civil months, 1 to 12; empty is all.
    """

    unit: str
    source: Annotated[str, Meta(min_length=3)]
    verified: bool
    parameters: tuple[str, ...] = ()
    groups: tuple[ParameterGroup, ...] = ()
    network: NetworkCode | None = None
    station: str | None = None
    months: tuple[Month, ...] = ()

    @property
    def look_back_s(self) -> float:
        """Time before a native value that the test must see to judge it [s]; 0 for hourly tests and single intervals."""
        return 0.0

    def mistake(self) -> str | None:
        """What is wrong with figures that are right each by itself; None: nothing."""
        return None

    def without_meaning(self) -> str | None:
        """What of the limit has no meaning for a direction, whose zero is as good as any other; None: nothing."""
        if getattr(self, "relative", 0.0) or getattr(self, "above", None) is not None:
            return "relative, above: a direction has no zero to be measured from, expected neither"
        return None

    def not_finite(self) -> str | None:
        """Name of the first figure that is no finite number; None: all are."""
        return next((name for name in self.__struct_fields__ if not _is_finite(getattr(self, name))), None)


def _is_finite(value: object) -> bool:
    if isinstance(value, tuple):
        return all(map(_is_finite, value))
    return not isinstance(value, float) or math.isfinite(value)


class Climatology(BaseLimit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="climatology"):
    """Plausible span by civil month and hour of the day: twelve entries, January first, or one for all months.

    An entry is one figure for all hours, or 24 of them; ``nan``: not evaluated.

    Attributes
    ----------
    low, high : tuple
        Empty: no bound on that side.
    """

    low: tuple[float | tuple[float, ...], ...] = ()
    high: tuple[float | tuple[float, ...], ...] = ()

    def rows(self, name: str) -> tuple[tuple[float, ...], ...]:
        """Twelve rows of ``low`` or ``high``, of one figure or of 24 each; empty: no bound."""
        given: tuple[float | tuple[float, ...], ...] = getattr(self, name)
        rows = tuple(row if isinstance(row, tuple) else (float(row),) for row in given)
        return rows * MONTHS if len(rows) == 1 else rows

    def mistake(self) -> str | None:
        """See `BaseLimit`."""
        low, high = self.rows("low"), self.rows("high")
        if not low and not high:
            return "expected low or high"
        for side, rows in (("low", low), ("high", high)):
            if rows and (len(rows) != MONTHS or any(len(row) not in {1, HOURS} for row in rows)):
                return f"{side}: expected {MONTHS} entries, or one, each of one figure or of {HOURS}"
        for month, (below, above) in enumerate(zip(low, high, strict=False), start=1):
            if any(low_ >= high_ for low_, high_ in zip(_by_hour(below), _by_hour(above), strict=True)):
                return f"expected low < high in month {month}"
        return None

    def not_finite(self) -> str | None:
        """None: ``nan`` is not evaluated and ``inf`` no bound."""
        return None


def _by_hour(row: tuple[float, ...]) -> tuple[float, ...]:
    return row * (HOURS // len(row))


class DetectionLimit(BaseLimit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="detection_limit"):
    """Detection limit; negative values down to minus it are kept unless nearly all within ``persistent_s`` are negative."""

    limit: Positive
    persistent_s: Positive | None = None

    @property
    def look_back_s(self) -> float:
        """See `BaseLimit`."""
        return self.persistent_s or 0.0

    def without_meaning(self) -> str | None:
        """See `BaseLimit`."""
        return "a direction has no detection limit"


class SpikeBurst(BaseLimit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="spike_burst"):
    """Distance of 1 to ``points`` values in a row from the median around them; see `qc.native.shape.spike_burst_test`."""

    suspect: Positive
    points: Annotated[int, Meta(ge=1, le=10)] = 3
    deviations: Positive = 8.0
    relative: Annotated[float, Meta(ge=0)] = 0.0


class AttenuatedSignal(BaseLimit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="attenuated_signal"):
    """Least standard deviation within ``window_s``; values at or below ``above`` are not judged."""

    suspect: Positive
    window_s: Positive
    above: float | None = None

    @property
    def look_back_s(self) -> float:
        """See `BaseLimit`."""
        return self.window_s


class Step(BaseLimit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="step"):
    """Difference of the medians within ``window_s`` before and after; a run reads no more than an hour ahead."""

    suspect: Positive
    window_s: Annotated[float, Meta(gt=0, le=3600)]
    abrupt: Annotated[float, Meta(gt=0, le=1)] = 0.7
    deviations: Positive = 8.0

    @property
    def look_back_s(self) -> float:
        """See `BaseLimit`."""
        return self.window_s


class _AgainstReference(BaseLimit, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A window is compared with the reference before it; both lengths in seconds."""

    window_s: Positive
    reference_s: Positive

    @property
    def look_back_s(self) -> float:
        """See `BaseLimit`."""
        return self.window_s + self.reference_s


class VarianceChange(_AgainstReference, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="variance_change"):
    """Noise above ``ratio`` times that of the reference, or below its inverse; both raised to ``floor`` first."""

    ratio: Annotated[float, Meta(gt=1)]
    floor: Positive


class Regime(_AgainstReference, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="regime"):
    """Distance by which a whole window lies outside the range of the reference."""

    suspect: Positive


class Resolution(BaseLimit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="resolution"):
    """Quantum of which all values within ``window_s`` are multiples while they change at least ``changes`` times."""

    quantum: Positive
    window_s: Positive
    changes: Annotated[int, Meta(ge=5)] = 20

    @property
    def look_back_s(self) -> float:
        """See `BaseLimit`."""
        return self.window_s


class Rollover(BaseLimit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="rollover"):
    """Ranges after which a counter begins anew, and how much the true value may change meanwhile."""

    moduli: Annotated[tuple[Positive, ...], Meta(min_length=1)]
    margin: Positive

    def mistake(self) -> str | None:
        """See `BaseLimit`."""
        return (
            f"moduli: expected each above twice the margin {self.margin}"
            if min(self.moduli) <= 2 * self.margin
            else None
        )

    def without_meaning(self) -> str | None:
        """See `BaseLimit`."""
        return "a direction begins anew at every turn"


class Isolated(BaseLimit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="isolated"):
    """Groups of values lasting up to ``longest_s`` between gaps above ``gap_s``; a run reads no more than an hour ahead."""

    gap_s: Annotated[float, Meta(gt=0, le=3600)]
    longest_s: Positive


class DriftLimit(BaseLimit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="drift"):
    """Distance of a day's median comparison with other stations from that of the first ``baseline_days``; see `qc.hourly.drift.drift`.

    Attributes
    ----------
    suspect : float
        In the unit of the parameter, or [1] for the log ratio.
    scale : DriftScale
    floor : float
        For the log ratio: hours at or below are left out.
    stations : int
        Fewest other stations that must have an hour.
    days : int
        Length of the record that is judged [d].
    """

    suspect: Positive
    scale: DriftScale = DriftScale.LOG_RATIO
    floor: Positive = 1.0
    stations: Annotated[int, Meta(ge=1)] = 3
    days: Annotated[int, Meta(ge=7, le=120)] = 30
    baseline_days: Annotated[int, Meta(ge=1)] = 5
    least_hours: Annotated[int, Meta(ge=1, le=24)] = 12

    def without_meaning(self) -> str | None:
        """See `BaseLimit`."""
        return None if self.scale is DriftScale.DIFFERENCE else 'scale: expected "difference" for a direction'

    @property
    def rule(self) -> DriftRule:
        """How a series is judged."""
        return DriftRule(
            suspect=self.suspect,
            scale=self.scale,
            floor=self.floor,
            baseline_blocks=self.baseline_days,
            least=self.least_hours,
        )
