"""Which adapter a gateway's kind means; its libraries are imported only when it is chosen."""

from __future__ import annotations

from bot.gateway_settings import GatewaySettings
from bot.paying.gateways.credentials import Credentials
from bot.paying.gateways.line import LineGateway


def open_gateway(
    settings: GatewaySettings,
    credentials: Credentials,
    *,
    url: str | None = None,
    declared_delays: bool = False,
) -> LineGateway:
    """The adapter for `settings.kind`; see `line.Line` for the arguments. Close it after use.

    Raises GatewayError, which names the setting, for what cannot be right.
    """
    match settings.kind:
        case "rest":
            from bot.paying.gateways.rest import RestGateway as Adapter  # noqa: PLC0415
        case "xml":
            from bot.paying.gateways.xml import XmlGateway as Adapter  # type: ignore[assignment] # noqa: PLC0415
        case "stripe":
            from bot.paying.gateways.stripe import StripeGateway as Adapter  # type: ignore[assignment] # noqa: PLC0415
    return Adapter(settings, credentials, url=url, declared_delays=declared_delays)
