from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ingest.process.error import DatasetFileError
from ingest.replay.dataset import locate
from sensors.datasets import DATASETS


def test_data_set_that_is_on_no_index_asks_for_its_path() -> None:
    with pytest.raises(DatasetFileError, match="beijing needs a PATH"):
        locate(DATASETS["beijing"], None)


def test_absent_path_is_named_with_where_to_get_the_data() -> None:
    with pytest.raises(DatasetFileError, match="nowhere is not there; beijing is had from"):
        locate(DATASETS["beijing"], Path("nowhere"))


def test_cached_file_is_used_only_if_it_is_the_one_that_was_examined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = replace(DATASETS["supersite"], sha256="2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae")
    cached = tmp_path / "datasets" / "2c26b46b68ffc68f" / "DEFAULT_DATA.csv"
    cached.parent.mkdir(parents=True)
    cached.write_bytes(b"foo")
    assert locate(dataset, None, tmp_path) == cached
    cached.write_bytes(b"bar")
    monkeypatch.setattr("ingest.replay.dataset._commands", lambda *_: [])
    with pytest.raises(DatasetFileError, match="neither pip nor uv"):
        locate(dataset, None, tmp_path)
