"""Fixtures that every folder's tests share: real servers, fresh settings, real data."""

from __future__ import annotations

import gc
import os
import shutil
import sys
import uuid
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest
from influxdb_client import InfluxDBClient
from pydantic import SecretStr

from console.cli import main
from store.influx.store import InfluxStore
from store.settings import SharedSettings
from store.state import StateStore
from tests import servers
from tests.command import Done

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# on a busy machine an example is slow, and nothing is promised about its time
hypothesis.settings.register_profile("any-pace", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.register_profile("quick", hypothesis.settings.get_profile("any-pace"), max_examples=25)
hypothesis.settings.load_profile("any-pace")

ROOT = Path(__file__).resolve().parents[1]
SERVERS = frozenset({"influxd", "mosquitto", "smtp_sink", "postgres"})
KINDS = ("e2e", "integration", "slow")
gc.disable()  # nothing that is imported and collected ever ends, and looking for what does takes a fifth of the collection


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests that start a server or another program; order modules so that some wait while others compute.

    Workers take whole modules. Those that start whole parts come first, since they take longest; those that start servers, which
    wait for much of their time, are spread evenly among those that compute, the slow ones of which come first,
    then those of the whole tree (examples).
    """
    rank: dict[Path, int] = {}
    for item in items:
        starts_server = not SERVERS.isdisjoint(getattr(item, "fixturenames", ()))
        if starts_server or hasattr(getattr(item, "module", None), "subprocess"):
            item.add_marker(pytest.mark.integration)
        kinds = [place for place, name in enumerate(KINDS) if item.get_closest_marker(name)]
        rank[item.path] = min(rank.get(item.path, len(KINDS)), *kinds, len(KINDS))
    waiting = [path for path, kind in rank.items() if kind == 1]
    computing = sorted(
        (path for path, kind in rank.items() if kind > 1), key=lambda path: (rank[path], path.parent != ROOT / "tests")
    )
    place = {path: at / len(some) for some in (waiting, computing) for at, path in enumerate(some)}
    items.sort(key=lambda item: place.get(item.path, -1.0))


def pytest_collection_finish() -> None:
    """Leave modules and collected tests out of garbage collection: half a second each time, and none of them ever ends."""
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def influxd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    """A server of many small databases, whose index on disk (as the demo and the crash matrix have it) would take most of its time."""
    with servers.running(servers.influxd(tmp_path_factory.mktemp("influxd"), is_index_in_memory=True)) as server:
        yield server


@pytest.fixture(scope="session")
def influx_url(influxd: servers.Server) -> str:
    return influxd.url


@pytest.fixture(scope="session")
def mosquitto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    with servers.running(servers.mosquitto(tmp_path_factory.mktemp("mosquitto"))) as server:
        yield server


@pytest.fixture(scope="session")
def mqtt_url(mosquitto: servers.Server) -> str:
    return mosquitto.url


@pytest.fixture(scope="session")
def smtp_sink(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[servers.Server, Path]]:
    directory = tmp_path_factory.mktemp("smtp")
    with servers.running(servers.smtp_sink(directory)) as server:
        yield server, directory / "maildir"


@pytest.fixture(scope="session")
def smtp_url(smtp_sink: tuple[servers.Server, Path]) -> str:
    return smtp_sink[0].url


@pytest.fixture
def maildir(smtp_sink: tuple[servers.Server, Path]) -> Path:
    """Maildir of the sink, emptied."""
    directory = smtp_sink[1]
    for mail in [*directory.glob("new/*"), *directory.glob("cur/*")]:
        mail.unlink()
    return directory


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty state file with its tables; tests copy it, since all migrations in turn take 0.1 s."""
    path = tmp_path_factory.mktemp("state") / "state.sqlite"
    with StateStore(f"sqlite:///{path}") as store:
        store.migrate()
    return path


@pytest.fixture
def sqlite_url(tmp_path: Path, migrated: Path) -> str:
    """SQLAlchemy URL of this test's own state file, with its tables and no rows."""
    path = tmp_path / "state.sqlite"
    shutil.copyfile(migrated, path)
    return f"sqlite:///{path}"


@pytest.fixture
def settings(influx_url: str, sqlite_url: str, tmp_path: Path) -> Iterator[SharedSettings]:
    """Settings with a database, a state file and a run directory of this test's own."""
    made = SharedSettings(
        run_dir=tmp_path / "run",
        influx_url=influx_url,
        influx_database=f"test_{uuid.uuid4().hex[:12]}",
        state_url=sqlite_url,
        network=ROOT / "deploy" / "network.example.toml",
    )
    yield made
    servers.drop_database(influx_url, made.influx_database)


@pytest.fixture
def influx(settings: SharedSettings) -> Iterator[InfluxStore]:
    """The empty time-series database of `settings`."""
    with closing(InfluxStore(settings)) as store:
        store.ensure()
        yield store


@pytest.fixture
def state(sqlite_url: str) -> Iterator[StateStore]:
    """The empty state database of `settings`; starts no server."""
    with StateStore(sqlite_url) as store:
        yield store


@pytest.fixture
def influx2_settings(sqlite_url: str, tmp_path: Path) -> Iterator[SharedSettings]:
    """Settings of a real InfluxDB 2.x with a database of this test's own; skipped where none is named."""
    url, token = (os.environ.get(f"SKYGROUND_TEST_INFLUX2_{name}", "") for name in ("URL", "TOKEN"))
    if not url:
        pytest.skip("needs a running InfluxDB 2.x: set SKYGROUND_TEST_INFLUX2_URL and SKYGROUND_TEST_INFLUX2_TOKEN")
    with InfluxDBClient(url, token=token) as client:
        organisation = client.organizations_api().find_organizations()[0].name
        database = f"test_{uuid.uuid4().hex[:12]}"
        yield SharedSettings(
            run_dir=tmp_path / "run",
            influx_url=url,
            influx_org=organisation,
            influx_token=SecretStr(token),
            influx_database=database,
            state_url=sqlite_url,
            network=ROOT / "deploy" / "network.example.toml",
        )
        buckets = client.buckets_api()
        for bucket in buckets.find_buckets_iter(org=organisation):
            if bucket.name.startswith(f"{database}/"):
                buckets.delete_bucket(bucket)


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """Run ``skyground`` with words and settings in this process."""

    def run(*words: str, **settings: object) -> Done:
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["skyground", *words])
            for name, value in settings.items():
                patch.setenv(f"SKYGROUND_{name.upper()}", str(value))
            capsys.readouterr()
            with pytest.raises(SystemExit) as ended:
                main()
        return Done(int(ended.value.code or 0), *capsys.readouterr())

    return run


@pytest.fixture
def unrendered(monkeypatch: pytest.MonkeyPatch) -> None:
    """SVG pictures are drawn but not rendered, which takes most of the time of a report; ``monkeypatch.undo`` renders them again."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    monkeypatch.setattr(FigureCanvasSVG, "print_svg", lambda _, target, **__: target.write(b"<svg></svg>"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data from other projects, next to the checkout."""
    path = Path(os.environ.get("SKYGROUND_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not path.is_dir():
        pytest.skip(f"no real data at {path} (set SKYGROUND_SHARED_DATA)")
    return path
