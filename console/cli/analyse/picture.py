"""Option ``--png`` of the analysis commands, and writing its file; ends the command where that is not possible."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli import shell

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matplotlib.figure import Figure

StationPicture = Annotated[Path | None, typer.Option("--png", help="write a picture, of one station 绘图文件")]
PlacePicture = Annotated[Path | None, typer.Option("--png", help="write a picture, of one place 绘图文件")]


def write_picture(path: Path, drawn: bytes) -> None:
    """Write the picture of ``--png``."""
    try:
        path.write_bytes(drawn)
    except OSError as error:
        shell.stop(f"--png {path}: {error.strerror}")


def write_head(figure: Figure, place: str, period: str) -> None:
    """Write at the top of a picture what it is of."""
    figure.suptitle(f"{place}  {period}", x=0.005, ha="left", fontsize=8.5, color="#4a5661")


def check_one_station(names: Iterable[str]) -> None:
    """A picture shows one station."""
    found = tuple(names)
    if len(found) > 1:
        shell.stop(f"--png shows one station, name it with --station: {', '.join(found)}")
