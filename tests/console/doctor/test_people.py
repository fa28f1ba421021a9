from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.mail.frame import case_message, digest
from console.doctor.people import check_people, check_templates
from console.local.settings import LocalSettings
from tests.alerts.people.build import DAY_NIGHT, text_of

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from console.doctor.diagnosis import Diagnosis


def diagnosis(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str | None) -> Diagnosis:
    path = tmp_path / "people.toml"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    monkeypatch.setenv("SKYGROUND_PEOPLE", "" if text is None else str(path))
    monkeypatch.setenv("SKYGROUND_MAIL_TO", "a@example.org")
    return check_people(LocalSettings(run_dir=tmp_path))


def test_without_a_people_file_the_addresses_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = diagnosis(monkeypatch, tmp_path, None)
    assert found.ok
    assert "a@example.org" in found.detail


def test_a_wrong_file_a_hole_and_a_channel_without_url_are_failures(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert diagnosis(monkeypatch, tmp_path, text_of()).ok
    wrong = diagnosis(monkeypatch, tmp_path, text_of().replace("li@example.org", "li"))
    assert "person 'li': key mail" in wrong.detail
    hole = diagnosis(monkeypatch, tmp_path, text_of(DAY_NIGHT.replace('until = "08:00"', 'until = "07:00"')))
    assert "team 'duty' has no one on duty from" in hole.detail
    channel = 'name_zh = "li"\nchannels = [{ name = "sms", url_file = "/nowhere/sms" }]'
    silent = diagnosis(monkeypatch, tmp_path, text_of().replace('name_zh = "li"', channel))
    assert "person 'li': channel 'sms': file:/nowhere/sms: cannot be read" in silent.detail
    assert not wrong.ok
    assert not hole.ok
    assert not silent.ok


def test_a_mail_that_cannot_be_made_is_a_failure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def broken(*_: object, **__: object) -> None:
        msg = "value"
        raise KeyError(msg)

    monkeypatch.setattr(case_message, "case_context", broken)
    monkeypatch.setattr(case_message, "draw_pictures", lambda *_: ())
    monkeypatch.setattr(digest, "render_digest", lambda *_: None)
    found = check_templates(LocalSettings(run_dir=tmp_path))
    assert not found.ok
    assert "opened (zh): KeyError: 'value'" in found.detail
