"""What will happen in a trial, drawn from a seed. Everything here can be sent to a process."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from enum import StrEnum

CARDS = {
    "approved": "4242424242424242",
    "do_not_honour": "4000000000000002",
    "insufficient_funds": "4000000000009995",
    "stolen_card": "4000000000009979",
}
"""The simulator's test cards, and what it does with them."""


class OnCharge(StrEnum):
    """What befalls the request that takes the money, or its answer."""

    NOTHING = "nothing"
    SLOW = "slow, 4 s"
    DROP_BEFORE = "dropped before the money"
    FAIL_BEFORE = "503 before the money"
    DROP_AFTER = "dropped after the money"
    FAIL_AFTER = "500 after the money"
    STALL = "stall of 60 s after the money"
    ANSWER_WITHOUT_MEANING = "garbage for an answer"
    NO_HTTP = "garbage instead of HTTP"
    HALF_AN_ANSWER = "half an answer"
    ANSWER_TWICE = "the answer twice"
    DELIVERED_TWICE = "the request delivered twice"
    OTHER_AMOUNT = "another amount in the answer"
    OTHER_CURRENCY = "another currency in the answer"
    OTHER_KEY = "another key in the answer"
    IN_FLIGHT = "409, in flight"
    TAKEN_DURING_LOOK_UPS = "taken after the time-out, while it is looked up"
    TAKEN_MINUTES_LATER = "taken 590 s after the time-out"


class OnLookUp(StrEnum):
    """What befalls one look-up, or its answer."""

    NOTHING = "nothing"
    DROP = "dropped"
    FAIL = "503"
    STALL = "stall of 60 s"
    ANSWER_WITHOUT_MEANING = "garbage for an answer"
    HALF_AN_ANSWER = "half an answer"
    OTHER_AMOUNT = "another amount in the answer"
    OTHER_CURRENCY = "another currency in the answer"
    OTHER_KEY = "another key in the answer"
    BARE_404 = "404 of something on the way"
    LAGGING = "not found, by a replica that lags"


class Moment(StrEnum):
    """Of an await: when it begins, or when it is over."""

    AT = "at"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class Death:
    """kill -9 at the n-th await of the charge path, counted from 0."""

    step: int
    moment: Moment


@dataclass(frozen=True, slots=True)
class Order:
    """One payment that somebody wants to make once. The amount tells orders of a trial apart.

    minor_units: USD. on_look_ups: what befalls the first look-ups; the others work, or, with
    `never_answered`, none ever does. hang_up_at: the caller is gone after so many steps of the
    event loop.
    """

    key: str
    minor_units: int
    card: str = "approved"
    on_charge: OnCharge = OnCharge.NOTHING
    on_look_ups: tuple[OnLookUp, ...] = ()
    never_answered: bool = False
    hang_up_at: int | None = None


@dataclass(frozen=True, slots=True)
class Life:
    """One process: what it charges, then it settles what is open.

    gateway_down: nobody listens at the gateway's address. settle_seconds: patience of settling.
    """

    charges: tuple[Order, ...] = ()
    settles: bool = True
    settle_seconds: float = 0.0
    gateway_down: bool = False
    death: Death | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """days: lives that run side by side, by the second at which they begin."""

    seed: int
    lives: dict[float, tuple[Life, ...]] = field(default_factory=dict)

    @property
    def orders(self) -> list[Order]:
        found = {o.key: o for lives in self.lives.values() for life in lives for o in life.charges}
        return list(found.values())


AT_ONCE, SOON, NOT_YET, LATE, LATER, NEXT_DAY = 0.0, 5.0, 60.0, 700.0, 1_700.0, 90_000.0
"""Seconds at which processes start. `LATE` is after the last moment at which the bank may carry out
what it was sent, `NEXT_DAY` after gateway.settle_for_hours."""


def drawn_trial(seed: int) -> Trial:
    """Orders, faults and deaths by chance; faults of charges in turn, so that each comes. The same
    seed gives the same trial."""
    chance = random.Random(f"faults {seed}")  # noqa: S311
    amounts = chance.sample(range(1_000, 9_999), 4)
    orders = [
        _order(chance, seed, number, amounts[number]) for number in range(chance.randint(1, 3))
    ]
    tills = chance.choice((1, 1, 2))
    first = tuple(
        Life(
            charges=tuple(orders[till::tills]),
            settles=chance.random() < 0.5,
            gateway_down=chance.random() < 0.05,
            death=_death(chance, 0.6),
        )
        for till in range(tills)
    )
    # A caller's request may come a second time, to the process that started after a crash.
    again = tuple(order for order in orders if chance.random() < 0.15)
    return Trial(
        seed,
        {
            AT_ONCE: first,
            SOON: (
                Life(
                    charges=again, settle_seconds=chance.choice((0, 20)), death=_death(chance, 0.4)
                ),
                *(Life(death=_death(chance, 0.4)) for _ in range(chance.choice((0, 0, 1)))),
            ),
            NOT_YET: (Life(gateway_down=chance.random() < 0.2),),
            LATE: (
                Life(death=_death(chance, 0.3)),
                *(Life() for _ in range(chance.choice((0, 1)))),
            ),
            **the_end(),
        },
    )


def one_order(
    seed: int,
    on_charge: OnCharge = OnCharge.NOTHING,
    *on_look_ups: OnLookUp,
    death: Death | None = None,
    death_while_settling: Death | None = None,
) -> Trial:
    """One order of one process, and a second process that settles."""
    order = Order(f"order-{seed}-0", 8_750, on_charge=on_charge, on_look_ups=on_look_ups)
    lives = {
        AT_ONCE: (Life(charges=(order,), settles=False, death=death),),
        SOON: (Life(death=death_while_settling),),
        LATE: (Life(),),
    }
    return Trial(seed, {**lives, **the_end()})


def the_end() -> dict[float, tuple[Life, ...]]:
    """Processes that nothing befalls any more, until all is settled or given up."""
    return {LATER: (Life(settle_seconds=60),), NEXT_DAY: (Life(),)}


def _order(chance: random.Random, seed: int, number: int, minor_units: int) -> Order:
    faults = tuple(OnCharge)
    return Order(
        key=f"order-{seed}-{number}",
        minor_units=minor_units,
        card=chance.choices(tuple(CARDS), weights=(7, 1, 1, 1))[0],
        on_charge=faults[(5 * seed + 7 * number) % len(faults)],
        on_look_ups=tuple(chance.choices(tuple(OnLookUp), k=chance.choice((0, 0, 2, 6, 9)))),
        never_answered=chance.random() < 0.05,
        hang_up_at=chance.randrange(60) if chance.random() < 0.15 else None,
    )


def _death(chance: random.Random, probability: float) -> Death | None:
    if chance.random() >= probability:
        return None
    return Death(chance.randrange(45), chance.choice(tuple(Moment)))
