"""The file of source profiles: read strictly, one vocabulary, nothing of the simulator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analysis.receptor.source_library import SourceLibraryError, load_library
from analysis.receptor.source_library.profile import LIBRARY_PATH

if TYPE_CHECKING:
    from pathlib import Path

TEXT = LIBRARY_PATH.read_text(encoding="utf-8")


def _changed(tmp_path: Path, old: str, new: str) -> Path:
    assert old in TEXT
    path = tmp_path / "changed.toml"
    path.write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    return path


def test_a_verified_part_names_the_copy_that_was_read() -> None:
    library = load_library()
    read = {item.id for item in library.publication if item.read}
    verified = {part.publication for profile in library.profile for part in profile.part if part.verified}
    assert verified <= read
    assert len(verified) >= 4


def test_a_species_has_one_figure_in_a_variant() -> None:
    for profile in load_library().profile:
        names = [name for part in profile.part for name in part.mass]
        assert len(names) == len(set(names)), profile.id


def test_kinds_that_form_in_the_air_are_not_emitted() -> None:
    assert {"secondary_inorganic", "photochemistry", "sea_salt"}.isdisjoint(load_library().emitted().kinds)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("co = 20.0", "carbon = 20.0", "traffic_petrol, part gas: carbon is not in the registry"),
        ("co = 20.0", "co = -20.0", "co = -20.0 has to be above 0"),
        ('publication = "customary"', 'publication = "nobody"', "publication nobody is not listed"),
        ('id = "traffic_diesel"', 'id = "traffic_petrol"', "profile traffic_petrol is there twice"),
        ("scale = 1.0", "scale = 0.0", "have to be above 0"),
        ("scale = 1.0", "factor = 1.0", "unknown field `factor`"),
        ("[rules]", "[rules", "changed.toml"),
    ],
)
def test_a_wrong_library_says_where_and_what_is_needed(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(SourceLibraryError, match=message):
        load_library(_changed(tmp_path, old, new))
