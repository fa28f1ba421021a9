"""Tries what each part needs with the credentials of the settings at hand, and states what is wrong and how to repair it.

Each part has settings of its own (a unit's or a container's environment), so that the doctor is run there:
``skyground doctor --part gateway``. A check stores nothing: InfluxDB gets an empty write, the state database a transaction
that is rolled back, the broker a session that ends, the mail server a log-in without a mail.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol

from console.doctor.diagnosis import Diagnosis, PartName
from console.doctor.disk import check_disk
from console.doctor.machine import check_font, check_network, check_programs, check_restore
from console.doctor.people import check_people, check_templates
from console.doctor.record import check_mail, check_registry, check_rules, check_state
from console.doctor.server import check_airflow, check_broker, check_console, check_gateway_broker, check_influxdb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from console.local.settings import LocalSettings


class _Check(Protocol):
    def __call__(self, settings: LocalSettings, /) -> Diagnosis: ...


_NEEDS = {
    PartName.COLLECTOR: ("network", "disk", "restore", "broker", "influxdb", "state"),
    PartName.GATEWAY: ("network", "disk", "broker"),
    PartName.WATCH: ("network", "font", "influxdb", "state", "rules", "registry", "people", "templates", "mail"),
    PartName.AIRFLOW: (
        "network",
        "font",
        "influxdb",
        "state",
        "rules",
        "registry",
        "people",
        "templates",
        "mail",
        "airflow",
    ),
    PartName.CONSOLE: ("network", "influxdb", "state", "console"),
}


def examine(settings: LocalSettings, part: PartName | None = None) -> Iterator[Diagnosis]:
    """Try one component after the other; a check that raises gives a diagnosis, too.

    Parameters
    ----------
    settings : LocalSettings
    part : PartName or None
        Only what this part needs; None: everything.
    """
    for name, check in _checks(part).items():
        try:
            yield check(settings)
        except Exception as error:  # noqa: BLE001 - a check that raises must not hide the others
            yield Diagnosis(
                component=name,
                ok=False,
                detail=f"{type(error).__name__}: {error}",
                repair="the check raised; report it with the message",
            )


def _checks(part: PartName | None) -> dict[str, _Check]:
    everything: dict[str, _Check] = {
        "network": check_network,
        "programs": check_programs,
        "font": check_font,
        "disk": check_disk,
        "restore": check_restore,
        "broker": check_broker,
        "influxdb": partial(check_influxdb, part=part),
        "state": check_state,
        "rules": check_rules,
        "registry": check_registry,
        "people": check_people,
        "templates": check_templates,
        "mail": check_mail,
        "airflow": check_airflow,
        "console": check_console,
    }
    if part is PartName.GATEWAY:
        everything["broker"] = check_gateway_broker
    return everything if part is None else {name: everything[name] for name in _NEEDS[part]}
