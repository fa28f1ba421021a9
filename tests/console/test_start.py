"""What the console imports at its start."""

from __future__ import annotations

import subprocess
import sys

SLOW = {"scipy", "sklearn", "lightgbm", "matplotlib", "statsmodels", "weasyprint", "xarray"}


def test_the_console_starts_without_what_only_reports_and_models_need() -> None:
    script = "import console.web.app, sys; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    found = set(done.stdout.split())
    assert "nicegui" in found
    assert not found & SLOW
