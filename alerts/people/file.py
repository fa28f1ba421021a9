"""The people file, read from TOML and parsed strictly.

``deploy/people.example.toml`` shows every key and ``docs/alerts.md`` explains them. An unknown key, a wrong type or anything that
`alerts.people.check` finds raises `PeopleFileError` with file, table, key, expectation and line.
"""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any

import msgspec

from alerts.people.check import faults
from alerts.people.people import People, people_of_addresses
from schemas.text_file import parse_toml, read_text, toml_line
from store.settings import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

    from alerts.settings import AlertSettings

_AT = re.compile(r"^(?P<what>.*) - at `\$\.?(?P<path>.*)`$")
_CLOCK = "a time of day, as 08:00"
_ONE_LINE = "text on one line of at most 80 characters"
_EXPECTED = {
    "zone": "an IANA time zone, as Asia/Shanghai",
    "mail": "an address like li.na@example.org",
    "areas": "a shell pattern of GB/T 2260 codes, as 2101*",
    "operator_of": "a shell pattern of station ids, as ln-as-*",
    "from": _CLOCK,
    "until": _CLOCK,
    "digest_at": _CLOCK,
    "url_env": "the name of an environment variable, as WECOM_URL",
    **dict.fromkeys(("name_zh", "name_en", "role", "url_file"), _ONE_LINE),
}
_ID = "an id of at most 48 small letters, digits and dashes"


class PeopleFileError(SettingsError):
    """The people cannot be used; the message names file, table, key, expectation and line."""


def load_people(path: Path) -> People:
    """Read a people file; raises `PeopleFileError`, also where it cannot be read."""
    return parse_people(read_text(path, PeopleFileError), str(path))


def people_of(settings: AlertSettings) -> People:
    """The people of an installation: those of its file, or one team of ``SKYGROUND_MAIL_TO``; raises `PeopleFileError`."""
    if settings.people is not None:
        return load_people(settings.people)
    return people_of_addresses(settings.mail_to, language=settings.language, zone=settings.zone)


def parse_people(text: str, name: str) -> People:
    """Parse people of TOML; raises `PeopleFileError`, whose message begins with ``name``, that of the file."""
    try:
        document = parse_toml(text)
        people = msgspec.convert(document, People)
    except tomllib.TOMLDecodeError as error:
        msg = f"{name}: not TOML: {error}"
        raise PeopleFileError(msg) from error
    except msgspec.ValidationError as error:
        explained = _explain(str(error), document)
        msg = f"{name}: {explained}{_line(explained, document, text)}"
        raise PeopleFileError(msg) from error
    fault = next(faults(people), None)
    if fault is not None:
        msg = f"{name}: {fault}{_line(str(fault), document, text)}"
        raise PeopleFileError(msg)
    return people


_SAID = re.compile(r"(?:(?P<table>[a-z]+)\b(?P<rest>.*?): )?key (?P<key>\w+)")
_LAST = ("twice", "overlaps")
"""Of two tables that contradict each other it is the later one."""


def _line(fault: str, document: dict[str, Any], text: str) -> str:
    """`` (line 12)`` of the key that a fault names, else of its table; empty where it is not known."""
    said = _SAID.match(fault)
    if said is None:
        return ""
    table, key = said["table"] or "", said["key"]
    tables = document.get(table) if table else None
    if not isinstance(tables, list):
        line = toml_line(text, "", 0, key) or toml_line(text, key, 0)
        return f" (line {line})" if line is not None else ""
    place = table + said["rest"]
    own = [number for number, item in enumerate(tables) if _is_named(place, table, number, item)]
    if not own:
        return ""
    inner = place.rpartition(" ")[2].partition("[")[0]  # as channels[1], rotation
    line = toml_line(text, table, own[-1] if any(item in fault for item in _LAST) else own[0], key, inner)
    return f" (line {line})" if line is not None else ""


def _is_named(place: str, table: str, number: int, item: object) -> bool:
    """Whether a fault that names a table so is about this one."""
    if not isinstance(item, dict):
        return False
    label = item.get("id", item.get("name"))
    start = {
        "absence": f" of {item.get('person')!r} from {item.get('from')}",
        "override": f" of {item.get('date')}",
    }.get(table, f" {label!r}")
    return place == table or place.startswith((table + start, f"{table} number {number + 1}"))


def _explain(error: str, document: dict[str, Any]) -> str:
    """Turn msgspec's message into table, key and expectation."""
    at = _AT.match(error)
    what, path = (at["what"], at["path"]) if at else (error, "")
    if found := re.search(r"(?P<state>unknown|missing required) field `(?P<key>.+?)`", what):
        is_unknown = found["state"] == "unknown"
        place, key = path, found["key"]
        problem = "unknown, see docs/alerts.md, People, for the keys" if is_unknown else "missing"
    else:
        place, _, key = path.rpartition(".") if "." in path else ("", "", path)
        problem = _expectation(what, key.partition("[")[0])
    table = _named(place, document)
    return f"{table}: key {key}: {problem}" if table else f"key {key}: {problem}"


def _expectation(what: str, key: str) -> str:
    """Of a text what it says, instead of its pattern or type."""
    if "matching regex" in what:
        return f"expected {_EXPECTED.get(key, _ID)}"
    if what.startswith("Expected `str`") and key in _EXPECTED:
        return f"expected {_EXPECTED[key]} (in quotes), got {what.partition(', got ')[2]}"
    return what[:1].lower() + what[1:]


def _named(place: str, document: dict[str, Any]) -> str:
    """``person[0].channels[1]`` as ``person 'li-na' channels[1]``."""
    found = re.match(r"(?P<table>[a-z]+)\[(?P<position>\d+)\]\.?(?P<rest>.*)", place)
    if found is None:
        return place
    table = document[found["table"]][int(found["position"])]
    label = table.get("id", table.get("name")) if isinstance(table, dict) else None
    shown = repr(label) if isinstance(label, str) else f"number {int(found['position']) + 1}"
    return f"{found['table']} {shown} {found['rest']}".rstrip()
