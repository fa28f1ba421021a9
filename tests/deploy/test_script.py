"""The shell scripts: their syntax, what they write, and that they keep secrets to themselves."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from tests.deploy.broker import run_script

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
NETWORK = DEPLOY / "network.example.toml"
SCRIPTS = sorted(DEPLOY.rglob("*.sh"))
each_script = pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: str(path.relative_to(DEPLOY)))


def _run(path: Path, *arguments: str | Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(path), *map(str, arguments)], capture_output=True, text=True, check=False, env=env)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@each_script
def test_script_parses_is_executable_and_stops_at_the_first_error(path: Path) -> None:
    assert subprocess.run(["bash", "-n", str(path)], capture_output=True, check=False).stderr == b""
    assert os.access(path, os.X_OK)
    assert "set -euo pipefail" in path.read_text(encoding="utf-8")
    if linter := shutil.which("shellcheck"):
        assert _run(Path(linter), "--severity=warning", path).stdout == ""


def test_every_station_and_our_own_users_get_a_password(tmp_path: Path) -> None:
    run_script("make-credentials.sh", NETWORK, tmp_path / "mqtt")
    hashed = dict(line.split(":", 1) for line in (tmp_path / "mqtt" / "passwords").read_text().splitlines())
    assert set(hashed) == {"ln-sy-01", "ln-fs-01", "collector", "console", "gateway", "health"}
    assert all(value.startswith("$7$") for value in hashed.values())
    plain = {path.read_text() for path in (tmp_path / "mqtt").glob("*.password")}
    assert len(plain) == len(hashed)
    assert min(map(len, plain)) == 48


def test_no_secret_is_printed_and_others_cannot_reach_them(tmp_path: Path) -> None:
    said = run_script("make-credentials.sh", NETWORK, tmp_path / "mqtt")
    said += _run(DEPLOY / "make-secrets.sh", tmp_path / "secrets").stdout
    for path in [*tmp_path.glob("mqtt/*.password"), *tmp_path.glob("secrets/*")]:
        text = path.read_text().strip()
        assert not text or text not in said
    assert (_mode(tmp_path / "mqtt"), _mode(tmp_path / "secrets")) == (0o700, 0o700)
    assert _mode(tmp_path / "mqtt" / "ln-sy-01.password") == 0o600


def test_second_call_keeps_passwords_and_renews_only_what_is_asked(tmp_path: Path) -> None:
    run_script("make-credentials.sh", NETWORK, tmp_path)
    before = {path.name: path.read_text() for path in tmp_path.glob("*.password")}
    assert " 1 new passwords" in run_script("make-credentials.sh", NETWORK, tmp_path, "--renew", "ln-sy-01")
    changed = {path.name for path in tmp_path.glob("*.password") if path.read_text() != before[path.name]}
    assert changed == {"ln-sy-01.password"}


def test_station_that_left_the_network_loses_its_access(tmp_path: Path) -> None:
    run_script("make-credentials.sh", NETWORK, tmp_path)
    smaller = tmp_path / "network.toml"
    smaller.write_text(NETWORK.read_text(encoding="utf-8").replace('id = "ln-fs-01"', 'id = "ln-fs-02"'))
    assert "no access: ln-fs-01" in run_script("make-credentials.sh", smaller, tmp_path)
    users = {line.split(":")[0] for line in (tmp_path / "passwords").read_text().splitlines()}
    assert ("ln-fs-01" in users, "ln-fs-02" in users) == (False, True)


@pytest.mark.parametrize("name", ["collector", "health", "Ln-Sy", "a/b", "a:b", "+"])
def test_station_id_that_could_pass_for_another_user_is_refused(tmp_path: Path, name: str) -> None:
    network = tmp_path / "network.toml"
    network.write_text(f'zone = "UTC"\n[[station]]\nid = "{name}"\n')
    assert repr(name) in run_script("make-credentials.sh", network, tmp_path / "mqtt", expect=1)
    assert not (tmp_path / "mqtt").exists()


@pytest.mark.parametrize("text", ["", "not toml [", 'station = "x"', "[[station]]\nname = 1"])
def test_file_that_is_no_network_is_refused(tmp_path: Path, text: str) -> None:
    network = tmp_path / "network.toml"
    network.write_text(text)
    assert str(network) in run_script("make-credentials.sh", network, tmp_path / "mqtt", expect=1)


def test_certificate_names_the_hosts_and_the_authority_survives_a_renewal(tmp_path: Path) -> None:
    run_script("make-certificates.sh", tmp_path, "broker.example.org", "10.1.2.3", "fd00::1")
    first, authority = (tmp_path / "server.crt").read_bytes(), (tmp_path / "ca.crt").read_bytes()
    run_script("make-certificates.sh", tmp_path, "broker.example.org", "10.1.2.3", "fd00::1")
    assert (tmp_path / "ca.crt").read_bytes() == authority
    assert (tmp_path / "server.crt").read_bytes() != first
    assert {"broker.example.org", "10.1.2.3", "fd00::1", "localhost", "127.0.0.1"} == _names_in(tmp_path / "server.crt")
    assert (_mode(tmp_path / "ca.key"), _mode(tmp_path / "server.key")) == (0o600, 0o600)


def _names_in(path: Path) -> set[str]:
    from cryptography import x509

    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(name.value) for name in names}


def test_name_that_could_change_the_certificate_is_refused(tmp_path: Path) -> None:
    assert "expected a host name" in run_script("make-certificates.sh", tmp_path, "a,DNS:evil", expect=2)


def test_secrets_are_made_once_and_fit_together(tmp_path: Path) -> None:
    script = DEPLOY / "make-secrets.sh"
    assert _run(script, tmp_path).returncode == 0
    before = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert _run(script, tmp_path).stdout.startswith("0 new")
    assert before == {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert before["postgres_skyground_password"] in before["state_url"]
    assert before["redis.conf"].strip() == f"requirepass {before['redis_password']}"
    assert json.loads(before["airflow_passwords.json"]) == {"admin": before["airflow_admin_password"]}


def test_fernet_key_is_one(tmp_path: Path) -> None:
    from cryptography.fernet import Fernet

    _run(DEPLOY / "make-secrets.sh", tmp_path)
    key = Fernet((tmp_path / "airflow_fernet_key").read_bytes())
    assert key.decrypt(key.encrypt(b"variable")) == b"variable"


def test_state_url_of_the_secrets_is_what_the_settings_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from store.settings import SharedSettings, load_settings

    _run(DEPLOY / "make-secrets.sh", tmp_path)
    monkeypatch.setenv("SKYGROUND_RUN_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("SKYGROUND_STATE_URL_FILE", str(tmp_path / "state_url"))
    url = load_settings(SharedSettings).state_url
    assert url.startswith("postgresql+psycopg://skyground:")
    assert url.endswith("@postgres:5432/skyground")
