"""The demo, step by step: start every part, publish, drain, run the schedules, wait for the mails, count."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from console.demo import schedule
from console.demo.command import Background, skyground
from console.demo.report import DemoReport, count_mentions, mails_in
from console.local.process import wait_until
from schemas.interval import floor_hour
from schemas.network import load_network

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from console.local.settings import LocalSettings
    from console.local.supervisor import Supervisor

#: The real data set ends here, inside its PM2.5 episode of 12 March 2021 (Taiwan time), so that shifted to now it is news.
SUPERSITE_UNTIL = "2021-03-12T08:00:00+08:00"
SUPERSITE_DAYS = 40
SIMULATED_DAYS = 3
SEED = 42
REAL_STATIONS = {"tw-supersite", "tw-supersite-thermal"}
BEFORE_AIRFLOW = ("mail", "broker", "influxdb", "collector", "console")


@dataclass(slots=True)
class Demo:
    """State of one demo run.

    Parameters
    ----------
    settings : LocalSettings
    supervisor : Supervisor
    say : callable
        Takes one line for a person.
    """

    settings: LocalSettings
    supervisor: Supervisor
    say: Callable[[str], None]
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    began: float = field(default_factory=time.monotonic)
    messages: int = 0
    live: Background | None = None
    log: Path = field(init=False)

    def __post_init__(self) -> None:
        self.log = self.settings.run_dir / "log" / "demo.log"
        self.log.parent.mkdir(parents=True, exist_ok=True)

    def load(self) -> None:
        """All steps up to the mails; raises what went wrong, with the words of the part that failed."""
        self.start_parts()
        self.publish()
        self.drain()
        # Only now: while history is loading, every station would look silent.
        self.supervisor.start("watch")
        self.run_schedules()
        self.wait_for_mails()

    def start_parts(self) -> None:
        """Network file, servers, state, then our own parts; Airflow warms up beside them."""
        self._command(
            "simulate",
            "--days",
            str(SIMULATED_DAYS),
            "--seed",
            str(SEED),
            "--network-out",
            str(self.settings.network),
            "--with-dataset",
            "supersite",
            "--no-publish",
        )
        self.supervisor.ensure()
        self.supervisor.launch("airflow")
        for name in BEFORE_AIRFLOW:
            if name == "collector":
                self._command("migrate")
            seconds = self.supervisor.start(name)
            self.say(f"{name} up in {seconds:.1f} s")

    def publish(self) -> None:
        """The real data set, moved to end now, then the simulated province."""
        real = self._command("replay", "supersite", "--shift", "--until", SUPERSITE_UNTIL, "--json")
        self.say(f"supersite: {real['acknowledged']} messages of the Taiwan supersite (real data, moved to end now)")
        truth = str(self.settings.run_dir / "truth.jsonl")
        simulated = self._command(
            "simulate", "--days", str(SIMULATED_DAYS), "--seed", str(SEED), "--speed", "max", "--truth", truth, "--json"
        )
        self.say(f"province: {simulated['acknowledged']} messages of {simulated['stations']} simulated stations")
        self.messages = int(real["acknowledged"]) + int(simulated["acknowledged"])
        # From here on the stations publish in real time, as they would; otherwise all of them would soon be silent.
        live = ("simulate", "--days", "1", "--seed", str(SEED), "--speed", "real", "--json")
        self.live = Background(*live, log=self.settings.run_dir / "log" / "live.log")

    def drain(self) -> None:
        """Wait until the collector has stored or quarantined all of it."""

        def settled() -> bool:
            summary = self._command("balance", "--received", "--json")
            return not summary["waiting"] and summary["kept"] >= self.messages

        seconds = wait_until(settled, what="the collector's cursor at the end of the raw log", timeout_s=180)
        self.say(f"collector drained, {seconds:.0f} s after the last message")

    def run_schedules(self) -> None:
        """Airflow over the whole history."""
        seconds = self.supervisor.start("airflow")
        self.say(f"airflow up, waited {seconds:.0f} s more")
        client = schedule.connect(self.settings.airflow_url)
        end = floor_hour(self.now) + timedelta(hours=1)
        schedule.run_history(client, start=end - timedelta(days=SUPERSITE_DAYS), end=end, say=self.say, timeout_s=240)

    def wait_for_mails(self) -> None:
        """Wait up to a minute for a mail about the real data and one about the plume."""
        plume, real = self._named(self._plume_stations()), self._named(REAL_STATIONS)

        def both() -> bool:
            texts = mails_in(self.maildir)
            return bool(count_mentions(texts, real)) and bool(count_mentions(texts, plume))

        try:
            wait_until(both, what="alert mails", timeout_s=60)
        except RuntimeError as error:
            self.say(str(error))

    def report(self) -> DemoReport:
        """Stop the live stations, settle, and count what came of it all."""
        seconds = round(time.monotonic() - self.began, 1)
        self.end_live()
        self.drain()
        return self._count(mails_in(self.maildir), seconds)

    def end_live(self) -> None:
        """Stop the stations that publish in real time and count what they sent."""
        if self.live is not None:
            self.messages += int(self.live.end().get("acknowledged", 0))
            self.live = None

    @property
    def maildir(self) -> Path:
        """Where the local mail sink writes."""
        return self.settings.maildir or self.settings.run_dir / "maildir"

    def _count(self, texts: list[str], seconds: float) -> DemoReport:
        from store.state import StateStore

        state = StateStore(self.settings.state_url)
        balance = self._command("balance", "--audit", "--sent", str(self.messages), "--json")
        runs = [run for run in state.list_runs() if run.kind == "qc"]
        return DemoReport(
            messages=self.messages,
            readings=int(balance["readings"]),
            values_stored=int(balance["values_found"]),
            quarantined=sum(balance["quarantined"].values()),
            lost=int(balance["lost"]),
            hours=sum(int(run.counts.get("hours", 0)) for run in runs),
            flags=sum(_flags(run.counts) for run in runs),
            alerts=len(state.list_transitions()),
            mails=len(texts),
            seconds=seconds,
            mails_real=count_mentions(texts, self._named(REAL_STATIONS)),
            mails_plume=count_mentions(texts, self._named(self._plume_stations())),
        )

    def _named(self, station_ids: set[str]) -> set[str]:
        """Ids and names of stations: a mail about several lists them by name."""
        known = load_network(self.settings.network).stations
        found = [known[name] for name in station_ids if name in known]
        names = {name for item in found for name in (item.name_zh, item.name_en) if name}
        return station_ids | names

    def _plume_stations(self) -> set[str]:
        """Stations that the simulator's truth puts under its plume."""
        lines = (self.settings.run_dir / "truth.jsonl").read_text(encoding="utf-8").splitlines()
        records = [json.loads(line) for line in lines]
        known = load_network(self.settings.network).stations
        return {item["station_id"] for item in records if item.get("kind") == "plume"} & set(known)

    def _command(self, *arguments: str) -> dict[str, Any]:
        return skyground(*arguments, log=self.log)


def _flags(counts: dict[str, Any]) -> int:
    """Flags that a quality-control run gave: native and hourly, all tests."""
    return sum(sum(counts.get(name, {}).values()) for name in ("native_flags", "hourly_flags"))
