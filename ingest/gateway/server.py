"""The gateway as a program: one event loop for the stations, one thread that commits, one that publishes."""

from __future__ import annotations

import asyncio
import resource
from typing import TYPE_CHECKING

import structlog

from ingest.gateway.buffer_writer import BufferWriter
from ingest.gateway.connection import Connection, Hub
from ingest.gateway.device import acceptance_of, devices_of
from ingest.gateway.forward import Forwarder
from ingest.gateway.history import HistoryDesk
from ingest.gateway.metrics import GatewayMetrics
from ingest.gateway.request import RequestBook
from ingest.mqtt import HeartbeatSender
from ingest.process.error import IngestError
from ingest.process.lock import locked
from ingest.process.supervise import Worker
from schemas.struct_use import prepare_structs
from store.rawlog import RawLog

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping

    from ingest.gateway.device import Device
    from ingest.gateway.settings import GatewaySettings

_POLL_S = 0.2
_SWEEP_S = 5.0
_BACKLOG = 4_096
_OTHER_FILES = 200
_FORWARD_END_S = 10.0
_log = structlog.get_logger("ingest.gateway")


def run(settings: GatewaySettings, stop: threading.Event) -> None:
    """Serve stations until ``stop`` is set; raises as `ingest.collector.collector.collect` does."""
    prepare_structs()
    devices = devices_of(settings.stations)
    settings.buffer_dir.mkdir(parents=True, exist_ok=True)
    _allow_files(settings.gateway_connections_max)
    with locked(settings.buffer_dir / "gateway.lock", owner="gateway"):
        metrics = GatewayMetrics()
        metrics.serve(settings.metrics_host, settings.gateway_metrics_port)
        log = RawLog(settings.buffer_dir)
        forwarder = Forwarder(settings, log, devices=devices, metrics=metrics, stop=stop)
        publishing = Worker("forward", forwarder.run, stop, metrics.restarted)
        buffer_writer = BufferWriter(settings, log, metrics)
        complaints = (forwarder.complaint, publishing.complaint, buffer_writer.complaint)
        with HeartbeatSender(settings, settings.gateway_client_id, complaints) as beats:
            beating = Worker("beat", beats.run, stop, metrics.restarted)
            publishing.start()
            beating.start()
            try:
                asyncio.run(_serve(settings, buffer_writer, metrics, devices=devices, stop=stop))
            finally:
                stop.set()
                publishing.join(_FORWARD_END_S)
                log.close()
    _log.info("stopped")


async def _serve(
    settings: GatewaySettings,
    buffer_writer: BufferWriter,
    metrics: GatewayMetrics,
    *,
    devices: Mapping[str, Device],
    stop: threading.Event,
) -> None:
    hub = Hub(
        devices=devices,
        acceptance=acceptance_of(devices),
        buffer_writer=buffer_writer,
        requests=RequestBook(devices, metrics),
        metrics=metrics,
        connections_max=settings.gateway_connections_max,
    )
    server = await _listen(settings, hub)
    ended = asyncio.Event()
    keeping = asyncio.create_task(buffer_writer.run(ended))
    desk = HistoryDesk(settings, hub.requests, metrics)
    desk.open()
    port = server.sockets[0].getsockname()[1]
    _log.info("started", address=f"{settings.gateway_host}:{port}", devices=len(devices))
    try:
        await _watch(settings, hub, metrics, stop, keeping)
    finally:
        server.close()
        hub.is_stopping = True
        await desk.close()
        ended.set()
        await keeping  # everything that was taken is on disk and answered before the connections close
        for connection in list(hub.connections):
            connection.close("stop")
        await asyncio.sleep(0)


async def _listen(settings: GatewaySettings, hub: Hub) -> asyncio.Server:
    host, port = settings.gateway_host, settings.gateway_port
    try:
        return await asyncio.get_running_loop().create_server(lambda: Connection(hub), host, port, backlog=_BACKLOG)
    except OSError as error:
        msg = f"SKYGROUND_GATEWAY_PORT={port}: {host}:{port} cannot be opened: {error.strerror}"
        raise IngestError(msg) from error


async def _watch(
    settings: GatewaySettings, hub: Hub, metrics: GatewayMetrics, stop: threading.Event, keeping: asyncio.Task[None]
) -> None:
    """Close silent connections until stopped; ends with the task that keeps frames."""
    loop = asyncio.get_running_loop()
    swept_at = loop.time()
    while not stop.is_set():
        await asyncio.sleep(_POLL_S)
        if keeping.done():
            await keeping  # raises what ended it
        now = loop.time()
        if now - swept_at >= min(_SWEEP_S, settings.gateway_first_frame_s):
            swept_at = now
            try:
                hub.close_idle(now, first_frame_s=settings.gateway_first_frame_s, idle_s=settings.gateway_idle_s)
                hub.buffer_writer.measure()
            except Exception as error:  # noqa: BLE001 - the stations stay connected
                metrics.caught("sweep", error)


def _allow_files(connections: int) -> None:
    """Raise the limit of open files to what the connections need, as far as the system lets us."""
    needed = connections + _OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < needed:
        _log.warning("too_few_files", hard_limit=hard, needed=needed, detail="later connections will be refused")
        needed = hard
    if soft != resource.RLIM_INFINITY and soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
