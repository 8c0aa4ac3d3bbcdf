"""The gateways the faults are tried on."""

from __future__ import annotations

from enum import StrEnum

from bot.gateway_settings import GatewaySettings
from bot.paying.gateways.credentials import simulated_credentials
from bot.paying.gateways.kinds import open_gateway
from bot.paying.gateways.line import LineGateway
from bot.paying.simulator.process import simulated_url


class Kind(StrEnum):
    REST = "rest"
    XML = "xml"
    STRIPE = "stripe"


def gateway_at(kind: Kind, url: str) -> LineGateway:
    """A client of the simulator at this address, which speaks like a gateway of this kind; to be
    closed."""
    return open_gateway(
        GatewaySettings(kind=kind.value),
        simulated_credentials(),
        url=simulated_url(url, kind),
        declared_delays=True,
    )
