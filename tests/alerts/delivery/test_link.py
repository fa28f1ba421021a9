"""Signed links: what they allow, and that a forged, old or altered one is refused with its reason."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.delivery.link import (
    LINK_LIFE,
    ActionLink,
    LinkAction,
    LinkError,
    LinkReason,
    action_urls,
    link_digest,
    read_link,
    sign_link,
)
from alerts.run.link_key import LinkKeyError, load_link_key
from alerts.settings import AlertSettings

KEY = b"k" * 32
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
LINK = ActionLink(case_id="20261129-1200-5a01e7", person="li-na", action=LinkAction.TAKE, expires_at=NOW + LINK_LIFE)


def refused(token: str, now: datetime = NOW, key: bytes = KEY) -> LinkReason:
    with pytest.raises(LinkError) as raised:
        read_link(token, key, now=now)
    assert raised.value.text("zh") != raised.value.text("en")
    return raised.value.reason


def test_a_link_allows_what_was_signed_until_it_expires() -> None:
    token = sign_link(LINK, KEY)
    assert read_link(token, KEY, now=NOW) == LINK
    assert refused(token, NOW + LINK_LIFE) is LinkReason.EXPIRED
    assert refused(token, key=b"x" * 32) is LinkReason.FORGED


@given(st.text(max_size=80))
def test_any_other_text_is_no_link(text: str) -> None:
    assert refused(text) is LinkReason.FORGED


@given(st.integers(0, 300), st.characters(codec="ascii"))
def test_an_altered_link_is_refused_or_is_the_same_one(at: int, character: str) -> None:
    token = sign_link(LINK, KEY)
    altered = token[: at % len(token)] + character + token[at % len(token) + 1 :]
    try:
        found = read_link(altered, KEY, now=NOW)
    except LinkError:
        return
    assert found == LINK
    assert link_digest(found, KEY) == link_digest(LINK, KEY)


def test_each_action_has_an_address_of_its_own() -> None:
    urls = action_urls("https://sky.example.org", "c1", "li-na", KEY, now=NOW)
    tokens = [parse_qs(urlsplit(url).query)["token"][0] for url in urls.values()]
    found = [read_link(token, KEY, now=NOW) for token in tokens]
    assert [item.action for item in found] == list(LinkAction)
    assert {(item.case_id, item.person, item.expires_at) for item in found} == {("c1", "li-na", NOW + LINK_LIFE)}


def own(path: Path) -> AlertSettings:
    return AlertSettings(run_dir=path, network=Path("deploy/network.example.toml"))


def test_the_key_is_made_once_for_the_owner_alone(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: load_link_key(own(tmp_path / "run")), range(16)))
    assert len(keys) == 1
    assert stat.S_IMODE((tmp_path / "run" / "link.key").stat().st_mode) == 0o600
    assert [item.name for item in (tmp_path / "run").iterdir()] == ["link.key"]


def test_a_short_key_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "link.key").write_text("short")
    with pytest.raises(LinkKeyError, match=r"has 5 bytes, expected at least 32"):
        load_link_key(own(tmp_path))


def test_two_installations_have_two_keys(tmp_path: Path) -> None:
    assert load_link_key(own(tmp_path / "a")) != load_link_key(own(tmp_path / "b"))
    assert timedelta(hours=48) == LINK_LIFE
