"""[gateway] of payment.toml: which gateway takes the money, how it is reached, what it means.

No secret is a setting: `bot.paying.gateways.credentials` reads them from the environment or
from files.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from typing import Annotated, Literal

from pydantic import AfterValidator
from pydantic import Field as Limits
from pydantic.dataclasses import dataclass as validated

from bot.charges import DeclineReason
from bot.setting_types import STRICT, Milliseconds

GATEWAY_TOKEN_VARIABLE = "PAYMENT_GATEWAY_TOKEN"  # noqa: S105 - the variable's name, no token
CLIENT_KEY_PASSWORD_VARIABLE = "PAYMENT_GATEWAY_CLIENT_KEY_PASSWORD"  # noqa: S105 - the same

GatewayKind = Literal["rest", "xml", "stripe"]
HttpStatus = Annotated[int, Limits(ge=200, le=599)]

REFUSING_STATUSES = (400, 401, 403, 404, 405, 406, 410, 411, 413, 414, 415, 422, 429, 431)
"""Refusals that a server gives instead of carrying the request out (RFC 9110 §15.5, RFC 6585).

Not among them: 402, which is a decline; 408, 409 and 425, which speak of another request or of
the way here; and what is not standardised, such as a proxy's 499.
"""

_REQUEST = """\
<Payment key="{key}">
  <Amount>{amount}</Amount>
  <Currency>{currency}</Currency>
  <Merchant>{merchant_id}</Merchant>
  <Reference>{payment_reference}</Reference>
  <Card>
    <Number>{card_number}</Number>
    <Expiry month="{expiry_month}" year="{expiry_year}"/>
    <SecurityCode>{security_code}</SecurityCode>
    <PostalCode>{postal_code}</PostalCode>
  </Card>
</Payment>
"""


def _name(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._-]{0,64}", value):
        raise ValueError('up to 64 letters, digits, ".", "_" and "-", such as "shop-1"')
    return value


@validated(frozen=True, config=STRICT)
class TlsSettings:
    """How the gateway proves who it is, and the bot who it is. Paths to PEM files."""

    minimum_version: Literal["1.2", "1.3"] = "1.2"
    ca_file: str = ""
    """Certificate authorities to trust instead of the public ones."""
    client_certificate: str = ""
    client_key: str = ""
    """Empty: the key lies in the certificate's file."""
    client_key_password_file: str = ""


@validated(frozen=True, config=STRICT)
class XmlAnswerSettings:
    """XPath expressions that find, in an answer, what it says; empty where it does not say it."""

    status: str = "/Answer/Status"
    key: str = "/Answer/@key"
    amount: str = "/Answer/Amount"
    amount_unit: Literal["major", "minor"] = "major"
    """major: 87.50. minor: 8750."""
    currency: str = "/Answer/Currency"
    reference: str = "/Answer/Reference"
    reason: str = "/Answer/Code"


@validated(frozen=True, config=STRICT)
class XmlWordSettings:
    """Which texts of the status mean what. Any other leaves open whether money was taken."""

    approved: tuple[str, ...] = ("APPROVED",)
    declined: tuple[str, ...] = ("DECLINED",)
    refused: tuple[str, ...] = ("REFUSED",)
    """Not carried out: certain that nothing was taken."""
    in_flight: tuple[str, ...] = ("IN_PROGRESS",)
    """Only in answers to a look-up, as is not_found."""
    not_found: tuple[str, ...] = ("NOT_FOUND",)


@validated(frozen=True, config=STRICT)
class XmlSettings:
    """An XML gateway, described. The defaults are the simulator's own format."""

    request: str = _REQUEST
    look_up: str = '<Enquiry key="{key}"/>'
    """Empty: the gateway cannot be asked what became of a charge."""
    look_up_url: str = ""
    """Empty: the same as for charges."""
    content_type: str = "application/xml; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=lambda: {"Authorization": "Bearer {token}"})
    """More headers, such as SOAPAction; {key} and {token} are filled in."""
    namespaces: Mapping[str, str] = field(default_factory=dict)
    """Prefixes for the XPath expressions."""
    brands: Mapping[str, str] = field(default_factory=dict)
    """What the gateway calls a brand, where {brand} is to be something else than "visa" …"""
    answer: XmlAnswerSettings = field(default_factory=XmlAnswerSettings)
    words: XmlWordSettings = field(default_factory=XmlWordSettings)
    reasons: Mapping[str, DeclineReason] = field(default_factory=dict)
    """What the gateway's codes for a decline mean, before the usual ones (ISO 8583) count."""
    answering_statuses: tuple[HttpStatus, ...] = (200,)
    """HTTP statuses whose body is an answer."""
    refusing_statuses: tuple[HttpStatus, ...] = REFUSING_STATUSES
    """HTTP statuses that prove that nothing was taken."""
    repeated_key: Literal["same_answer", "refused", "taken_again"] = "taken_again"
    key_lifetime_hours: Annotated[int, Limits(ge=1, le=8_760)] = 24
    carried_out_within_seconds: Annotated[int, Limits(ge=60, le=86_400)] = 600
    """A request given up on may still be carried out for so long."""
    not_founds_needed: Annotated[int, Limits(ge=1, le=10)] = 2

    def refuse_what_never_proves_anything(self) -> None:
        """Raises ValueError where the gateway may have forgotten a charge as soon as it cannot be
        carried out any more: then no "not found" ever proves that nothing was taken."""
        lifetime_seconds = self.key_lifetime_hours * 3600
        if self.look_up and self.carried_out_within_seconds >= lifetime_seconds:
            raise ValueError(
                f"gateway.xml.carried_out_within_seconds = {self.carried_out_within_seconds}: "
                "less than gateway.xml.key_lifetime_hours "
                f"({self.key_lifetime_hours}: {lifetime_seconds} seconds); else no look-up could "
                "ever prove that nothing was taken"
            )


@validated(frozen=True, config=STRICT)
class StripeSettings:
    moto: bool = False
    """Payments are marked as taken by telephone; Stripe has to allow it to the account first."""
    account: str = ""
    """A connected account ("acct_…") in whose name payments are taken."""


@validated(frozen=True, config=STRICT)
class GatewaySettings:
    kind: GatewayKind = "rest"
    url: str = ""
    """Where the gateway is; empty: the bot starts the simulator."""
    name: Annotated[str, AfterValidator(_name)] = ""
    """Which account this is, such as the merchant's, where the token alone chooses it. Charges of
    another name at the same address are not looked up in this account."""
    token_file: str = ""
    """A file with the gateway's token; empty: the environment may hold it."""
    allow_plain_http: bool = False
    """Card data unencrypted over a network: only where something else encrypts it."""
    connect_timeout_ms: Milliseconds = 3_000
    answer_timeout_ms: Milliseconds = 20_000
    look_up_for_ms: Milliseconds = 5_000
    """How long a call waits for the look-up of a lost answer before the caller is told."""
    settle_for_hours: Annotated[int, Limits(ge=1, le=720)] = 24
    """How long an unknown charge is looked up in the background before a person is told."""
    tls: TlsSettings = field(default_factory=TlsSettings)
    xml: XmlSettings = field(default_factory=XmlSettings)
    stripe: StripeSettings = field(default_factory=StripeSettings)
