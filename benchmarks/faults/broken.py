"""Services that do what must never be done, so that one can see that the harness notices.

Each is a mistake somebody could make in good faith.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import Any

from bot.charges import ChargeRequest, ChargeStatus
from bot.money import Money
from bot.paying.gateway import Gateway, GatewayAnswer, KeyState, NothingTaken, OutcomeUnknown
from bot.paying.journal import Journal


class Breakage(StrEnum):
    SENDS_AGAIN = "sends a lost charge again"
    FRESH_KEY = "sends a lost charge again, with a fresh key"
    SAYS_FAILED = "tells that a lost charge failed"
    SAYS_PAID = "tells that a lost charge was paid"
    BELIEVES_NOT_FOUND = "believes the first look-up that finds nothing"
    FORGETS_THE_INTENT = "writes no intent"
    FORGETS_TO_TELL = "tells nothing that a crash kept from being told"


def broken_gateway(gateway: Gateway, breakage: Breakage | None) -> Gateway:
    return gateway if breakage is None else _Broken(gateway, breakage)


def broken_journal(breakage: Breakage | None) -> None:
    """For the rest of this process."""

    def nothing(*_: Any, **__: Any) -> list[Any]:
        return []

    def forget(*_: Any, **__: Any) -> None:
        return None

    def done(*_: Any, **__: Any) -> bool:
        return True

    if breakage is Breakage.FORGETS_TO_TELL:
        Journal.unheard = nothing  # type: ignore[method-assign]
    if breakage is Breakage.FORGETS_THE_INTENT:
        Journal.open = forget  # type: ignore[method-assign]
        Journal.mark_sent = done  # type: ignore[method-assign]


class _Broken:
    def __init__(self, gateway: Gateway, breakage: Breakage) -> None:
        self.semantics = gateway.semantics
        if breakage is Breakage.BELIEVES_NOT_FOUND:
            self.semantics = replace(
                gateway.semantics, carried_out_within_seconds=-1, not_founds_needed=1
            )
        self._gateway = gateway
        self._breakage = breakage

    async def charge(self, request: ChargeRequest, key: str) -> GatewayAnswer:
        try:
            return await self._gateway.charge(request, key)
        except OutcomeUnknown:
            match self._breakage:
                case Breakage.SENDS_AGAIN:
                    return await self._gateway.charge(request, key)
                case Breakage.FRESH_KEY:
                    return await self._gateway.charge(request, key[::-1])
                case Breakage.SAYS_FAILED:
                    raise NothingTaken("it failed") from None
                case Breakage.SAYS_PAID:
                    return GatewayAnswer(ChargeStatus.APPROVED, "PAID")
            raise

    async def look_up(self, key: str, amount: Money) -> GatewayAnswer | KeyState:
        return await self._gateway.look_up(key, amount)
