from __future__ import annotations

from qc.native.test.regime import regime_test
from tests.qc.native.series import minutes, noise, suspects


def test_new_regime_is_suspect_once_the_whole_window_is_outside() -> None:
    values = noise(600)
    values[400:] += 30
    flags = regime_test(values, minutes(600), 20, window_s=3600, reference_s=18000)
    assert suspects(flags)[0] == 459
    assert 3 not in regime_test(values, minutes(600), 40, window_s=3600, reference_s=18000)
