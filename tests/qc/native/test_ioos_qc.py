"""The tests that QARTOD defines give the flags of ioos_qc on random series; ioos_qc runs in an environment of its own.

Intended differences, each with the condition under which both agree:

* flat line: a window less than 75 % filled, or of one value, is not evaluated here; ``qartod=True`` evaluates it as ioos_qc does;
* attenuated signal: a window of the range with a missing value is evaluated here by the other values and UNKNOWN there, so the
  range is compared on whole series; ``min_obs`` there is 75 % of a full window, at least 3;
* climatology: a missing value is MISSING here, while ioos_qc 3.0 lets it pass in spite of its own comment, so whole series
  are compared;
* no value, one or two: ioos_qc raises, or flags them, so series have three values or more (`test_every_test` has the others);
* steps are whole seconds, since ioos_qc cuts them to seconds.
"""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from bench.peer import IOOS_QC, ROOT
from qc.native.test.attenuated_signal import Spread, attenuated_signal_test
from qc.native.test.climatology import Spans, climatology_test
from qc.native.test.flat_line import flat_line_test
from qc.native.test.gross_range import gross_range_test
from qc.native.test.rate_of_change import rate_of_change_test
from qc.native.test.spike import SpikeMethod, spike_test
from schemas.flag import combine
from tests.qc.peer import python_or_skip

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SERIES = 120
Call = tuple[str, str, dict[str, Any]]
Flags = np.ndarray[tuple[int], np.dtype[np.int8]]


class Case:
    """A random series with random limits: calls of ioos_qc, and our flags of the same."""

    def __init__(self, number: int) -> None:
        self.rng = rng = np.random.default_rng([31, number])
        self.name = f"s{number}"
        size = int(rng.integers(3, 300))
        step_s = int(rng.choice([1, 30, 60, 300, 3600]))
        steps = rng.choice([1, 1, 1, 2, 5], size) if number % 3 == 0 else np.ones(size, dtype=int)
        self.times = np.datetime64("2026-03-27T20:00", "s") + np.cumsum(steps * step_s) * np.timedelta64(1, "s")
        self.times = self.times.astype("datetime64[ns]")
        values = np.cumsum(rng.normal(0, 1, size)) if number % 2 else rng.integers(-3, 4, size).astype(float)
        values = np.round(values, int(rng.integers(0, 3)))
        first = int(rng.integers(0, size))
        values[first : first + int(rng.integers(0, 40))] = values[first]
        self.whole = values.copy()
        values[rng.random(size) < rng.choice([0.0, 0.05, 0.4])] = np.nan
        self.values = values
        self.step_s = float(np.median(np.diff(self.times)) / np.timedelta64(1, "s"))

    def series(self) -> dict[str, np.ndarray]:
        """Arrays of the file for ioos_qc."""
        flags = self.rng.choice(np.array([1, 2, 3, 4, 9], dtype=np.int8), (3, self.values.size))
        self.flags = flags
        return {
            f"{self.name}.values": self.values,
            f"{self.name}w.values": self.whole,
            f"{self.name}f.values": flags,
            **{f"{self.name}{kind}.times": self.times for kind in ("", "w", "f")},
        }

    def pairs(self) -> list[tuple[Call, Callable[[], Flags]]]:
        """Calls of ioos_qc and ours."""
        return [
            self._range(),
            *(self._climatology(period) for period in ("month", "hour")),
            *(self._spike(method) for method in SpikeMethod),
            self._rate(),
            self._flat(),
            *(self._attenuated(spread, window) for spread in Spread for window in (True, False)),
            ((f"{self.name}f", "aggregate", {}), lambda: combine(list(self.flags))),
        ]

    def _two(self, scale: float = 4.0) -> tuple[float, float]:
        low, high = sorted(self.rng.uniform(0.1, scale, 2).round(1))
        return float(low), float(high) + 0.1

    def _range(self) -> tuple[Call, Callable[[], Flags]]:
        near, far = self._two()
        arguments = {"fail_span": [-far, far], "suspect_span": [-near, near]}
        return (self.name, "gross_range", arguments), lambda: gross_range_test(self.values, (-far, far), (-near, near))

    def _climatology(self, period: str) -> tuple[Call, Callable[[], Flags]]:
        cells = range(1, 13) if period == "month" else range(24)
        wide = self.rng.uniform(0.5, 4, len(cells)).round(1)
        config = [
            {"tspan": [cell, cell], "vspan": [-span, span], "fspan": [-5.0, 5.0], "period": period}
            for cell, span in zip(cells, wide.tolist(), strict=True)
        ]
        rows = [[span] for span in wide] if period == "month" else [list(wide)] * 12
        spans = Spans.of_months([[-one for one in row] for row in rows], rows)
        index = pd.DatetimeIndex(self.times)
        months, hours = index.month.to_numpy(dtype=np.int64), index.hour.to_numpy(dtype=np.int64)
        return (f"{self.name}w", "climatology", {"config": config}), lambda: climatology_test(
            self.whole, months, hours, spans, fail_span=(-5.0, 5.0)
        )

    def _spike(self, method: SpikeMethod) -> tuple[Call, Callable[[], Flags]]:
        suspect, fail = self._two()
        arguments = {"suspect_threshold": suspect, "fail_threshold": fail, "method": method.value}
        return (self.name, "spike", arguments), lambda: spike_test(self.values, suspect, fail=fail, method=method)

    def _rate(self) -> tuple[Call, Callable[[], Flags]]:
        suspect, fail = (limit / self.step_s for limit in self._two())
        return (self.name, "rate_of_change", {"threshold": suspect, "fail_threshold": fail}), (
            lambda: rate_of_change_test(self.values, self.times, suspect, fail_per_s=fail)
        )

    def _flat(self) -> tuple[Call, Callable[[], Flags]]:
        suspect, fail = (int(self.step_s * count) for count in sorted(self.rng.integers(1, 30, 2).tolist()))
        tolerance = float(self.rng.choice([0.01, 0.5, 2.0]))
        arguments = {"suspect_threshold": suspect, "fail_threshold": fail, "tolerance": tolerance}
        return (self.name, "flat_line", arguments), lambda: flat_line_test(
            self.values, self.times, suspect, tolerance=tolerance, fail_s=fail, qartod=True
        )

    def _attenuated(self, spread: Spread, window: bool) -> tuple[Call, Callable[[], Flags]]:  # noqa: FBT001
        fail, suspect = self._two(2.0)
        is_whole = spread is Spread.RANGE or np.isfinite(self.values).sum() < 3
        values, name = (self.whole, f"{self.name}w") if is_whole else (self.values, self.name)
        arguments: dict[str, Any] = {"suspect_threshold": suspect, "fail_threshold": fail, "check_type": spread.value}
        window_s = None
        if window:
            count = int(self.rng.integers(2, 30))
            window_s = self.step_s * count
            arguments |= {"test_period": int(window_s), "min_obs": max(3, int(np.ceil(0.75 * count)))}
        return (name, "attenuated_signal", arguments), lambda: attenuated_signal_test(
            values, self.times, suspect, window_s=window_s, fail=fail, spread=spread
        )


@pytest.fixture(scope="session")
def ioos_qc() -> Path:
    return python_or_skip("ioos_qc", *IOOS_QC)


@pytest.mark.slow
def test_flags_are_those_of_ioos_qc(ioos_qc: Path, tmp_path: Path) -> None:
    cases = [Case(number) for number in range(SERIES)]
    series = {key: array for case in cases for key, array in case.series().items()}
    pairs = [pair for case in cases for pair in case.pairs()]
    np.savez(tmp_path / "cases.npz", calls=np.array(json.dumps([call for call, _ in pairs])), **series)
    script = ROOT / "bench" / "qc" / "station_year_ioos.py"
    subprocess.run([ioos_qc, script, "flags", tmp_path / "cases.npz", tmp_path / "flags.npz"], check=True)
    theirs = np.load(tmp_path / "flags.npz")
    differing = [
        f"{call}\ntheirs {theirs[f'{position:05d}'].tolist()}\nours   {ours.tolist()}"
        for position, (call, run) in enumerate(pairs)
        if not np.array_equal(theirs[f"{position:05d}"], ours := run())
    ]
    assert len(pairs) == 12 * SERIES
    assert not differing, f"{len(differing)} of {len(pairs)} calls differ, the first: {differing[0]}"


def test_flags_differ_where_documented(ioos_qc: Path, tmp_path: Path) -> None:
    times = np.datetime64("2026-01-01", "ns") + np.arange(6) * np.timedelta64(60, "s")
    values = np.array([1.0, np.nan, np.nan, np.nan, np.nan, 2.0])
    calls = [("s", "flat_line", {"suspect_threshold": 180, "fail_threshold": 180, "tolerance": 0.5})]
    np.savez(tmp_path / "cases.npz", calls=np.array(json.dumps(calls)), **{"s.values": values, "s.times": times})
    script = ROOT / "bench" / "qc" / "station_year_ioos.py"
    subprocess.run([ioos_qc, script, "flags", tmp_path / "cases.npz", tmp_path / "flags.npz"], check=True)
    assert np.load(tmp_path / "flags.npz")["00000"][-1] == 4
    assert flat_line_test(values, times, 180, tolerance=0.5, fail_s=180)[-1] == 1
    assert flat_line_test(values, times, 180, tolerance=0.5, fail_s=180, qartod=True)[-1] == 4
