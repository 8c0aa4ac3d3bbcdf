"""Reading what an XML gateway answers, as its settings describe it.

the HTTP status refuses                      nothing taken
the HTTP status does not answer              unknown
status text   approved, declined             that, when key, amount and currency fit
              refused                        nothing taken
              in_flight, not_found           what a look-up says; in a charge: unknown
              anything else, or two of them  unknown
"""

from __future__ import annotations

import re
from decimal import Decimal

from lxml import etree

from bot.charges import ChargeStatus, DeclineReason
from bot.errors import GatewayError
from bot.gateway_settings import XmlSettings
from bot.money import Money
from bot.paying.gateway import GatewayAnswer, KeyState, NothingTaken, OutcomeUnknown
from bot.paying.gateways.answers import Statement, believed
from bot.paying.gateways.declines import reason_for
from bot.paying.gateways.xml_parser import parsed

_AMOUNT = {"major": re.compile(r"[0-9]{1,12}(\.[0-9]{1,4})?"), "minor": re.compile("[0-9]{1,15}")}
_FIELDS = ("status", "key", "amount", "currency", "reference", "reason")
_WORDS = ("approved", "declined", "refused", "in_flight", "not_found")

_STATUSES = {"approved": ChargeStatus.APPROVED, "declined": ChargeStatus.DECLINED}
_KEY_STATES = {"in_flight": KeyState.IN_FLIGHT, "not_found": KeyState.NOT_FOUND}


class XmlAnswers:
    """The reader of one gateway's answers. Made once; raises GatewayError for wrong settings."""

    def __init__(self, settings: XmlSettings) -> None:
        self._settings = settings
        self._paths = {name: _path(name, settings) for name in _FIELDS}
        if self._paths["status"] is None:
            raise GatewayError("gateway.xml.answer.status: empty; say where the status stands")
        self._meanings = _meanings(settings)
        self._reasons = {code.lower(): reason for code, reason in settings.reasons.items()}

    def read_charge(
        self, status: int, body: bytes, key: str, amount: Money, delay_ms: int
    ) -> GatewayAnswer | GatewayError:
        """The answer to a charge; NothingTaken or OutcomeUnknown where it is none."""
        if status in self._settings.refusing_statuses:
            return NothingTaken(f"the gateway refused the request with status {status}", delay_ms)
        answer = self._read(status, body, key, amount, delay_ms)
        if isinstance(answer, KeyState):
            return OutcomeUnknown("the gateway answered a charge as if it was a look-up", delay_ms)
        return answer

    def read_look_up(
        self, status: int, body: bytes, key: str, amount: Money, delay_ms: int
    ) -> GatewayAnswer | KeyState | GatewayError:
        """The answer to a look-up; OutcomeUnknown where it is none."""
        answer = self._read(status, body, key, amount, delay_ms)
        if isinstance(answer, NothingTaken):
            return OutcomeUnknown("the gateway refused the look-up", delay_ms)
        return answer

    def _read(
        self, status: int, body: bytes, key: str, amount: Money, delay_ms: int
    ) -> GatewayAnswer | KeyState | GatewayError:
        if status not in self._settings.answering_statuses:
            return OutcomeUnknown(f"the gateway answered with status {status}", delay_ms)
        root = parsed(body)
        if root is None:
            return OutcomeUnknown("the gateway's answer is not the XML it should be", delay_ms)
        found = {
            name: None if path is None else _text(path, root) for name, path in self._paths.items()
        }
        meaning = self._meanings.get(found["status"] or "")
        if meaning == "refused" and found["key"] in (None, key):
            return NothingTaken("the gateway refused the request", delay_ms)
        if meaning in _KEY_STATES and found["key"] in (None, key):
            return _KEY_STATES[meaning]
        return believed(self._statement(found, meaning, key, amount), key, amount, delay_ms)

    def _statement(
        self, found: dict[str, str | None], meaning: str | None, key: str, amount: Money
    ) -> Statement:
        """What the settings have no place for is not in the answer, and is taken as right."""

        def said(name: str, expected: str) -> str | None:
            return expected if self._paths[name] is None else found[name]

        minor_units = (
            amount.minor_units
            if self._paths["amount"] is None
            else self._minor_units(found["amount"], amount.currency)
        )
        return Statement(
            status=_STATUSES.get(meaning or ""),
            key=said("key", key),
            minor_units=minor_units,
            currency=said("currency", amount.currency),
            reference=found["reference"],
            reason=self._reason(found["reason"]),
        )

    def _minor_units(self, text: str | None, currency: str) -> int | None:
        unit = self._settings.answer.amount_unit
        if text is None or not _AMOUNT[unit].fullmatch(text):
            return None
        if unit == "minor":
            return int(text)
        scale = Decimal(1) / Money(1, currency).decimal
        scaled = Decimal(text) * scale
        return int(scaled) if scaled == scaled.to_integral_value() else None

    def _reason(self, code: str | None) -> DeclineReason:
        return self._reasons.get((code or "").lower()) or reason_for(code)


def _path(name: str, settings: XmlSettings) -> etree.XPath | None:
    text = getattr(settings.answer, name)
    if not text.strip():
        return None
    try:
        path = etree.XPath(
            text, namespaces=dict(settings.namespaces), regexp=False, smart_strings=False
        )
        path(etree.Element("any"))  # a prefix without a namespace is noticed only here
        return path
    except (etree.XPathError, ValueError, TypeError):
        raise GatewayError(
            f"gateway.xml.answer.{name} = {text!r}: not an XPath 1.0 expression such as "
            '"/x:Answer/x:Status", with every prefix in gateway.xml.namespaces'
        ) from None


def _meanings(settings: XmlSettings) -> dict[str, str]:
    """Which status text means what. Raises GatewayError for one that means two things."""
    meanings: dict[str, str] = {}
    for meaning in _WORDS:
        for word in getattr(settings.words, meaning):
            if not word.strip() or meanings.setdefault(word, meaning) != meaning:
                raise GatewayError(
                    f"gateway.xml.words.{meaning}: {word!r} is empty, or has another meaning too"
                )
    return meanings


def _text(path: etree.XPath, root: etree._Element) -> str | None:
    """The one text that is found; None for none, and for several: they may contradict."""
    found: object
    try:
        found = path(root)
    except etree.XPathError:
        return None
    if isinstance(found, list):
        if len(found) != 1:
            return None
        found = found[0]
    if isinstance(found, etree._Element):
        found = "".join(str(part) for part in found.itertext())
    if isinstance(found, bool):
        found = "true" if found else "false"
    if isinstance(found, float):
        found = f"{found:g}" if found.is_integer() is False else str(int(found))
    return str(found).strip() or None
