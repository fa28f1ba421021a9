from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from console.cli.gaps import ask, list_gaps
from schemas.message import NetworkCode
from schemas.network import Instrument, Network, Station
from schemas.reason import Reason, encode_reason
from sensors.network_file import network_toml
from store.state import GapState, StateStore

if TYPE_CHECKING:
    from pathlib import Path

END = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
START = END - timedelta(minutes=10)


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gas1 = Instrument(id="gas1", network=NetworkCode.GAS, cadence_s=60, parameters=("so2",))
    path = tmp_path / "network.toml"
    path.write_text(
        network_toml(Network(zone="Asia/Shanghai", station_list=(Station(id="st-1", instruments=(gas1,)),)))
    )
    monkeypatch.setenv("SKYGROUND_NETWORK", str(path))
    monkeypatch.setenv("SKYGROUND_STATE_URL", f"sqlite:///{tmp_path}/state.sqlite")
    monkeypatch.setenv("SKYGROUND_LANGUAGE", "en")


def asked(capsys: pytest.CaptureFixture[str], *, dry_run: bool = False) -> dict[str, object]:
    ask("st-1", "gas1", START.isoformat(), END.isoformat(), dry_run=dry_run, as_json=True)
    line: dict[str, object] = msgspec.json.decode(capsys.readouterr().out)
    return line


def test_requests_are_listed_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert asked(capsys, dry_run=True)["outcome"] == "would_ask"
    line = asked(capsys)
    assert (line["station"], line["instrument"], line["missing"]) == ("st-1", "gas1", 10)
    assert line["outcome"] == "will_ask"
    assert asked(capsys)["outcome"] == "asking_already"


def test_the_list_has_a_header_and_none_where_it_is_empty(capsys: pytest.CaptureFixture[str]) -> None:
    list_gaps()
    assert capsys.readouterr().out == "no gaps\n"
    asked(capsys)
    list_gaps()
    header, row = capsys.readouterr().out.splitlines()
    assert header.split()[0] == "id"
    assert "st-1/gas1" in row


REMOVED = encode_reason(Reason("given_up", "removed", scope="gap"))


@pytest.mark.parametrize(
    ("language", "detail", "shown"),
    [
        ("en", REMOVED, "the instrument is no longer in the network file"),
        ("zh", REMOVED, "网络文件中已无该仪器"),
        ("zh", "not in the network file any more", "not in the network file any more"),
    ],
)
def test_why_a_gap_was_given_up_is_shown_in_the_language_of_the_settings(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, language: str, detail: str, shown: str
) -> None:
    monkeypatch.setenv("SKYGROUND_LANGUAGE", language)
    asked(capsys)
    with StateStore(os.environ["SKYGROUND_STATE_URL"]) as state:
        (gap,) = state.gaps.list()
        state.gaps.change(gap.id, GapState.GIVEN_UP, detail=detail)
    list_gaps()
    list_gaps(as_json=True)
    _, row, line = capsys.readouterr().out.splitlines()
    assert row.endswith(f"  {shown}")
    assert msgspec.json.decode(line)["detail"] == shown
