"""``skyground analyse cocontrol`` on an exported file, and stored for several cities."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from analysis.run.coanalysis.cocontrol import KIND
from bench.cocontrol.observation import observe, with_species
from bench.cocontrol.province import draw_province, simulate
from store.archive.archive import long_table, write_csv
from store.archive.option import Level
from store.archive.provenance import provenance
from store.state import StateStore
from tests.analysis.run.fill import environment, filled_settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from store.settings import SharedSettings
    from tests.command import Done

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six days of a simulated province, some months apart from one more hour."""
    path = tmp_path_factory.mktemp("export") / "province.csv"
    drawn = draw_province(1006, days=6)
    hours = with_species(observe(drawn, simulate([drawn], ()), 0), "btex")
    origin = provenance(query="", level=Level.HOURLY, now=datetime(2026, 11, 1, tzinfo=UTC))
    write_csv(path, [long_table({("simulated", ""): hours})], origin)
    return path


def test_an_exported_file_gives_the_list(exported: Path, command: Callable[..., Done]) -> None:
    done = command("analyse", "cocontrol", str(exported), "--dataset", "export", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["place"], found["members"]) == ("simulated", 64)
    listed = found["lists"][-1]
    assert listed["days"]["days"] == 6
    assert {item["precursor"] for item in listed["precursors"]} == {"nox", "aromatic", "co", "so2", "nh3"}


def test_more_than_a_season_gives_a_list_a_season_and_names_one_that_is_too_short(
    exported: Path, tmp_path: Path, command: Callable[..., Done]
) -> None:
    lines = exported.read_text(encoding="utf-8").splitlines()
    late = tmp_path / "late.csv"
    late.write_text("\n".join([*lines, "2027-01-15" + lines[-1][10:]]) + "\n", encoding="utf-8")
    done = command("analyse", "cocontrol", str(late), "--dataset", "export", "--json")
    assert len(done.stdout.splitlines()) == 1
    assert "1 civil days from 2027-01-1" in done.stderr
    refused = command("analyse", "cocontrol", str(late), "--dataset", "export", "--png", str(tmp_path / "x.png"))
    assert refused.returncode == 2
    assert "--png draws one list" in refused.stderr


def test_several_cities_are_listed_and_stored_one_by_one(
    settings: SharedSettings, tmp_path: Path, command: Callable[..., Done]
) -> None:
    filled = filled_settings(settings, tmp_path, 6, 2)
    text = filled.network.read_text(encoding="utf-8")
    first, second = text.split('id = "st-1"')
    filled.network.write_text(f'{first}id = "st-1"{second.replace("210100", "210200")}', encoding="utf-8")
    words = ("--city", "210100", "--city", "210200", "--day-from", "2026-05-02", "--day-to", "2026-05-07")
    done = command("analyse", "cocontrol", *words, "--store", "--json", **environment(filled))
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["place"] for line in done.stdout.splitlines()] == ["210100", "210200"]
    with StateStore(filled.state_url) as state:
        keys = [document.key for document in state.documents.each(KIND)]
    assert sorted(keys) == ["210100/2026-05-02", "210200/2026-05-02"]
    path = tmp_path / "lists.csv"
    span = ("--from", "2026-05-01", "--to", "2026-05-31", "--output", str(path))
    done = command("export", "--product", "cocontrol", *span, **environment(filled))
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(path, comment="#")
    assert set(table["place"].astype(str)) == {"210100", "210200"}
    first = table[(table["place"].astype(str) == "210100") & (table["rank"] == 1)]
    assert (first["joint_low"] <= first["joint"]).all()
    assert first["secondary_pm25"].isna().all()  # no ions were measured
