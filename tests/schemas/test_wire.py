"""The stored JSON Schemas are those of the types."""

import pytest

from schemas.wire import DIRECTORY, SCHEMAS, render


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_stored_schema_is_generated_from_the_type(name: str) -> None:
    assert (DIRECTORY / f"{name}.schema.json").read_text(encoding="utf-8") == render(name)


def test_no_stored_schema_is_left_over() -> None:
    assert {path.name.removesuffix(".schema.json") for path in DIRECTORY.glob("*.schema.json")} == set(SCHEMAS)
