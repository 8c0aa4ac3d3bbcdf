"""A process killed at each await of the charge path in turn: one trial for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

from benchmarks.faults.kinds import Kind
from benchmarks.faults.plan import Death, Moment, OnCharge, OnLookUp, Trial, one_order
from benchmarks.faults.till import Ended
from benchmarks.faults.trial import Laboratory

Dying = Callable[[int, Death | None], Trial]
"""A trial by its seed, and by where its process dies."""


def answered(seed: int, death: Death | None) -> Trial:
    """The process that charges dies; its charge is answered."""
    return one_order(seed, death=death)


def lost(seed: int, death: Death | None) -> Trial:
    """The process that charges dies; the answer is lost, and so are two look-ups."""
    return one_order(seed, OnCharge.DROP_AFTER, OnLookUp.FAIL, OnLookUp.DROP, death=death)


def settled(seed: int, death: Death | None) -> Trial:
    """The process that settles dies; the call before it was told that nobody knows."""
    look_ups = [OnLookUp.FAIL] * 5
    return one_order(seed, OnCharge.DROP_AFTER, *look_ups, death_while_settling=death)


SWEPT: dict[str, Dying] = {
    "charging, answered": answered,
    "charging, the answer lost": lost,
    "settling": settled,
}


async def awaits(lab: Laboratory, dying: Dying, seed: int, kind: Kind = Kind.REST) -> int:
    """How many awaits there are at which the process may die."""
    happened = await lab.run(dying(seed, None), kind=kind)
    lives = [event.steps for event in happened.events if isinstance(event, Ended)]
    return lives[1] if dying is settled else lives[0]


def deaths(dying: Dying, steps: int, first_seed: int) -> Iterator[Trial]:
    """At each await, when it begins and when it is over."""
    for number, (step, moment) in enumerate(product(range(steps), Moment)):
        yield dying(first_seed + number, Death(step, moment))
