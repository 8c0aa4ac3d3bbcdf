"""The gateway simulator's test cards. Public test numbers: no bank ever issued them.

Where a number is widely known from other gateways' documentation it means the same here; those
of the line's faults are our own. Any other number with a right check digit is approved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from bot.cards import Brand


class Fault(StrEnum):
    """What goes wrong with the line, or takes long."""

    SLOW = "slow"
    """Nothing is decided before the delay is over; until then the key is in flight."""
    STALLS = "stalls"
    """Decided and booked at once; the answer comes late."""
    DROPS_BEFORE = "drops_before"
    """The line drops and nothing is booked: the key stays unknown."""
    DROPS_AFTER = "drops_after"
    """The line drops after the money was taken."""
    FAILS_AFTER = "fails_after"
    """Status 500 after the money was taken."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What the simulator does with a card.

    decline_reason: None when approved. delay_ms: for SLOW and STALLS.
    known, brand: what a card check says of it; brand None: as its number begins.
    look_ups_refused: so many look-ups of the charge are answered with 503 first.
    """

    title: str
    decline_reason: str | None = None
    fault: Fault | None = None
    delay_ms: int = 0
    look_ups_refused: int = 0
    known: bool = True
    brand: Brand | None = None


APPROVED = Behaviour("approved")

TEST_CARDS: Mapping[str, Behaviour] = MappingProxyType(
    {
        "4242424242424242": APPROVED,
        "4111111111111111": APPROVED,
        "4000056655665556": APPROVED,
        "5555555555554444": APPROVED,
        "2223003122003222": APPROVED,
        "378282246310005": APPROVED,
        "6011111111111117": APPROVED,
        "3056930009020004": APPROVED,
        "3566002020360505": APPROVED,
        "6200000000000005": APPROVED,
        "4000000000000002": Behaviour("do not honour", "do_not_honour"),
        "4000000000009995": Behaviour("insufficient funds", "insufficient_funds"),
        "4000000000009979": Behaviour("stolen", "stolen_card"),
        "4000000000000069": Behaviour("expired", "expired_card"),
        "4000000000000127": Behaviour("wrong security code", "incorrect_security_code"),
        "4000000000006975": Behaviour("limit exceeded", "limit_exceeded"),
        "4000000000000119": Behaviour("the bank is away", "bank_unavailable"),
        "4000002760003184": Behaviour("confirmation needed", "authentication_required"),
        "4000000000009987": Behaviour("lost", "lost_card"),
        "4100000000000019": Behaviour("fraud", "fraudulent"),
        "4000000000003204": Behaviour("slow: 4 s", fault=Fault.SLOW, delay_ms=4_000),
        "4000000000003105": Behaviour("stalls: 60 s", fault=Fault.STALLS, delay_ms=60_000),
        "4000000000005209": Behaviour("the line drops before the money", fault=Fault.DROPS_BEFORE),
        "4000000000005100": Behaviour("the line drops after the money", fault=Fault.DROPS_AFTER),
        "4000000000005308": Behaviour("status 500 after the money", fault=Fault.FAILS_AFTER),
        "4000000000007403": Behaviour("unknown to a card check", known=False),
        "4000000000007411": Behaviour("Maestro, says a card check", brand=Brand.MAESTRO),
        "4000007312645895": Behaviour(
            "the line drops after the money, and the first six look-ups fail",
            fault=Fault.DROPS_AFTER,
            look_ups_refused=6,
        ),
    }
)
