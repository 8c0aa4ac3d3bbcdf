"""Which adapter a gateway's kind means; its libraries are imported only when it is chosen."""

from __future__ import annotations

from bot.errors import GatewayError
from bot.gateway_settings import GatewaySettings
from bot.paying.gateway import Semantics
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
    gateway = Adapter(settings, credentials, url=url, declared_delays=declared_delays)
    _refuse_what_is_never_settled(gateway.semantics, settings)
    return gateway


def _refuse_what_is_never_settled(semantics: Semantics, settings: GatewaySettings) -> None:
    """Every charge whose answer is lost would go to a person, though nothing was taken."""
    if not semantics.can_look_up:
        return
    needed_hours = semantics.settled_after_seconds / 3600
    needed = (
        f'too short: only after {needed_hours:.3g} hours can this gateway\'s "not found" prove '
        "that nothing was taken"
    )
    if settings.settle_for_hours < needed_hours:
        raise GatewayError(f"gateway.settle_for_hours = {settings.settle_for_hours}: {needed}")
    if semantics.key_lifetime_seconds <= semantics.settled_after_seconds:
        hours = semantics.key_lifetime_seconds / 3600
        raise GatewayError(f"gateway.xml.key_lifetime_hours = {hours:g}: {needed}")
