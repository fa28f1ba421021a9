"""What a part needs of this machine: network file, programs, fonts."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from console.doctor.diagnosis import Diagnosis

if TYPE_CHECKING:
    from console.local.settings import LocalSettings

from schemas.network.file import NetworkFileError

FONT_FAMILIES = ("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Zen Hei")


def check_network(settings: LocalSettings) -> Diagnosis:
    """The network file can be read."""
    try:
        network = settings.stations
    except NetworkFileError as error:
        return Diagnosis(
            component="network", ok=False, detail=str(error), repair="correct the file that SKYGROUND_NETWORK names"
        )
    detail = f"{settings.network}: {len(network.stations)} stations, {len(network.instruments)} instruments"
    return Diagnosis(component="network", ok=True, detail=detail)


def check_restore(settings: LocalSettings) -> Diagnosis:
    """No restore of the run directory was interrupted."""
    from store.backup.restore import STAGING

    left = settings.run_dir / STAGING
    if left.exists():
        return Diagnosis(
            component="restore",
            ok=False,
            detail=f"{left} is there: a restore was interrupted, or is running",
            repair="wait for its end, or repeat it before a part starts: skyground restore DIR --force",
        )
    return Diagnosis(component="restore", ok=True, detail="no restore was interrupted")


def check_programs(settings: LocalSettings) -> Diagnosis:
    """Programs of the parts that are started here are installed."""
    del settings
    packages = {"mosquitto": "mosquitto", "influxd": "influxdb"}
    missing = [
        package
        for program, package in packages.items()
        if not shutil.which(program, path="/usr/sbin:/usr/bin:/usr/local/bin")
    ]
    if missing:
        return Diagnosis(
            component="programs",
            ok=False,
            detail=f"not installed here: {', '.join(missing)}",
            repair=f"apt-get install {' '.join(missing)} (only needed where these parts run on this machine)",
        )
    return Diagnosis(component="programs", ok=True, detail="mosquitto and influxd are installed")


def check_font(settings: LocalSettings) -> Diagnosis:
    """A font with Chinese characters for the pictures in mails."""
    del settings
    from matplotlib import font_manager

    names = {entry.name for entry in font_manager.fontManager.ttflist}
    found = next((name for name in FONT_FAMILIES if name in names), None) or _font_file()
    if found is None:
        return Diagnosis(
            component="font",
            ok=False,
            detail="no font with Chinese characters for the pictures in mails",
            repair="apt-get install fonts-noto-cjk",
        )
    return Diagnosis(component="font", ok=True, detail=found)


def _font_file() -> str | None:
    return next((path.name for path in Path("/usr/share/fonts").rglob("*CJK*.tt[cf]")), None)
