"""Our side of supervisord: start it once a run directory, then start, stop and ask about parts through its XML-RPC socket."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
import xmlrpc.client
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from supervisor.xmlrpc import SupervisorTransport

from console.local.configuration import supervisord_conf
from console.local.process import wait_until

if TYPE_CHECKING:
    from console.local.parts import LocalPart
    from console.local.settings import LocalSettings

_SOCKET_PATH_LIMIT = 90
_UP = ("RUNNING", "STARTING")
_RETRIED = "BACKOFF"
"""Ended, and waiting to be started again."""


class PartError(RuntimeError):
    """A part cannot be started or stopped; the message states the cause and the path of the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartState:
    """State of a part: supervisord's word, process id (0 when down), seconds up, log file."""

    name: str
    state: str
    pid: int
    uptime_s: int
    log: Path
    detail: str


class Supervisor:
    """supervisord of one run directory.

    Parameters
    ----------
    settings : LocalSettings
    parts : dict of str to LocalPart
    """

    def __init__(self, settings: LocalSettings, parts: dict[str, LocalPart]) -> None:
        self._directory = (settings.run_dir / "log").resolve()
        self._parts = parts
        self._socket = _socket_path(self._directory)

    @property
    def running(self) -> bool:
        """Whether supervisord answers."""
        if not self._socket.exists():
            return False
        try:
            self._call("getState")
        except (OSError, xmlrpc.client.Error):
            return False
        return True

    def ensure(self) -> None:
        """Start supervisord, or let it read a changed configuration."""
        config = self._directory / "supervisord.conf"
        programs = {name: (part.command, part.environment) for name, part in self._parts.items()}
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            config.write_text(supervisord_conf(self._directory, self._socket, programs), encoding="utf-8")
        except OSError as error:
            msg = f"{config} cannot be written: {error.strerror}; correct SKYGROUND_RUN_DIR or its permissions"
            raise PartError(msg) from error
        if self.running:
            self._reread()
            return
        command = [sys.executable, "-W", "ignore", "-m", "supervisor.supervisord", "-c", str(config)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=self._directory.parent)
        if done.returncode:
            msg = f"supervisord did not start: {done.stderr.strip() or done.stdout.strip()}"
            raise PartError(msg)
        wait_until(lambda: self.running, what="supervisord", timeout_s=20)

    def start(self, name: str) -> float:
        """Start a part and wait until it is ready; return the seconds that took.

        Raises
        ------
        PartError
            It ended or did not answer in time; names its log.
        """
        part = self._parts[name]
        self.launch(name)
        try:
            return wait_until(
                part.ready,
                what=name,
                timeout_s=part.timeout_s,
                alive=lambda: self.state(name).state in _UP,
            )
        except RuntimeError as error:
            self.stop(name)  # the caller gets the error and may start it again
            raise PartError(self._failure(name, str(error))) from error

    def launch(self, name: str) -> None:
        """Start a part without waiting for it to be ready; nothing when it is up.

        Raises
        ------
        PartError
        """
        if self.state(name).state in _UP:
            return
        self.stop(name)
        self._parts[name].prepare()
        try:
            self._call("startProcess", name, False)
        except xmlrpc.client.Fault as error:
            raise PartError(self._failure(name, error.faultString)) from error

    def stop(self, name: str) -> None:
        """Stop a part and its whole process group, or the attempts to start it again; nothing when it is down."""
        if self.running and self.state(name).state in (*_UP, _RETRIED):
            self._call("stopProcess", name, True)

    def shutdown(self) -> None:
        """Stop all parts and supervisord; nothing when it is down."""
        if not self.running:
            return
        for name in reversed(list(self._parts)):
            self.stop(name)
        self._call("shutdown")
        wait_until(lambda: not self.running, what="end of supervisord", timeout_s=60)

    def state(self, name: str) -> PartState:
        """State of one part; ``DOWN`` when supervisord does not run."""
        log = self._directory / f"{name}.log"
        if not self.running:
            return PartState(name=name, state="DOWN", pid=0, uptime_s=0, log=log, detail="")
        try:
            info: dict[str, object] = self._call("getProcessInfo", name)
        except xmlrpc.client.Fault as error:
            return PartState(name=name, state="UNKNOWN", pid=0, uptime_s=0, log=log, detail=error.faultString)
        pid = int(str(info["pid"]))
        uptime_s = int(str(info["now"])) - int(str(info["start"])) if pid else 0
        return PartState(
            name=name, state=str(info["statename"]), pid=pid, uptime_s=uptime_s, log=log, detail=str(info["spawnerr"])
        )

    def _failure(self, name: str, why: str) -> str:
        log = self._directory / f"{name}.log"
        tail = log.read_text(encoding="utf-8", errors="replace").splitlines()[-12:] if log.exists() else []
        return "\n".join([f"{name} did not start: {why} (log: {log})", *("  | " + line for line in tail)])

    def _reread(self) -> None:
        ((added, changed, removed),) = self._call("reloadConfig")
        for name in [*changed, *removed]:
            self.stop(name)
            self._call("removeProcessGroup", name)
        for name in [*added, *changed]:
            self._call("addProcessGroup", name)

    def _call(self, method: str, *arguments: object) -> Any:  # noqa: ANN401 - XML-RPC answers have no type
        transport = SupervisorTransport("", "", f"unix://{self._socket}")
        proxy = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)
        try:
            return getattr(proxy.supervisor, method)(*arguments)
        finally:
            transport.close()


def _socket_path(directory: Path) -> Path:
    """Socket in the run directory, or under the temporary directory where that path is too long for a Unix socket."""
    path = directory / "supervisor.sock"
    if len(str(path)) <= _SOCKET_PATH_LIMIT:
        return path
    name = hashlib.sha256(str(path).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"skyground-{name}.sock"
