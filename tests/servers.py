"""Real servers for the tests, each on free loopback ports and ended by its own pid."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from console.local.configuration import influxdb_conf, mosquitto_conf
from console.local.process import http_answers, port_answers, wait_until
from console.local.settings import free_ports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path


@dataclass
class Server:
    """A running server; `process` may be killed and started again by a test."""

    url: str
    command: list[str]
    log: Path
    ready: Callable[[], bool]
    process: subprocess.Popen[bytes] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)

    def start(self) -> None:
        with self.log.open("ab") as log:
            environment = os.environ | self.environment
            self.process = subprocess.Popen(
                self.command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environment
            )
        wait_until(self.ready, what=self.command[0], timeout_s=60, alive=lambda: self.process.poll() is None)

    def stop(self, *, kill: bool = False) -> None:
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.kill() if kill else self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(20)
        self.process = None


@contextmanager
def running(server: Server) -> Iterator[Server]:
    server.start()
    try:
        yield server
    finally:
        server.stop(kill=True)  # what it would still write is thrown away


def influxd(directory: Path, *, needs_login: bool = False, is_index_in_memory: bool = False) -> Server:
    directory.mkdir(parents=True, exist_ok=True)
    http_port, rpc_port = free_ports(2)
    config = directory / "influxdb.conf"
    text = influxdb_conf(directory, http_port, rpc_port)
    if needs_login:
        text = text.replace("[http]", "[http]\n  auth-enabled = true", 1)
    if is_index_in_memory:
        text = text.replace('"tsi1"', '"inmem"')
    config.write_text(text)
    url = f"http://127.0.0.1:{http_port}"
    # for the many small databases of tests, a quarter less CPU: with a small heap, Go collects garbage all the time
    environment = {"GOGC": "400"} if is_index_in_memory else {}
    command = ["influxd", "-config", str(config)]
    return Server(url, command, directory / "log", lambda: http_answers(url + "/ping"), environment=environment)


def drop_database(url: str, name: str) -> None:
    """Drop a database of InfluxDB: the server looks at each shard once a second for as long as it runs."""
    with urllib.request.urlopen(f"{url}/query", urlencode({"q": f'DROP DATABASE "{name}"'}).encode(), timeout=60):
        pass


def mosquitto(directory: Path) -> Server:
    directory.mkdir(parents=True, exist_ok=True)
    (port,) = free_ports(1)
    config = directory / "mosquitto.conf"
    config.write_text(mosquitto_conf(directory, port))
    return Server(
        f"mqtt://127.0.0.1:{port}", ["mosquitto", "-c", str(config)], directory / "log", lambda: port_answers(port)
    )


def dovecot(directory: Path, user: str, password: str) -> Server:
    """Debian's IMAP server with one mailbox, by its own configuration, on loopback.

    ``directory`` is one that every user can enter: run by root, it reads mail as another user.
    """
    directory.chmod(0o755)
    (port,) = free_ports(1)
    is_root = os.getuid() == 0  # then its login processes must be of another user, shut in by chroot
    owner = "dovecot" if is_root else pwd.getpwuid(os.getuid()).pw_name
    group = "dovecot" if is_root else grp.getgrgid(os.getgid()).gr_name
    login, chroot = ("dovenull", "") if is_root else (owner, "chroot =")
    mail = pwd.getpwnam("mail" if is_root else owner)
    for name in ("mail", "home"):
        (directory / name).mkdir()
        os.chown(directory / name, mail.pw_uid, mail.pw_gid)
    (directory / "users").write_text(f"{user}:{{PLAIN}}{password}:::::\n")
    (directory / "dovecot.conf").write_text(f"""
base_dir = {directory}/run
log_path = {directory}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_internal_user = {owner}
default_internal_group = {group}
default_login_user = {login}
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:{directory}/mail/%u
mail_uid = {mail.pw_uid}
mail_gid = {mail.pw_gid}
passdb {{
  driver = passwd-file
  args = {directory}/users
}}
userdb {{
  driver = static
  args = uid={mail.pw_uid} gid={mail.pw_gid} home={directory}/home/%u
}}
service imap-login {{
  {chroot}
  inet_listener imap {{
    address = 127.0.0.1
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service auth {{
  user = {pwd.getpwuid(os.getuid()).pw_name}
}}
service anvil {{
  {chroot}
}}
service stats {{
  {chroot}
}}
""")
    command = [
        shutil.which("dovecot", path="/usr/sbin:/usr/bin") or "dovecot",
        "-F",
        "-c",
        str(directory / "dovecot.conf"),
    ]
    return Server(f"imap://127.0.0.1:{port}", command, directory / "log", lambda: port_answers(port))


def smtp_sink(directory: Path) -> Server:
    directory.mkdir(parents=True, exist_ok=True)
    (port,) = free_ports(1)
    command = [
        sys.executable,
        "-m",
        "aiosmtpd",
        "-n",
        "-l",
        f"127.0.0.1:{port}",
        "-c",
        "aiosmtpd.handlers.Mailbox",
        str(directory / "maildir"),
    ]
    return Server(f"smtp://127.0.0.1:{port}", command, directory / "log", lambda: port_answers(port))
