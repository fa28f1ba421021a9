"""Names in the filters of lists: nothing found for a name that there is not is no answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from schemas.network import Network


def refuse_unknown(
    known: Network, *, network: str | None = None, stations: Iterable[str] = (), parameters: Iterable[str] = ()
) -> None:
    """End the command with status 2 where a filter names a network, station or parameter that there is not.

    To be asked when nothing was found: what is on record of a station that was removed since is listed as ever.

    Parameters
    ----------
    known : Network
        The network file.
    network : str or None
    stations, parameters : iterable of str
    """
    from schemas.message import NetworkCode
    from schemas.parameter import ParameterError, parameter

    codes = [code.value for code in NetworkCode]
    if network is not None and network not in codes:
        msg = f"unknown network {network!r}, expected one of {', '.join(codes)}"
        raise typer.BadParameter(msg, param_hint="--network")
    for name in stations:
        if name not in known.stations:
            msg = f"unknown station {name!r}"
            raise typer.BadParameter(msg, param_hint="--station")
    for code in parameters:
        try:
            parameter(code)
        except ParameterError as error:
            raise typer.BadParameter(str(error), param_hint="--parameter") from None
