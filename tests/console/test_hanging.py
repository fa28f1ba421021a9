"""A time-series database that takes connections and never answers: the console says so, in time, and shows what needs it not."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from console.local.process import http_answers, wait_until
from tests.console.conftest import console_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.integration
PAGES = ("/", "/stations/ln-sy-01", "/series?station=ln-sy-01&parameter=o3", "/aqi", "/", "/", "/aqi", "/aqi")


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0), backlog=128) as silent:
        settings = console_settings(tmp_path, f"http://127.0.0.1:{silent.getsockname()[1]}")
        names = ("run_dir", "influx_url", "influx_database", "state_url", "network", "console_url")
        environment = {f"SKYGROUND_{name.upper()}": str(getattr(settings, name)) for name in names}
        command = [sys.executable, "-c", "from console.cli.console import console; console(url=None)"]
        with subprocess.Popen(command, env={**os.environ, **environment}) as process:
            wait_until(lambda: http_answers(settings.console_url + "/alerts"), what="console", timeout_s=60)
            yield settings.console_url
            process.terminate()


def _timed(address: str) -> tuple[int, float, str]:
    began = time.monotonic()
    with urllib.request.urlopen(address, timeout=60) as answer:
        return answer.status, time.monotonic() - began, answer.read().decode()


def test_pages_say_that_the_database_does_not_answer_and_the_others_are_there(url: str) -> None:
    with ThreadPoolExecutor(len(PAGES) + 1) as threads:
        asked = [threads.submit(_timed, url + path) for path in PAGES]
        time.sleep(1)
        alerts = _timed(url + "/alerts")
        health = _timed(url + "/api/v1/health")
        pages = [item.result() for item in asked]
    assert alerts[0] == 200
    assert alerts[1] < 5
    report = json.loads(health[2])
    assert (report["ok"], report["influxdb"]["ok"], report["stations"]) == (False, False, [])
    assert health[1] < 5, "the health check of compose waits 5 s"
    assert [status for status, _, _ in pages] == [200] * len(PAGES)
    assert max(seconds for _, seconds, _ in pages) < 20
    for _, _, body in pages:
        assert "数据库未及时应答" in body or "时序数据库没有应答" in body
