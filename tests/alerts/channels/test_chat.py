"""Other channels than mail against a real HTTP server on loopback."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from alerts.channels.chat import ChatError, _client, send_chat, url_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRET = "a1b2c3d4-0000-1111-2222-333344445555"
SERVICES = {
    "wecombot": f"wecombot://{SECRET}/",
    "feishu": f"feishu://{SECRET}/",
    "dingtalk": "dingtalk://a1b2c3d4e5f6/",
}


class Received:
    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.status = 200
        self.answer = b'{"errcode": 0, "code": 0}'


@contextmanager
def web_server() -> Iterator[tuple[str, Received]]:
    received = Received()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.bodies.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(received.status)
            self.send_header("content-length", str(len(received.answer)))
            self.end_headers()
            self.wfile.write(received.answer)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}", received
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def web() -> Iterator[tuple[str, Received]]:
    with web_server() as found:
        yield found


def test_a_webhook_gets_the_text(web: tuple[str, Received], monkeypatch: pytest.MonkeyPatch) -> None:
    address, received = web
    monkeypatch.setenv("HOOK", f"json://{address}/{SECRET}")
    send_chat("env:HOOK", title="", text="PM2.5 161 µg/m³\n沈阳一号")
    (body,) = map(json.loads, received.bodies)
    assert body["message"] == "PM2.5 161 µg/m³\n沈阳一号"


@pytest.mark.parametrize("service", SERVICES)
def test_robots_get_the_text_as_it_is(
    web: tuple[str, Received], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, service: str
) -> None:
    _client("json://127.0.0.1")
    from apprise.plugins.dingtalk import NotifyDingTalk
    from apprise.plugins.feishu import NotifyFeishu
    from apprise.plugins.wecombot import NotifyWeComBot

    address, received = web
    for plugin in (NotifyDingTalk, NotifyFeishu, NotifyWeComBot):
        monkeypatch.setattr(plugin, "notify_url", f"http://{address}/robot")
    (tmp_path / "url").write_text(SERVICES[service] + "\n")
    send_chat(f"file:{tmp_path / 'url'}", title="", text="[严重] 沈阳一号 PM2.5 161")
    (body,) = received.bodies
    assert "[严重] 沈阳一号 PM2.5 161" in json.dumps(json.loads(body), ensure_ascii=False)


def test_a_refusal_is_tried_again_and_shows_no_secret(
    web: tuple[str, Received], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, received = web
    received.status = 500
    monkeypatch.setenv("HOOK", f"json://{address}/{SECRET}")
    with pytest.raises(ChatError) as raised:
        send_chat("env:HOOK", title="", text="x")
    assert not raised.value.permanent
    assert "500" in str(raised.value)
    assert SECRET not in str(raised.value)


def test_a_url_that_apprise_does_not_know_is_refused_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK", f"nonsense://{SECRET}")
    with pytest.raises(ChatError, match=r"^env:HOOK: not a URL that Apprise knows \(scheme 'nonsense'\)$") as raised:
        send_chat("env:HOOK", title="", text="x")
    assert raised.value.permanent


@pytest.mark.parametrize("reference", ["env:ABSENT_HOOK", "file:/absent/hook"])
def test_a_reference_without_a_url_may_get_one(reference: str) -> None:
    with pytest.raises(ChatError, match=r"not set|cannot be read") as raised:
        url_of(reference)
    assert not raised.value.permanent
