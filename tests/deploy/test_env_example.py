"""`.env.example` names every setting with its default, and nothing that does not exist."""

from __future__ import annotations

import importlib
import re
from enum import StrEnum
from pathlib import Path

import pytest
from pydantic import SecretStr

from store.settings import PREFIX, SharedSettings

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / ".env.example"
ASSIGNMENT = re.compile(r"#([A-Z][A-Z0-9_]*)=(.*)")
INTERPOLATED = re.compile(r"(?<!\$)\$\{([A-Z][A-Z0-9_]*)(?::-([^}]*))?")
PACKAGES = ("alerts", "analysis", "console", "dags", "ingest", "qc", "schemas", "sensors", "store")


def _kinds(kind: type[SharedSettings]) -> set[type[SharedSettings]]:
    return {kind}.union(*(_kinds(child) for child in kind.__subclasses__()))


def _text(default: object) -> str:
    match default:
        case None:
            return ""
        case SecretStr():
            return default.get_secret_value()
        case StrEnum():
            return default.value
        case tuple():
            return ",".join(map(str, default))
    return str(default)


def _defaults() -> dict[str, set[str]]:
    for package in PACKAGES:
        for path in (ROOT / package).rglob("settings.py"):
            importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    defaults: dict[str, set[str]] = {}
    for kind in _kinds(SharedSettings):
        if not kind.__module__.startswith("tests."):
            for name, field in kind.model_fields.items():
                defaults.setdefault(PREFIX + name.upper(), set()).add(_text(field.default))
    return defaults


def _example() -> dict[str, str]:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    return {found[1]: found[2] for line in lines if (found := ASSIGNMENT.fullmatch(line))}


def _compose_variables() -> dict[str, str]:
    text = (ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8")
    return {found[1]: found[2] for found in INTERPOLATED.finditer(text)}


def test_every_setting_is_named_with_its_default() -> None:
    example = _example()
    wrong = {name: (example.get(name), values) for name, values in _defaults().items() if {example.get(name)} != values}
    assert wrong == {}


def test_every_variable_of_the_compose_file_is_named() -> None:
    assert set(_compose_variables()) <= set(_example())


def test_nothing_is_named_that_does_not_exist() -> None:
    assert set(_example()) <= set(_defaults()) | set(_compose_variables())


def test_every_variable_that_the_sources_name_exists() -> None:
    known = set(_example())
    texts = {path: path.read_text(encoding="utf-8") for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    strange = {
        (str(path.relative_to(ROOT)), name)
        for path, text in texts.items()
        for name in re.findall(PREFIX + r"[A-Z][A-Z0-9_]*[A-Z0-9]", text)
        if name not in known
    }
    assert strange == set()


def test_no_name_is_given_twice() -> None:
    names = re.findall(r"(?m)^#([A-Z][A-Z0-9_]*)=", EXAMPLE.read_text(encoding="utf-8"))
    assert len(names) == len(set(names))


def test_every_setting_or_group_of_them_has_a_comment() -> None:
    blocks = re.findall(r"(?m)(?:^# .*\n)?(?:^#[A-Z][A-Z0-9_]*=.*\n)+", EXAMPLE.read_text(encoding="utf-8"))
    unexplained = [block for block in blocks if not block.startswith("# ") and "_PASSWORD" not in block]
    assert unexplained == []


@pytest.mark.parametrize("name", ["SKYGROUND_INFLUX_TOKEN", "SKYGROUND_MQTT_PASSWORD", "SKYGROUND_STATE_URL"])
def test_secret_has_a_file_variant_and_no_value(name: str) -> None:
    assert _example()[name] == ""
    assert _example()[name + "_FILE"] == ""
