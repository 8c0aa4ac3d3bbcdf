"""The wire between the bot and its bank: spoils what passes as the plan says, and counts.

It knows next to nothing of any gateway's format, so that it serves all kinds: a request belongs to
the order whose key it carries, it takes money when it names a card as well, and an answer is spoilt
byte by byte. A look-up that names no key asks for the newest charges, so for all. What the bot
sends a second time reaches the bank under a key of its own, as at a gateway that has forgotten the
first: whoever sends twice, charges twice.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date

import httpx

from benchmarks.faults.plan import CARDS, OnCharge, OnLookUp, Order
from bot.paying.gateways.line import DECLARED_DELAY_MS
from bot.paying.simulator.ledger import Entry, Ledger
from bot.paying.simulator.server import SimulatedGateway

TODAY = date(2026, 3, 1)

_GARBAGE = bytes(range(256)) * 3
_NO_ANSWER: list[bytes] = []
_STALL_MS = 60_000
_SLOW_MS = 4_000
_IN_FLIGHT_LOOK_UPS = 2
_TAKEN_AFTER_LOOK_UPS = 2

_CARD_MARKS = [b"payment_method=pm_", *(number.encode() for number in CARDS.values())]

_SPOIL = {OnCharge.OTHER_AMOUNT, OnCharge.OTHER_CURRENCY, OnCharge.OTHER_KEY}
"""Faults that need something to be found in the answer."""


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def raw(self) -> bytes:
        return self.path.encode() + repr(self.headers).encode() + self.body

    @property
    def names_a_card(self) -> bool:
        """By its number, or, of Stripe's format, by the name that it was given."""
        return any(mark in self.body for mark in _CARD_MARKS)

    def with_key(self, key: str, other: str) -> _Request:
        return _Request(
            self.method,
            self.path.replace(key, other),
            {name: value.replace(key, other) for name, value in self.headers.items()},
            self.body.replace(key.encode(), other.encode()),
        )


class Wire:
    """A bank of its own for one trial, and the wire to it. One `serve` at a time."""

    def __init__(self, orders: Sequence[Order]) -> None:
        self._ledger = Ledger(None)
        self._bank = SimulatedGateway(self._ledger, today=lambda: TODAY)
        self._client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self._bank.app()), base_url="http://bank"
        )
        self._orders = {order.key: order for order in orders}
        self._faults = {order.key: list(order.on_look_ups) for order in orders}
        self._held: dict[str, _Request] = {}
        self._in_flight: Counter[str] = Counter()
        self._lags: set[str] = set()
        self._is_late = False
        self.sent: Counter[str] = Counter()
        """Charge requests by key, as the bot sent them."""
        self.look_ups: Counter[str] = Counter()
        self.without_effect: list[str] = []
        """Faults that found nothing to spoil: the plan did not happen."""

    async def aclose(self) -> None:
        await self._client.aclose()
        self._ledger.close()

    def books(self) -> list[Entry]:
        """What the bank decided, whatever anybody was told."""
        return self._ledger.entries()

    async def deliver_what_is_late(self) -> None:
        """Everything that was still on its way arrives, and nothing is on its way afterwards."""
        self._is_late = True
        self._in_flight.clear()
        for key, request in list(self._held.items()):
            del self._held[key]
            await self._pass_on(request)

    async def answer(self, request: _Request) -> list[bytes]:
        """What to send before the line is cut."""
        key = next((key for key in self._orders if key.encode() in request.raw), None)
        if key is None and request.method == "POST":  # a card without a sum; a key nobody gave it
            return [await self._pass_on(request)]
        if key is not None and request.names_a_card:
            self.sent[key] += 1
            if self.sent[key] > 1:
                return [await self._pass_on(request.with_key(key, f"{key[:-1]}Z"))]
            return await self._charge(self._orders[key], request)
        for each in self._orders if key is None else [key]:
            self.look_ups[each] += 1
            await self._take_during_look_ups(self._orders[each])
        return await self._look_up(self._orders[key] if key else self._next_to_suffer(), request)

    async def _charge(self, order: Order, request: _Request) -> list[bytes]:
        fault = order.on_charge
        match fault:
            case OnCharge.DROP_BEFORE:
                return _NO_ANSWER
            case OnCharge.FAIL_BEFORE:
                return [_plain(503)]
            case OnCharge.TAKEN_DURING_LOOK_UPS | OnCharge.TAKEN_MINUTES_LATER:
                self._held[order.key] = request
                return _NO_ANSWER
        answer = await self._pass_on(request)
        match fault:
            case OnCharge.IN_FLIGHT:
                self._in_flight[order.key] = _IN_FLIGHT_LOOK_UPS
                answer = await self._while_in_flight(order.key, request)
            case OnCharge.DELIVERED_TWICE:
                answer = await self._pass_on(request)
            case OnCharge.ANSWER_TWICE:
                return [answer, answer]
        spoilt = _spoilt(order, fault.value, answer)
        if spoilt == [answer] and fault in _SPOIL:
            self.without_effect.append(f"{order.key}: {fault} found nothing to spoil")
        return spoilt

    async def _look_up(self, order: Order, request: _Request) -> list[bytes]:
        key = order.key
        if self._in_flight[key] > 0:
            self._in_flight[key] -= 1
            return [await self._while_in_flight(key, request)]
        fault = self._faults[key].pop(0) if self._faults[key] else OnLookUp.NOTHING
        if order.never_answered:
            fault = OnLookUp.OTHER_AMOUNT if self.look_ups[key] % 2 else OnLookUp.FAIL
        if fault is OnLookUp.BARE_404:
            return [_plain(404)]
        if fault is OnLookUp.LAGGING and self._may_lag(key):
            answer = await self._pass_on(request.with_key(key, f"{key[:-1]}X"))
            return [_replaced(answer, key, f"{key[:-1]}X")]
        return _spoilt(order, fault.value, await self._pass_on(request))

    def _next_to_suffer(self) -> Order:
        """Whose fault befalls a look-up that names no key."""
        orders = list(self._orders.values())
        return next((o for o in orders if self._faults[o.key] or o.never_answered), orders[0])

    async def _take_during_look_ups(self, order: Order) -> None:
        if (
            order.on_charge is OnCharge.TAKEN_DURING_LOOK_UPS
            and self.look_ups[order.key] > _TAKEN_AFTER_LOOK_UPS
            and (held := self._held.pop(order.key, None)) is not None
        ):
            await self._pass_on(held)

    def _may_lag(self, key: str) -> bool:
        """A replica lags for seconds. Late, one stray "not found" is all a gateway may give: two
        are what the adapters take for a proof (`Semantics.not_founds_needed`)."""
        if not self._is_late:
            return True
        first = key not in self._lags
        self._lags.add(key)
        return first

    async def _while_in_flight(self, key: str, request: _Request) -> bytes:
        with self._bank.bank.under_way(key):
            return await self._pass_on(request)

    async def _pass_on(self, request: _Request) -> bytes:
        """To the bank, and its answer as it is on the wire."""
        response = await self._client.request(
            request.method, request.path, headers=request.headers, content=request.body
        )
        skipped = {"content-length", "connection", "transfer-encoding"}
        lines = [f"HTTP/1.1 {response.status_code} {response.reason_phrase}"]
        lines += [f"{n}: {v}" for n, v in response.headers.items() if n.lower() not in skipped]
        return _with_body("\r\n".join(lines).encode(), response.content)


def _spoilt(order: Order, fault: str, answer: bytes) -> list[bytes]:
    """What reaches the bot of an answer.

    fault: of a charge or of a look-up; both name alike what is done to an answer.
    """
    head, _, body = answer.partition(b"\r\n\r\n")
    match fault:
        case OnCharge.DROP_AFTER | OnLookUp.DROP:
            return _NO_ANSWER
        case OnCharge.FAIL_AFTER:
            answer = _plain(500)
        case OnLookUp.FAIL:
            answer = _plain(503)
        case OnCharge.SLOW:
            answer = _delayed(answer, _SLOW_MS)
        case OnCharge.STALL | OnLookUp.STALL:
            answer = _delayed(answer, _STALL_MS)
        case OnCharge.ANSWER_WITHOUT_MEANING:
            answer = _with_body(head, _GARBAGE)
        case OnCharge.NO_HTTP:
            answer = _GARBAGE
        case OnCharge.HALF_AN_ANSWER:
            answer = head + b"\r\n\r\n" + body[: len(body) // 2]
        case OnCharge.OTHER_AMOUNT:
            minor = order.minor_units
            answer = _replaced(answer, str(minor), str(minor + 1))
            answer = _replaced(answer, f"{minor / 100:.2f}", f"{minor / 100 + 1:.2f}")
        case OnCharge.OTHER_CURRENCY:
            answer = _replaced(_replaced(answer, "USD", "EUR"), "usd", "eur")
        case OnCharge.OTHER_KEY:
            answer = _replaced(answer, order.key, f"{order.key[:-1]}Y")
    return [answer]


def _replaced(answer: bytes, found: str, other: str) -> bytes:
    head, _, body = answer.partition(b"\r\n\r\n")
    return _with_body(head, body.replace(found.encode(), other.encode()))


def _with_body(head: bytes, body: bytes) -> bytes:
    lines = [
        line
        for line in head.split(b"\r\n")
        if not line.lower().startswith((b"content-length:", b"connection:"))
    ]
    lines += [b"Content-Length: %d" % len(body), b"Connection: close"]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def _plain(status: int) -> bytes:
    return _with_body(b"HTTP/1.1 %d Something\r\nContent-Type: text/html" % status, b"<html/>")


def _delayed(answer: bytes, ms: int) -> bytes:
    """Declared, not waited out: the bot asked for that (design.md, "Clock")."""
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = [
        line
        for line in head.split(b"\r\n")
        if not line.lower().startswith(DECLARED_DELAY_MS.lower().encode())
    ]
    declared = f"{DECLARED_DELAY_MS}: {ms}".encode()
    return b"\r\n".join([*lines, declared]) + b"\r\n\r\n" + body


@asynccontextmanager
async def wired(wire: Wire) -> AsyncIterator[str]:
    """The URL on loopback that leads to a bank, while the context lasts."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            parts = await wire.answer(await _read_request(reader))
            writer.writelines(parts)
            if parts:
                await writer.drain()
            else:
                writer.transport.abort()
        except (OSError, asyncio.IncompleteReadError):
            pass  # the process at the other end was killed
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()
        yield f"http://{host}:{port}"


async def _read_request(reader: asyncio.StreamReader) -> _Request:
    """Enough of HTTP/1.1 for clients that send a Content-Length."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip("\r\n").split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    headers.pop("connection", None)
    return _Request(method, path, headers, body)
