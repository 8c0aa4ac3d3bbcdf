"""Doubles of the paying tests: a bank in memory whose line fails as told, and a clock by hand."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from bot.cards import CardNumber, Expiry, SecurityCode
from bot.charges import ChargeRequest, ChargeStatus, DeclineReason
from bot.money import Money
from bot.paying.gateway import (
    GatewayAnswer,
    KeyState,
    NothingTaken,
    OutcomeUnknown,
    RepeatedKey,
    Semantics,
)

SEMANTICS = Semantics(
    repeated_key=RepeatedKey.SAME_ANSWER,
    key_lifetime_seconds=24 * 3600,
    can_look_up=True,
    carried_out_within_seconds=600,
)
NO_LOOK_UP = Semantics(
    repeated_key=RepeatedKey.REFUSED,
    key_lifetime_seconds=24 * 3600,
    can_look_up=False,
    carried_out_within_seconds=600,
)


def a_request(
    attempt_id: str = "attempt-1",
    *,
    number: str = "4111111111111111",
    minor_units: int = 8750,
    code: str | None = "737",
) -> ChargeRequest:
    return ChargeRequest(
        attempt_id,
        "call-1",
        Money(minor_units, "USD"),
        CardNumber(number),
        Expiry(4, 2029),
        SecurityCode(code) if code is not None else None,
        "90210",
    )


class HandPace:
    """Time goes on only by `advance` and by pauses. Calls `on_advance` with the new time."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
        self.pauses: list[float] = []
        self.on_advance: Callable[[datetime], None] = lambda _: None

    def now(self) -> datetime:
        return self.time

    def elapsed(self) -> float:
        return self.time.timestamp()

    async def wait(self, seconds: float) -> int:
        self.pauses.append(seconds)
        self.advance(seconds)
        await asyncio.sleep(0)
        return 0

    def within(self, seconds: float | None) -> AbstractAsyncContextManager[object]:
        return asyncio.timeout(seconds)

    def advance(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)
        self.on_advance(self.time)


Fate = Literal["approve", "decline", "refuse", "lost_before", "lost_after", "late", "bug"]
Look = Literal["works", "fails", "in_flight", "bug"]


@dataclass(frozen=True, slots=True)
class _Booked:
    answer: GatewayAnswer
    amount: Money


class MemoryBank:
    """A gateway that does with each charge, and each look-up, what the next fate says.

    When the fates run out, charges are approved and look-ups work. "late": the request hangs on
    the way and is carried out `late_seconds` after it was sent, though the line is long gone.
    """

    def __init__(
        self,
        pace: HandPace,
        fates: Iterable[Fate] = (),
        looks: Iterable[Look] = (),
        *,
        semantics: Semantics = SEMANTICS,
        late_seconds: float = 590,
    ) -> None:
        self.semantics = semantics
        self.books: dict[str, _Booked] = {}
        self.sends: Counter[str] = Counter()
        self.look_ups: Counter[str] = Counter()
        self.booked = asyncio.Event()
        self.answers_held: asyncio.Event | None = None
        self._pace = pace
        self._fates = iter(fates)
        self._looks = iter(looks)
        self._late_seconds = late_seconds
        self._on_the_way: dict[str, tuple[datetime, Money]] = {}
        pace.on_advance = self._deliver

    def captured(self, key: str) -> bool:
        return key in self.books and self.books[key].answer.status is ChargeStatus.APPROVED

    def look_ups_work_again(self) -> None:
        self._looks = iter(())

    async def charge(self, request: ChargeRequest, key: str) -> GatewayAnswer:
        self.sends[key] += 1
        fate = next(self._fates, "approve")
        await asyncio.sleep(0)
        match fate:
            case "refuse":
                raise NothingTaken("refused")
            case "lost_before":
                raise OutcomeUnknown("lost")
            case "late":
                arrives = self._pace.time + timedelta(seconds=self._late_seconds)
                self._on_the_way[key] = (arrives, request.amount)
                raise OutcomeUnknown("lost")
        self._book(key, request.amount, approved=fate != "decline")
        await asyncio.sleep(0)
        if self.answers_held is not None:
            await self.answers_held.wait()
        if fate == "lost_after":
            raise OutcomeUnknown("lost")
        if fate == "bug":
            raise RuntimeError("a bug in the adapter")
        return self.books[key].answer

    async def look_up(self, key: str, amount: Money) -> GatewayAnswer | KeyState:
        self.look_ups[key] += 1
        look = next(self._looks, "works")
        await asyncio.sleep(0)
        if look == "fails":
            raise OutcomeUnknown("out of service")
        if look == "bug":
            raise RuntimeError("a bug in the adapter")
        booked = self.books.get(key)
        if look == "in_flight" and key in self._on_the_way:
            return KeyState.IN_FLIGHT
        if booked is None:
            return KeyState.NOT_FOUND
        assert booked.amount == amount
        return booked.answer

    def _book(self, key: str, amount: Money, *, approved: bool) -> None:
        assert key not in self.books, "charged twice"
        answer = (
            GatewayAnswer(ChargeStatus.APPROVED, f"R{len(self.books)}")
            if approved
            else GatewayAnswer(ChargeStatus.DECLINED, None, DeclineReason.INSUFFICIENT_FUNDS)
        )
        self.books[key] = _Booked(answer, amount)
        self.booked.set()

    def _deliver(self, now: datetime) -> None:
        for key, (arrives, amount) in list(self._on_the_way.items()):
            if arrives <= now:
                del self._on_the_way[key]
                self._book(key, amount, approved=True)
