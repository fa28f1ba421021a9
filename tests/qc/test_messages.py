"""The catalogues have a name for every test and a message for every kind that a test gives, and no others."""

from __future__ import annotations

import string

import pytest

from qc.calibration.check import CALIBRATION_TESTS
from qc.detector.flagging import ANOMALY_TESTS
from qc.hourly.relation.band import Band
from qc.hourly.relation.network import KINDS
from qc.hourly.space.table import SPACE_TESTS
from qc.hourly.space.table import TESTS as IN_SPACE
from qc.hourly.table import HOURLY_TESTS
from qc.hourly.table import TESTS as OF_EVERY_NETWORK
from qc.native.table import TESTS as NATIVE_TESTS
from schemas.words import LANGUAGES, words

NAMES = {*NATIVE_TESTS, *CALIBRATION_TESTS, *HOURLY_TESTS, *ANOMALY_TESTS, *SPACE_TESTS}
MESSAGES = {
    **{name: test.messages for name, test in {**NATIVE_TESTS, **OF_EVERY_NETWORK, **IN_SPACE}.items()},
    **{
        name: {"band": ("value", "low", "high"), "above": ("value", "high"), "below": ("value", "low")}
        for name, kind in KINDS.items()
        if issubclass(kind, Band)
    },
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_test_has_a_name_and_a_message(language: str) -> None:
    keys = {tuple(key.split(".")[1:]) for key in words(language).catalogue if key.startswith("qc.")}
    assert {test for test, kind in keys if kind == "name"} == {*NAMES, "review"}
    assert {test for test, kind in keys if kind != "name"} == {*NAMES, "review", "any"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("test", sorted(MESSAGES))
def test_every_kind_of_message_is_in_the_catalogue_with_its_figures(test: str, language: str) -> None:
    catalogue = words(language).catalogue
    prefix = f"qc.{test}."
    kinds = {key.removeprefix(prefix) for key in catalogue if key.startswith(prefix)} - {"name"}
    assert kinds == set(MESSAGES[test])
    for kind, figures in MESSAGES[test].items():
        named = {field for _, field, _, _ in string.Formatter().parse(str(catalogue[prefix + kind])) if field}
        assert named == set(figures), kind
