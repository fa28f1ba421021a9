"""Cases, actions and mutes over HTTP."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.console.conftest import TOKEN

if TYPE_CHECKING:
    from tests.console.conftest import Running

pytestmark = pytest.mark.integration


def call(
    running: Running, path: str, body: object = None, *, method: str | None = None, token: str | None = None
) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{running.url}/api/v1/{path}", data=data, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def test_a_case_is_answered_with_its_alerts_steps_and_who_was_notified(running: Running) -> None:
    _, listed = call(running, "cases?audience=duty")
    assert (listed["limit"], listed["next"]) == (200, None)
    (short,) = listed["cases"]
    _, whole = call(running, f"cases/{running.case_id}")
    assert short["alerts"] == whole["alerts"]
    assert (short["id"], whole["alerts"][0]["extreme"], whole["steps"][0]["kind"]) == (running.case_id, 231.4, "opened")
    assert [(item["recipient"], item["state"]) for item in whole["notices"]] == [("duty@localhost", "pending")]
    assert call(running, "cases?state=merged")[1]["cases"] == []
    assert call(running, "cases?from=2020-01-01&to=2020-02-01")[1]["cases"] == []


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("cases?state=shut", "state"),
        ("cases?audience=all", "audience"),
        ("cases?limit=201", "limit"),
        ("cases?offset=-1", "offset"),
        ("cases?station=ln-sy-01", "station"),
        ("cases?from=2027-01-01&to=2026-01-01", "to"),
    ],
)
def test_a_wrong_word_is_named(running: Running, path: str, parameter: str) -> None:
    status, found = call(running, path)
    assert (status, found["parameter"]) == (400, parameter)


def test_without_the_token_nothing_changes(running: Running) -> None:
    before = call(running, f"cases/{running.case_id}")[1]["version"]
    for token in (None, "", "another", TOKEN[:-1]):
        status, found = call(running, f"cases/{running.case_id}/actions", {"action": "take", "by": "x"}, token=token)
        assert (status, found["title"]) == (401, "Token needed")
    assert call(running, "mutes", {}, token="another")[0] == 401
    assert call(running, "mutes/1", method="DELETE")[0] == 401
    assert call(running, f"cases/{running.case_id}")[1]["version"] == before


def test_an_action_is_the_next_step_and_one_that_is_not_allowed_says_why(running: Running) -> None:
    path = f"cases/{running.case_id}/actions"
    status, after = call(running, path, {"action": "comment", "by": "api", "text": "seen"}, token=TOKEN)
    assert (status, after["steps"][-1]["figures"], after["steps"][-1]["by"]) == (
        200,
        {"text": "seen", "via": "api"},
        "api",
    )
    status, found = call(running, path, {"action": "unmute", "by": "api"}, token=TOKEN)
    assert (status, found["reason"]) == (409, "not_muted")
    assert call(running, "cases/nowhere/actions", {"action": "take", "by": "x"}, token=TOKEN)[0] == 404


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        ([], "body"),
        ({"action": "explode", "by": "x"}, "body"),
        ({"action": "take"}, "body"),
        ({"action": "take", "by": " "}, "by"),
        ({"action": "assign", "by": "x"}, "to"),
        ({"action": "comment", "by": "x"}, "text"),
        ({"action": "comment", "by": "x", "text": "y" * 2001}, "text"),
        ({"action": "resolve", "by": "x"}, "cause"),
        ({"action": "mute", "by": "x"}, "until"),
        ({"action": "mute", "by": "x", "until": "2020-01-01T00:00:00Z"}, "until"),
        ({"action": "mute", "by": "x", "until": "2099-01-01T00:00:00"}, "until"),
        ({"action": "mute", "by": "x", "until": "2099-01-01T00:00:00Z"}, "until"),
    ],
)
def test_a_wrong_action_names_its_field(running: Running, body: object, parameter: str) -> None:
    status, found = call(running, f"cases/{running.case_id}/actions", body, token=TOKEN)
    assert (status, found["parameter"]) == (400, parameter)


def test_a_mute_is_stored_listed_and_ended(running: Running) -> None:
    end = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    mute = {"matcher": {"stations": ["ln-dl-*"]}, "end": end, "by": "api", "reason": "new logger"}
    status, made = call(running, "mutes", mute, token=TOKEN)
    assert (status, made["is_active"], made["matcher"]["stations"]) == (200, True, ["ln-dl-*"])
    assert made["id"] in {item["id"] for item in call(running, "mutes")[1]["mutes"]}
    _, left = call(running, f"mutes/{made['id']}", method="DELETE", token=TOKEN)
    assert [item["is_active"] for item in left["mutes"] if item["id"] == made["id"]] == [False]
    assert call(running, f"mutes/{made['id']}", method="DELETE", token=TOKEN)[0] == 404


@pytest.mark.parametrize(
    ("change", "parameter"),
    [
        ({"matcher": {}}, "matcher"),
        ({"matcher": {"stations": [" "]}}, "matcher"),
        ({"matcher": {"station": ["a"]}}, "body"),
        ({"reason": ""}, "reason"),
        ({"end": "2020-01-01T00:00:00Z"}, "end"),
        ({"end": "2099-01-01T00:00:00Z"}, "end"),
        ({"start": "2026-01-01T00:00:00"}, "start"),
    ],
)
def test_a_wrong_mute_names_its_field(running: Running, change: dict[str, object], parameter: str) -> None:
    end = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    mute = {"matcher": {"stations": ["a"]}, "end": end, "by": "api", "reason": "r"} | change
    status, found = call(running, "mutes", mute, token=TOKEN)
    assert (status, found["parameter"]) == (400, parameter)


def test_former_addresses_of_case_files_lead_on(running: Running) -> None:
    (listed,) = call(running, "case-files?station=ln-sy-01")[1]["cases"]
    assert call(running, f"cases/{listed['key']}")[1]["key"] == listed["key"]
    with urllib.request.urlopen(f"{running.url}/cases/{listed['key']}", timeout=20) as page:
        assert page.url == f"{running.url}/case-files/{listed['key']}"
