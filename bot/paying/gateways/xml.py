"""The XML adapter: any gateway that takes XML by HTTP POST, described by settings alone.

Law 6: the card's digits are revealed in `_values` only.
"""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from bot.charges import ChargeRequest
from bot.errors import GatewayError
from bot.gateway_settings import GATEWAY_TOKEN_VARIABLE, GatewaySettings, XmlSettings
from bot.money import Money
from bot.paying.gateway import (
    GatewayAnswer,
    KeyState,
    NothingTaken,
    OutcomeUnknown,
    RepeatedKey,
    Semantics,
)
from bot.paying.gateways.credentials import Credentials
from bot.paying.gateways.line import Line, LineGateway, checked_url
from bot.paying.gateways.xml_answers import XmlAnswers
from bot.paying.gateways.xml_template import XmlTemplate, places_in

_LOOK_UP_PLACES = frozenset({"key", "token", "amount", "amount_minor_units", "currency"})
_CHARGE_PLACES = _LOOK_UP_PLACES | {
    "card_number",
    "expiry_month",
    "expiry_year",
    "expiry_year_short",
    "security_code",
    "postal_code",
    "brand",
    "merchant_id",
    "payment_reference",
    "call_id",
}
_HEADER_PLACES = frozenset({"key", "token"})


class XmlGateway(LineGateway):
    """A gateway at `settings.url`, as `settings.xml` describes it. See `Line` for the arguments."""

    def __init__(
        self,
        settings: GatewaySettings,
        credentials: Credentials | None = None,
        *,
        url: str | None = None,
        declared_delays: bool = False,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Raises GatewayError, too, for a template or an expression that cannot be right."""
        credentials = credentials or Credentials()
        xml = settings.xml
        self._token = credentials.token.get_secret_value()
        self._brands = xml.brands
        self._request = XmlTemplate("gateway.xml.request", xml.request, _CHARGE_PLACES)
        self._enquiry = (
            XmlTemplate("gateway.xml.look_up", xml.look_up, _LOOK_UP_PLACES)
            if xml.look_up.strip()
            else None
        )
        self._headers = _checked_headers(xml)
        self._answers = XmlAnswers(xml)
        self._check_places()
        line = Line(
            settings, credentials, url=url, declared_delays=declared_delays, transport=transport
        )
        super().__init__(line, semantics_of(xml))
        self._url = str(line.url)
        self._look_up_url = (
            str(checked_url(xml.look_up_url, settings, "gateway.xml.look_up_url"))
            if xml.look_up_url
            else self._url
        )

    async def _charge(self, request: ChargeRequest, key: str) -> GatewayAnswer | BaseException:
        body = self._request.filled(_values(request, key, self._token, self._brands))
        if body is None:
            return NothingTaken("not sent: a value has characters that XML cannot hold")
        reply = await self._line.exchange("POST", self._url, self._headers_for(key), body)
        if isinstance(reply, BaseException):
            return reply
        return self._answers.read_charge(
            reply.status, reply.body, key, request.amount, reply.delay_ms
        )

    async def _look_up(self, key: str, amount: Money) -> GatewayAnswer | KeyState | BaseException:
        if self._enquiry is None:
            return OutcomeUnknown("this gateway has no look-up (gateway.xml.look_up is empty)")
        body = self._enquiry.filled(_charge_values(amount, key, self._token))
        reply = await self._line.exchange("POST", self._look_up_url, self._headers_for(key), body)
        if isinstance(reply, BaseException):
            return reply
        return self._answers.read_look_up(reply.status, reply.body, key, amount, reply.delay_ms)

    def _headers_for(self, key: str) -> dict[str, str]:
        """Without a token the headers that carry it are left out."""
        return {
            name: value.replace("{key}", key).replace("{token}", self._token)
            for name, value in self._headers.items()
            if self._token or "{token}" not in value
        }

    def _check_places(self) -> None:
        places = self._request.places
        for needed in ({"card_number"}, {"amount", "amount_minor_units"}):
            if not places & needed:
                raise GatewayError(f"gateway.xml.request: has no {{{' or '.join(sorted(needed))}}}")
        if "key" not in places and not any("{key}" in text for text in self._headers.values()):
            raise GatewayError(
                "gateway.xml.request: has no {key}, the name of this one charge; without it the "
                "gateway cannot tell a repeated request from a new one"
            )
        enquiry = self._enquiry.places if self._enquiry is not None else frozenset()
        if "token" in places | enquiry and not self._token:
            raise GatewayError(
                f"gateway.xml: the request needs {{token}}; set {GATEWAY_TOKEN_VARIABLE} or "
                "gateway.token_file"
            )


def semantics_of(xml: XmlSettings) -> Semantics:
    return Semantics(
        repeated_key=RepeatedKey(xml.repeated_key),
        key_lifetime_seconds=xml.key_lifetime_hours * 3600,
        can_look_up=bool(xml.look_up.strip()),
        carried_out_within_seconds=xml.carried_out_within_seconds,
        not_founds_needed=xml.not_founds_needed,
        final_statuses=frozenset(xml.refusing_statuses),
    )


def _checked_headers(xml: XmlSettings) -> dict[str, str]:
    """Raises GatewayError for a header that cannot be sent, or holds a secret in clear."""
    headers = {"Accept": "application/xml, text/xml", **xml.headers}
    headers["Content-Type"] = xml.content_type
    for name, value in headers.items():
        setting = f"gateway.xml.headers.{name}"
        set(places_in(setting, iter([value]), _HEADER_PLACES))
        if not (value.isascii() and value.isprintable() and name.isascii() and name.isprintable()):
            raise GatewayError(f"{setting}: printable ASCII on one line")
        if name.lower() in {"authorization", "proxy-authorization"} and "{token}" not in value:
            raise GatewayError(
                f"{setting}: a secret is no setting; write {{token}} in its place, and set "
                f"{GATEWAY_TOKEN_VARIABLE} or gateway.token_file"
            )
    return headers


def _charge_values(amount: Money, key: str, token: str) -> dict[str, str | None]:
    return {
        "key": key,
        "token": token,
        "amount": str(amount),
        "amount_minor_units": str(amount.minor_units),
        "currency": amount.currency,
    }


def _values(
    request: ChargeRequest, key: str, token: str, brands: Mapping[str, str]
) -> dict[str, str | None]:
    brand = request.card.brand
    code = request.security_code
    return {
        **_charge_values(request.amount, key, token),
        "card_number": request.card.reveal(),
        "expiry_month": f"{request.expiry.month:02}",
        "expiry_year": f"{request.expiry.year}",
        "expiry_year_short": f"{request.expiry.year % 100:02}",
        "security_code": None if code is None else code.reveal(),
        "postal_code": request.postal_code,
        "brand": None if brand is None else brands.get(brand, brand.value),
        "merchant_id": request.merchant_id,
        "payment_reference": request.payment_reference,
        "call_id": request.call_id,
    }
