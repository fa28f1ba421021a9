"""Renew the generated sections of ``docs/qc-tests.md``: ``python -m qc.docs [PAGE]``; a test compares the page with `renew`.

A section consists of the docstring of the module (of the limit for relations), the flags that the test records, the packaged limits
of its kind, and the source that ends the docstring.
"""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from qc.hourly import table as hourly
from qc.hourly.relation import network
from qc.limits.limit import tag_of
from qc.limits.load import LimitKinds, parse_limits
from qc.limits.thresholds import PACKAGED
from qc.native import table as native
from schemas.flag import Flag

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from qc.limits.limit import BaseLimit

PAGE = Path(__file__).resolve().parents[1] / "docs" / "qc-tests.md"
_MARK = "<!-- {name}: made by python -m qc.docs -->"
_END = "<!-- end of {name} -->"
_SUSPECT = frozenset({Flag.SUSPECT})
#: Flags that relations record, where others than SUSPECT.
_RELATION_FLAGS = {"dose_rise": frozenset({Flag.PASS, Flag.SUSPECT})}


def renew(page: str) -> str:
    """The page with its generated sections made again from the tables and the packaged limits."""
    kinds = LimitKinds({**native.KINDS, **hourly.KINDS}, {}, is_partial=True)
    limits: dict[str, list[BaseLimit]] = {}
    for _, limit in parse_limits(PACKAGED.read_text("utf-8"), PACKAGED.name, kinds).limits:
        limits.setdefault(tag_of(limit), []).append(limit)
    blocks = {
        "native tests": [(item.TEST.name, item.__doc__, item.TEST.flags) for item in native.MODULES],
        "hourly tests": [(item.TEST.name, item.__doc__, item.TEST.flags) for item in hourly.MODULES],
        "relations": [
            (name, kind.__doc__, _RELATION_FLAGS.get(name, _SUSPECT)) for name, kind in network.KINDS.items()
        ],
    }
    for name, tests in blocks.items():
        made = "\n".join(section(test, doc, flags, limits.get(test, ())) for test, doc, flags in tests)
        begin, end = _MARK.format(name=name), _END.format(name=name)
        block = re.compile(f"(?s){re.escape(begin)}.*{re.escape(end)}")
        page = block.sub(lambda _, made=f"{begin}\n\n{made}\n{end}": made, page)  # type: ignore[misc]
    return page


def section(name: str, doc: str | None, flags: Iterable[Flag], limits: Sequence[BaseLimit]) -> str:
    """Section of one test.

    Parameters
    ----------
    name : str
    doc : str
        Docstring that ends with a paragraph ``Source: ...``.
    flags : iterable of Flag
        Flags that the test records.
    limits : sequence of BaseLimit
        Packaged limits of the test.
    """
    body, _, source = inspect.cleandoc(doc or "").partition("\nSource: ")
    recorded = ", ".join(flag.name for flag in sorted(flags))
    parts = [f"### `{name}`", body.strip(), "", f"Flags: {recorded}.", f"Source: {_joined(source)}", _defaults(limits)]
    return "\n".join(parts) + "\n"


def _defaults(limits: Sequence[BaseLimit]) -> str:
    """Packaged limits as a table with a column a figure."""
    if not limits:
        return "Defaults: no limits by parameter."
    stated = {name for limit in limits for name, value in _figures(limit).items() if value}
    columns = [name for name in type(limits[0]).__struct_fields__ if name in stated]
    rows = [[_owner(limit), *(_figures(limit).get(name, "") for name in columns), limit.unit] for limit in limits]
    lines = [["of", *columns, "unit"], ["---"] * (len(columns) + 2), *rows]
    return "Defaults:\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _owner(limit: BaseLimit) -> str:
    """What a limit holds for: ``o3, no2; station ln-sy-01; months 12, 1``."""
    owners = [*limit.parameters, *(f"group {item.value}" for item in limit.groups)]
    narrow = [f"network {limit.network}"] if limit.network else []
    narrow += [f"station {limit.station}"] if limit.station else []
    narrow += [f"months {', '.join(map(str, limit.months))}"] if limit.months else []
    return "; ".join([", ".join(owners), *narrow])


def _figures(limit: BaseLimit) -> Mapping[str, str]:
    return {name: _figure(value) for name, value in limit.figures().items()}


def _figure(value: object) -> str:
    """A figure of a limit; a span by months and hours is named."""
    if isinstance(value, tuple):
        return "by month and hour" if any(isinstance(item, tuple) for item in value) else " ".join(map(_figure, value))
    if value is None:
        return ""
    return f"{value:.7g}" if isinstance(value, float) else str(value)


def _joined(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else PAGE
    path.write_text(renew(path.read_text("utf-8")), "utf-8")
