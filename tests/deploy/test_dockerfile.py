"""The Dockerfile's instructions, and that what it names is there."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
INSTRUCTION = re.compile(r"(?m)^([A-Z]+) (.*)$")
JOINED = re.sub(r"\\\n\s*", "", "\n".join(line for line in TEXT.splitlines() if not line.startswith("#")))
LOCKED = re.compile(r"(?m)^([a-z0-9][a-z0-9._-]*)==(\S+)")


def _all(keyword: str) -> list[str]:
    return [found[2] for found in INSTRUCTION.finditer(JOINED) if found[1] == keyword]


def _final_stage() -> str:
    return JOINED[JOINED.rindex("\nFROM ") :]


def _locked(name: str) -> dict[str, str]:
    return {found[1]: found[2] for found in LOCKED.finditer((ROOT / name).read_text(encoding="utf-8"))}


def test_base_image_and_uv_have_fixed_versions() -> None:
    assert re.search(r"ARG PYTHON_IMAGE=python:3\.11\.\d+-slim-bookworm\n", TEXT)
    assert re.search(r"ARG UV_VERSION=\d+\.\d+\.\d+\n", TEXT)
    assert _all("FROM") == ["${PYTHON_IMAGE} AS build", "${PYTHON_IMAGE}"]


def test_environment_is_installed_by_hash_from_both_locks() -> None:
    assert "--require-hashes requirements.lock deploy/requirements-celery.lock" in JOINED


def test_last_user_is_not_root() -> None:
    assert _all("USER") == ["10001:10001"]
    assert "useradd --uid 10001" in _final_stage()


def test_final_image_has_fonts_and_shared_libraries_and_no_build_tools() -> None:
    final = _final_stage()
    installed = re.search(r"apt-get install -y --no-install-recommends ([a-z0-9. -]+?) +&&", final)
    assert installed is not None
    assert installed[1].split() == [
        "fonts-noto-cjk",
        "libgomp1",
        "libpango-1.0-0",
        "libpangoft2-1.0-0",
        "libharfbuzz-subset0",
    ]
    assert "rm -rf /var/lib/apt/lists/*" in final
    assert not re.search(r"\b(gcc|build-essential|pip install|/opt/uv)\b", final)


def test_nothing_is_fetched_but_by_apt_and_locked_wheels() -> None:
    assert _all("ADD") == []
    assert not re.search(r"\b(curl|wget|git clone)\b", JOINED)


def test_no_secret_is_baked_in() -> None:
    assert not re.search(r"(?i)(password|token|secret)\s*=", JOINED)


def test_every_file_that_is_copied_by_name_exists_and_is_not_ignored() -> None:
    allowed = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in allowed
    for line in _all("COPY"):
        words = [word for word in line.split() if not word.startswith("--")]
        for source in words[:-1]:
            if source != "." and not source.startswith("/"):
                assert (ROOT / source).is_file()
                assert f"!{source}" in allowed


def test_every_package_of_the_project_is_in_the_context() -> None:
    allowed = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "bench"}
    assert {f"!{package}" for package in packages} <= set(allowed)


def test_tools_that_are_removed_are_needed_by_nothing_that_stays() -> None:
    found = re.search(r"pip uninstall --python \S+ ([a-z -]+?) +&&", JOINED)
    assert found is not None
    removed = set(found[1].split())
    project = metadata.distribution("skyground")
    requirements = [Requirement(text) for text in project.requires or []]
    development = {item.name for item in requirements if item.marker is not None}
    assert removed == development
    assert removed & _closure({item.name for item in requirements if item.marker is None}) == set()


def _requirements_of(name: str) -> set[str]:
    try:
        texts = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return set()
    requirements = map(Requirement, texts)
    return {item.name for item in requirements if item.marker is None or item.marker.evaluate({"extra": ""})}


def _closure(names: set[str]) -> set[str]:
    todo, seen = set(names), set()
    while todo:
        name = todo.pop()
        seen.add(name)
        todo |= _requirements_of(name) - seen
    return seen


def test_celery_lock_adds_to_the_main_lock_and_overrides_nothing() -> None:
    main, extra = _locked("requirements.lock"), _locked("deploy/requirements-celery.lock")
    assert set(main) & set(extra) == set()
    text = (ROOT / "deploy" / "requirements-celery.lock").read_text(encoding="utf-8")
    assert text.count("--hash=sha256:") >= len(extra)
    assert "://" not in text
