from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ingest.process.settings import Broker, CollectorSettings
from store.settings import SettingsError, load_settings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MQTT_URL", "http://127.0.0.1"),
        ("MQTT_URL", "mqtt://"),
        ("MQTT_URL", "mqtt://h:99999"),
        ("MQTT_URL", "mqtt://user:secret@h"),
        ("MQTT_CLIENT_ID", "Über"),
        ("MQTT_TOPIC", "obs/#/v1"),
        ("MQTT_TOPIC", "obs/v1+"),
        ("MQTT_RECEIVE_MAXIMUM", "0"),
        ("MQTT_RECEIVE_MAXIMUM", "70000"),
        ("INTAKE_BATCH", "many"),
        ("METRICS_PORT", "-1"),
        ("ZONE", "Asia/Nowhere"),
        ("ZONE", "../etc/passwd"),
    ],
)
def test_wrong_setting_stops_the_start_with_its_name(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"SKYGROUND_{name}", value)
    with pytest.raises(SettingsError, match=f"SKYGROUND_{name}"):
        load_settings(CollectorSettings)


def test_address_is_split_into_its_parts() -> None:
    settings = Broker(mqtt_url="mqtts://collector@broker.example")
    assert (settings.mqtt_host, settings.mqtt_port, settings.mqtt_user, settings.mqtt_tls) == (
        "broker.example",
        8883,
        "collector",
        True,
    )


def test_password_is_read_from_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("hush\n")
    monkeypatch.setenv("SKYGROUND_MQTT_PASSWORD_FILE", str(tmp_path / "secret"))
    settings = load_settings(Broker)
    assert settings.mqtt_password.get_secret_value() == "hush"
    assert "hush" not in repr(settings)


def test_a_secret_that_an_editor_has_marked_is_the_same_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_bytes(b"\xef\xbb\xbfhush\r\n")
    monkeypatch.setenv("SKYGROUND_MQTT_PASSWORD_FILE", str(tmp_path / "secret"))
    assert load_settings(Broker).mqtt_password.get_secret_value() == "hush"
    (tmp_path / "secret").write_bytes(b"\xff\xfeh\0")
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(Broker)


def test_share_group_is_part_of_the_subscription() -> None:
    assert CollectorSettings(mqtt_share="north").subscription == "$share/north/obs/v1/#"
    assert CollectorSettings().subscription == "obs/v1/#"
