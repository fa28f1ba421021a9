from __future__ import annotations

from pathlib import Path

import pytest

from alerts.people.file import PeopleFileError, load_people, parse_people, people_of
from alerts.settings import AlertSettings
from tests.alerts.people.build import DAY_NIGHT, text_of

EXAMPLE = Path(__file__).resolve().parents[3] / "deploy" / "people.example.toml"
ROUTE = '[[route]]\nname = "r"\nteam = "duty"\n'
ABSENCE = '[[absence]]\nperson = "li"\nfrom = 2026-12-01\nuntil = 2026-12-02\n'
OVERRIDE = '[[override]]\ndate = 2026-12-01\nshift = "day"\norder = ["li"]\n'


def refusal(text: str) -> str:
    with pytest.raises(PeopleFileError) as error:
        parse_people(text, "people.toml")
    assert str(error.value).startswith("people.toml: ")
    return str(error.value).removeprefix("people.toml: ")


def test_the_example_is_in_order() -> None:
    people = load_people(EXAMPLE)
    assert people.shifts
    assert people.routes
    assert "url" not in people.person["wang-wei"].channels[0].reference


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('zone = "Asia/Shanghai"', 'zone = "Mars/Base"', "key zone: 'Mars/Base', expected an IANA time zone"),
        ('zone = "Asia/Shanghai"', 'place = "x"', "key place: unknown"),
        ('fallback_team = "duty"', 'fallback_team = "day"', "key fallback_team: 'day', expected a team of this file: duty"),
        ('fallback_team = "duty"', "", "key fallback_team: missing"),
        ('mail = "li@example.org"', "mail = 3", "person 'li': key mail: expected an address like li.na@example.org (in quotes), got `int`"),
        ('mail = "li@example.org"', "", "person 'li': key mail: missing"),
        ('mail = "li@example.org"', 'mail = "li"', "person 'li': key mail: 'li', expected an address like"),
        ('mail = "li@example.org"', 'mail = "L <li@a.org>"', "person 'li': key mail: 'L <li@a.org>', expected"),
        ('mail = "li@example.org"', 'mail = "li@a.org\\nBcc: x@y"', "person 'li': key mail: 'li@a.org\\nBcc"),
        ('mail = "li@example.org"', 'mail = "Wang@example.org"', "person 'wang': key mail: 'wang@example.org' is the address of 'li'"),
        ('mail = "li@example.org"', 'mail = "li@a.org"\nurl = "wecom://s"', "person 'li': key url: unknown"),
        ('mail = "li@example.org"', 'mail = "li@a.org"\nlanguage = "fr"', "person 'li': key language: invalid enum value 'fr'"),
        ('mail = "li@example.org"', 'mail = "li@a.org"\nareas = ["Dalian"]', "person 'li': key areas[0]: expected a shell pattern of GB/T 2260 codes"),
        ('mail = "li@example.org"', 'mail = "li@a.org"\nquiet = { from = "25:00", until = "07:00" }', "person 'li' quiet: key from: expected a time of day, as 08:00"),
        ('mail = "li@example.org"', 'mail = "li@a.org"\nquiet = { from = "07:00", until = "07:00" }', "person 'li': key quiet: 07:00 to 07:00, expected two"),
        ('mail = "li@example.org"', 'mail = "li@a.org"\nchannels = [{ name = "mail", url_env = "A" }]', "person 'li': key channels: 'mail', expected another name"),
        ('mail = "li@example.org"', 'mail = "li@a.org"\nchannels = [{ name = "wecom" }]', "person 'li': key channels: 'wecom': expected exactly one of url_env and url_file"),
        ('mail = "li@example.org"', 'mail = "li@a.org"\nchannels = [{ name = "wecom", url = "s" }]', "person 'li' channels[0]: key url: unknown"),
        ('name_en = "li"', 'name_en = "\\u202eLi"', "person 'li': key name_en: '\\u202eLi', expected text on one line"),
        ('name_en = "li"', 'name_en = "Li\\u2028Na"', "person 'li': key name_en: 'Li\\u2028Na', expected text on one line"),
        ('name_en = "li"', 'name_en = " "', "person 'li': key name_en: ' ', expected text on one line"),
        ('id = "wang"', 'id = "li"', "person 'li': key id: used twice"),
        ('id = "wang"', 'id = "Wang"', "person 'Wang': key id: expected an id of at most 48"),
        ('leader = "chief"', 'leader = "boss"', "team 'duty': key leader: 'boss', expected a person of this file: chief, li, wang, zhao"),
        ('members = ["li", ', 'members = ["lee", ', "team 'duty': key members: 'lee', expected a person"),
        ('leader = "chief"', 'leader = "chief"\nescalate_after_min = 0', "team 'duty': key escalate_after_min: expected `int` >= 1"),
        ('leader = "chief"', 'leader = "chief"\nnetworks = ["radio"]', "team 'duty': key networks[0]: invalid enum value 'radio'"),
        ('team = "duty"\nfrom = "08:00"', 'team = "dutty"\nfrom = "08:00"', "shift 'day': key team: 'dutty', expected a team"),
        ('order = ["li", "wang"]', 'order = ["li", "chief"]', "shift 'day': key order: 'chief', expected a member of team 'duty'"),
        ('order = ["li", "wang"]', "", "shift 'day': key order: expected exactly one of order and rotation"),
        ('order = ["li", "wang"]', 'order = ["li", "li"]', "shift 'day': key order: 'li' is named twice"),
        ('from = "08:00"', "from = 08:00:00", "shift 'day': key from: expected a time of day, as 08:00 (in quotes), got `time`"),
        ('order = ["li", "wang"]', 'order = ["li"]\ndays = ["monday"]', "shift 'day': key days[0]: invalid enum value 'monday'"),
        ('order = ["li", "wang"]', 'order = ["li"]\nfirst_day = 2026-12-02\nlast_day = 2026-12-01', "shift 'day': key last_day: 2026-12-01, expected"),
        ('order = ["li", "wang"]', 'rotation = { every = "year", start = 2026-12-01, members = ["li"] }', "shift 'day' rotation: key every: invalid enum value 'year'"),
        ('\n[[shift]]\nid = "day"', '[[watch]]\nid = "day"', "key watch: unknown"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_with_table_key_and_expectation(old: str, new: str, message: str) -> None:
    text = text_of(DAY_NIGHT)
    assert old in text
    assert refusal(text.replace(old, new, 1)).startswith(message)


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        (ABSENCE.replace('"li"', '"lee"'), "absence of 'lee' from 2026-12-01: key person: 'lee', expected a person"),
        (ABSENCE.replace("until = 2026-12-02", "until = 2026-11-02"), "absence of 'li' from 2026-12-01: key until: 2026-11-02, expected"),
        (ABSENCE + 'deputy = "li"\n', "absence of 'li' from 2026-12-01: key deputy: 'li', expected another person"),
        (ABSENCE + ABSENCE.replace("12-01", "12-02"), "absence of 'li' from 2026-12-02: key from: overlaps"),
        (ABSENCE + 'deputy = "wang"\n' + ABSENCE.replace('"li"', '"wang"') + 'deputy = "li"\n', "absence of 'li' from 2026-12-01: key deputy: 'wang' is absent as well"),
        (
            "".join(
                ABSENCE.replace('"li"', f'"{one}"').replace("12-01", f"12-0{day}").replace("until = 2026-12-02", "until = 2026-12-09") + f'deputy = "{two}"\n'
                for day, (one, two) in enumerate([("li", "wang"), ("wang", "zhao"), ("zhao", "li")], 1)
            ),
            "absence of 'zhao' from 2026-12-03: key deputy: 'li' is absent as well",
        ),
        (ABSENCE.replace("2026-12-01", "2026-12-01T08:00:00"), "absence number 1: key from: expected `date`, got `datetime`"),
        (OVERRIDE.replace('"day"', '"dya"'), "override of 2026-12-01: key shift: 'dya', expected a shift of this file: day, night"),
        (OVERRIDE + OVERRIDE, "override: key date: day on 2026-12-01 is named twice"),
        (OVERRIDE + ABSENCE, "override of 2026-12-01: key order: 'li' is absent on that day"),
        (ROUTE + 'channels = ["wecom"]\n', "route 'r': key channels: 'wecom', expected 'mail' or a channel of a person or team"),
        (ROUTE.replace('"duty"', '"x"'), "route 'r': key team: 'x', expected a team"),
        (ROUTE + 'severities = ["loud"]\n', "route 'r': key severities[0]: invalid enum value 'loud'"),
        (ROUTE + 'kinds = ["smog"]\n', "route 'r': key kinds[0]: invalid enum value 'smog'"),
        (ROUTE + ROUTE, "route 'r': key name: used twice"),
        ('[[holiday]]\nname_zh = "a"\nname_en = "a"\ndays = [2027-01-01, 2027-01-01]\n', "holiday: key days: 2027-01-01 is named twice"),
    ],
)  # fmt: skip
def test_a_table_that_contradicts_another_is_refused(tables: str, message: str) -> None:
    assert refusal(text_of(DAY_NIGHT + tables)).startswith(message)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("li@example.org", "li"),
        ('order = ["li", "wang"]', 'order = ["li", "li"]'),
        ('from = "08:00"', "from = 08:00:00"),
        ('leader = "chief"', 'leader = "chief"\nnetworks = ["radio"]'),
        ('fallback_team = "duty"', 'fallback_team = "dutty"'),
        ('order = ["li", "wang"]', 'rotation = { every = "year", start = 2026-12-01, members = ["li"] }'),
        ("zone = ", "zoned = "),
    ],
)
def test_a_refusal_has_the_line(old: str, new: str) -> None:
    text = text_of(DAY_NIGHT)
    assert old in text
    line = text[: text.index(old)].count("\n") + 1 + new.count("\n")
    assert refusal(text.replace(old, new, 1)).endswith(f"(line {line})")


def test_of_two_tables_that_contradict_each_other_the_later_one_has_the_line() -> None:
    text = text_of(DAY_NIGHT + ROUTE + ROUTE)
    last = text.rindex('name = "r"')
    assert refusal(text).endswith(f"(line {text[:last].count(chr(10)) + 1})")


@pytest.mark.parametrize(
    "text", ["zone = ", "", "zone = 3\n", "person = 3\nzone = 'UTC'\nfallback_team = 'a'\nteam = []"]
)
def test_a_file_without_sense_is_refused(text: str) -> None:
    refusal(text)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(PeopleFileError, match=r"absent\.toml: cannot be read"):
        load_people(tmp_path / "absent.toml")


def test_without_a_people_file_the_addresses_of_the_settings_are_the_duty_team() -> None:
    people = people_of(AlertSettings(mail_to=("A <a@example.org>", "A@example.org", "b@example.org"), language="en"))
    assert [item.mail for item in people.persons] == ["A@example.org", "b@example.org"]
    assert people.fallback.id == "duty"
    assert people.digest_at is None
