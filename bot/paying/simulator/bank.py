"""What the simulator decides and books, whatever format it was asked in.

The same key with the same request gets the same answer, with another request it is refused, and
so it is while the first is under way. No card number is kept: what a test card is to do, its
brand and its last four digits are all that remains of one.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

from babel.numbers import list_currencies
from stdnum import luhn

from bot.cards import brand_of, is_card_number
from bot.letters import in_letters
from bot.paying.simulator.cards import APPROVED, Behaviour, Fault
from bot.paying.simulator.ledger import Entry, Ledger

_MAX_AMOUNT = 99_999_999
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


class Refused(Exception):
    """Becomes an error answer. message: fixed words, never anything that was sent."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


class LineDropped(Exception):
    """The client gets not one byte of an answer."""


@dataclass(frozen=True, slots=True)
class SimulatedCard:
    """A valid card. `behaviour` is all that remains of its number."""

    brand: str
    last_four: str
    behaviour: Behaviour
    decline_reason: str | None


@dataclass(frozen=True, slots=True)
class SimulatedCharge:
    """A valid request. sent: the request as it came, to tell it from another.

    note: what the client wants kept beside the charge.
    """

    amount: int
    currency: str
    card: SimulatedCard
    sent: Mapping[str, Any]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """entry: as booked. delay_ms: what the answer would have taken, where that is declared."""

    entry: Entry
    delay_ms: int = 0
    is_replay: bool = False


class SimulatedBank:
    """today: for expiry dates. cards: what to do with which number; others are approved."""

    def __init__(
        self, ledger: Ledger, today: Callable[[], date], cards: Mapping[str, Behaviour]
    ) -> None:
        self.ledger = ledger
        self._today = today
        self._cards = cards
        self._in_flight: set[str] = set()
        self._secret = secrets.token_bytes(32)
        self._secret_name = in_letters(secrets.token_bytes(8))

    def card(self, card: object) -> SimulatedCard:
        """A card as the REST format writes it, checked. Raises Refused."""
        if not isinstance(card, dict):
            raise Refused(400, "invalid_card", "card: an object")
        number = card.get("number")
        if not isinstance(number, str) or not _is_plausible(number):
            raise Refused(400, "invalid_card_number", "card.number: length or check digit is wrong")
        month, year = card.get("expiry_month"), card.get("expiry_year")
        if type(month) is not int or type(year) is not int or not 1 <= month <= 12:
            raise Refused(400, "invalid_expiry", "card.expiry_month: 1 to 12; card.expiry_year")
        if not 2000 <= year <= 2099:
            raise Refused(400, "invalid_expiry", "card.expiry_year: 2000 to 2099")
        code = card.get("security_code")
        if code is not None and not (isinstance(code, str) and re.fullmatch(r"[0-9]{3,4}", code)):
            raise Refused(400, "invalid_security_code", "card.security_code: three or four digits")
        behaviour = self._cards.get(number, APPROVED)
        reason = behaviour.decline_reason
        if (year, month) < (self._today().year, self._today().month):
            reason = "expired_card"
        return SimulatedCard(brand_of(number) or "other", number[-4:], behaviour, reason)

    def check(self, number: str) -> tuple[bool, str | None]:
        """Whether the bank knows a card of this number, and its brand."""
        behaviour = self._cards.get(number, APPROVED)
        known = _is_plausible(number) and behaviour.known
        return known, behaviour.brand or brand_of(number)

    @contextmanager
    def under_way(self, key: str) -> Iterator[None]:
        """For tests of what a client does then: meanwhile whoever names this key hears so."""
        self._in_flight.add(key)
        try:
            yield
        finally:
            self._in_flight.discard(key)

    async def charge(self, key: str, charge: SimulatedCharge, *, declared: bool) -> Decision:
        """Decide a charge. declared: the client is told of delays instead of kept waiting.

        Raises Refused, LineDropped.
        """
        if not _KEY.fullmatch(key):
            raise Refused(400, "missing_idempotency_key", "send an idempotency key")
        _check_sum(charge)
        fingerprint = self._fingerprint(charge.sent)
        if key in self._in_flight:
            raise Refused(409, "in_flight", "a request with this key is under way")
        entry = self.ledger.find(key)
        if entry is not None:
            self.ledger.note_request(key)
            if not self._is_same(entry, charge, fingerprint):
                raise Refused(422, "key_reused", "this key was used for another request")
            return Decision(entry, is_replay=True)
        self._in_flight.add(key)
        try:
            return await self._carry_out(key, charge, fingerprint, declared=declared)
        finally:
            self._in_flight.discard(key)

    def look_up(self, key: str) -> Entry:
        """What was booked under a key. Raises Refused."""
        if key in self._in_flight:
            raise Refused(409, "in_flight", "the charge with this key is under way")
        entry = self.ledger.find(key)
        if entry is None:
            raise Refused(404, "no_such_charge", "no charge has this key")
        return self.shown(entry)

    def shown(self, entry: Entry) -> Entry:
        """The entry, unless its look-ups fail. Raises Refused."""
        if entry.look_ups_refused > 0:
            self.ledger.note_refused_look_up(entry.key)
            raise Refused(503, "unavailable", "look-ups are out of service")
        return entry

    async def _carry_out(
        self, key: str, charge: SimulatedCharge, fingerprint: str, *, declared: bool
    ) -> Decision:
        behaviour = charge.card.behaviour
        if behaviour.fault is Fault.DROPS_BEFORE:
            raise LineDropped
        if behaviour.fault is Fault.SLOW and not declared:
            await asyncio.sleep(behaviour.delay_ms / 1000)
        entry = self.ledger.book(
            key=key,
            amount=charge.amount,
            currency=charge.currency,
            brand=charge.card.brand,
            last_four=charge.card.last_four,
            decline_reason=charge.card.decline_reason,
            fingerprint=fingerprint,
            fingerprint_key=self._secret_name,
            look_ups_refused=behaviour.look_ups_refused,
            note=charge.note,
        )
        self._in_flight.discard(key)  # decided: from now on it can be looked up
        match behaviour.fault:
            case Fault.DROPS_AFTER:
                raise LineDropped
            case Fault.FAILS_AFTER:
                raise Refused(500, "internal", "something went wrong")
            case Fault.STALLS if not declared:
                await asyncio.sleep(behaviour.delay_ms / 1000)
        return Decision(entry, behaviour.delay_ms if declared else 0)

    def _fingerprint(self, sent: Mapping[str, Any]) -> str:
        """Tells equal requests from others without keeping them: the secret dies with the
        process."""
        text = json.dumps(sent, sort_keys=True, separators=(",", ":"))
        return in_letters(hmac.digest(self._secret, text.encode(), "sha256"))

    def _is_same(self, entry: Entry, charge: SimulatedCharge, fingerprint: str) -> bool:
        """After a restart, under another secret, what the ledger holds is compared instead."""
        if entry.fingerprint_key == self._secret_name:
            return hmac.compare_digest(entry.fingerprint, fingerprint)
        return (entry.amount, entry.currency, entry.brand, entry.last_four) == (
            charge.amount,
            charge.currency,
            charge.card.brand,
            charge.card.last_four,
        )


def _check_sum(charge: SimulatedCharge) -> None:
    """Raises Refused. The types are the caller's word only: they came from outside."""
    amount: object = charge.amount
    currency: object = charge.currency
    if type(amount) is not int or not 0 < amount <= _MAX_AMOUNT:
        raise Refused(400, "invalid_amount", "amount: a whole number of minor units above 0")
    if not isinstance(currency, str) or currency not in list_currencies():
        raise Refused(400, "invalid_currency", "currency: an ISO 4217 code")


def _is_plausible(number: str) -> bool:
    if is_card_number(number):
        return True
    return bool(re.fullmatch(r"[0-9]{12,19}", number)) and bool(luhn.is_valid(number))
