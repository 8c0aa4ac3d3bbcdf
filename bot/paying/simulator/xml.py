"""The simulator's XML format, the one that the default settings of [gateway.xml] describe.

POST /xml   <Payment key="…"> …   or   <Enquiry key="…"/>
200         <Answer key="…"><Status>APPROVED|DECLINED|REFUSED|IN_PROGRESS|NOT_FOUND</Status>
            <Amount>87.50</Amount><Currency>USD</Currency><Reference/><Code>51</Code></Answer>
"""

from __future__ import annotations

from typing import Any

from lxml import etree
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.errors import SettingsError
from bot.money import Money
from bot.paying.gateways.xml_parser import parsed
from bot.paying.simulator.bank import Refused, SimulatedBank, SimulatedCharge
from bot.paying.simulator.http import Door, body_of, headers_of, wants_declared_delays
from bot.paying.simulator.ledger import Entry

_CODES = {
    "do_not_honour": "05",
    "insufficient_funds": "51",
    "stolen_card": "43",
    "lost_card": "41",
    "fraudulent": "59",
    "expired_card": "54",
    "incorrect_security_code": "82",
    "limit_exceeded": "61",
    "bank_unavailable": "91",
    "authentication_required": "1A",
}
"""ISO 8583, field 39."""

_STATUSES = {"in_flight": "IN_PROGRESS", "no_such_charge": "NOT_FOUND", "key_reused": "KEY_REUSED"}


class XmlCounter:
    def __init__(self, bank: SimulatedBank) -> None:
        self._bank = bank

    def routes(self, door: Door) -> list[Route]:
        return [door.route("/xml", self._post, _refusal, ("POST",))]

    async def _post(self, request: Request) -> Response:
        root = parsed(await body_of(request))
        if root is None:
            raise Refused(400, "not_xml", "the body is not the XML it should be")
        key = root.get("key", "")
        if root.tag == "Enquiry":
            return _answer(self._bank.look_up(key), {})
        if root.tag != "Payment":
            raise Refused(400, "unknown_request", "send Payment or Enquiry")
        currency = root.findtext("Currency", "")
        charge = SimulatedCharge(
            _minor_units(root.findtext("Amount", ""), currency),
            currency,
            self._bank.card(_card(root)),
            {"document": etree.tostring(root, method="c14n").decode()},
        )
        decision = await self._bank.charge(key, charge, declared=wants_declared_delays(request))
        return _answer(decision.entry, headers_of(decision))


def _card(root: etree._Element) -> dict[str, Any]:
    card: dict[str, Any] = {"number": root.findtext("Card/Number")}
    expiry = root.find("Card/Expiry")
    if expiry is not None:
        for name in ("month", "year"):
            text = expiry.get(name, "")
            card[f"expiry_{name}"] = int(text) if text.isascii() and text.isdigit() else None
    code = root.findtext("Card/SecurityCode")
    return card if code is None else {**card, "security_code": code}


def _minor_units(text: str, currency: str) -> int:
    try:
        return Money.parse(text, currency).minor_units
    except SettingsError:
        return 0


def _answer(entry: Entry, headers: dict[str, str]) -> Response:
    code = "00" if entry.decline_reason is None else _CODES.get(entry.decline_reason, "05")
    fields = {
        "Status": entry.status.upper(),
        "Amount": str(Money(entry.amount, entry.currency)),
        "Currency": entry.currency,
        "Reference": entry.reference,
        "Code": code,
    }
    return _document(entry.key, fields, 200, headers)


def _refusal(refused: Refused) -> Response:
    """Errors of the server are HTTP errors, as with gateways of this kind; others are answers."""
    status = _STATUSES.get(refused.code, "REFUSED")
    http_status = refused.status if refused.status >= 500 or refused.status == 401 else 200
    return _document(None, {"Status": status, "Message": refused.message}, http_status, {})


def _document(
    key: str | None, fields: dict[str, str | None], status: int, headers: dict[str, str]
) -> Response:
    root = etree.Element("Answer")
    if key is not None:
        root.set("key", key)
    for name, text in fields.items():
        if text is not None:
            etree.SubElement(root, name).text = text
    body = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return Response(body, status, headers, "application/xml")
