"""Every benchmark that `make bench` names can be started."""

from __future__ import annotations

import importlib

import pytest

from bench.__main__ import MODULES


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of great_expectations' own imports
@pytest.mark.parametrize("name", sorted(MODULES))
def test_a_benchmark_that_is_named_can_be_imported_and_has_a_main(name: str) -> None:
    assert callable(importlib.import_module(name).main)
