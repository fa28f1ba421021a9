"""Settings of the gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from ingest.process.settings import Broker, Count, MqttName, Port

if TYPE_CHECKING:
    from pathlib import Path


class GatewaySettings(Broker):
    """Settings of the gateway; devices, passwords and factors are in the network file.

    Attributes
    ----------
    gateway_host, gateway_port
        Where stations connect; loopback by default.
    gateway_client_id : str
        Name of the gateway's connection to the broker.
    gateway_connections_max : int
        Further ones are closed at once [1].
    gateway_first_frame_s, gateway_idle_s : int
        A connection is closed when its first right frame does not come in time, or nothing for so long [s].
    gateway_packet_timeout_s : int
        Split uploads that stay incomplete for so long are handed on as they are [s].
    gateway_queue_max : int
        Frames between the network and the disk [1]; beyond it frames get no answer, and stations send again.
    gateway_buffer_max_bytes : int
        Size of the buffer on disk at which frames get no answer any more [B].
    gateway_keep_days : int
        How long published frames stay in the buffer [d].
    metrics_host, gateway_metrics_port
        Where Prometheus asks; port 0 is off.
    """

    gateway_host: str = "127.0.0.1"
    gateway_port: Port = 9212
    gateway_client_id: MqttName = "skyground-gateway"
    gateway_connections_max: Annotated[int, Field(ge=1, le=1_000_000)] = 12_000
    gateway_first_frame_s: Count = 120
    gateway_idle_s: Count = 3_900
    gateway_packet_timeout_s: Count = 60
    gateway_queue_max: Count = 20_000
    gateway_buffer_max_bytes: Annotated[int, Field(ge=1 << 20)] = 8 << 30
    gateway_keep_days: Annotated[int, Field(ge=1, le=3650)] = 7
    metrics_host: str = "127.0.0.1"
    gateway_metrics_port: Port = 9465

    @property
    def buffer_dir(self) -> Path:
        """Directory of the buffer."""
        return self.run_dir / "gateway"
