"""Whatever fails and whenever the process dies: one charge per attempt, and nobody is lied to."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from paying_doubles import Fate, HandPace, Look, MemoryBank, a_request
from sqlalchemy import Engine, text

from bot.charges import ChargeOutcome, ChargeStatus
from bot.database import open_database
from bot.errors import StoreError
from bot.gateway_settings import GatewaySettings
from bot.paying import service as service_module
from bot.paying import settling as settling_module
from bot.paying.intents import State
from bot.paying.journal import Journal
from bot.paying.service import PaymentService


@dataclass(frozen=True)
class Charge:
    """crash_after: steps of the event loop until the process dies; None: it lives."""

    attempt: str
    crash_after: int | None


@dataclass(frozen=True)
class Wait:
    seconds: float


@dataclass(frozen=True)
class Settle:
    crash_after: int | None


crashes = st.none() | st.integers(0, 40)
actions = st.one_of(
    st.builds(Charge, st.sampled_from("abc"), crashes),
    st.builds(Charge, st.sampled_from("abc"), crashes),
    st.builds(Wait, st.sampled_from([1, 45, 400, 700])),
    st.builds(Settle, crashes),
)
fates = st.lists(
    st.sampled_from(
        ["approve", "decline", "refuse", "lost_before", "lost_after", "late", "late", "bug"]
    ),
    max_size=4,
)
looks = st.lists(st.sampled_from(["works", "fails", "in_flight", "bug"]), max_size=30)
journal_faults = st.dictionaries(st.integers(0, 40), st.sampled_from(["before", "after"]))


class World:
    """One database, one gateway, one clock, and services that live and die over them."""

    def __init__(
        self, engine: Engine, fates: list[Fate], looks: list[Look], *, calls_die: bool = True
    ) -> None:
        """calls_die: a crash ends the calls, and no later process repeats their attempts; as it
        is in the product, and as must be where the journal may be out of order as well."""
        self._calls_die = calls_die
        self._crashes = 0
        self.pace = HandPace()
        self.bank = MemoryBank(self.pace, fates, looks)
        self.told: defaultdict[str, set[ChargeStatus]] = defaultdict(set)
        self._engine = engine
        self.journal = Journal(engine)
        self.start()

    def start(self) -> None:
        self.service = PaymentService(
            self._engine,
            self.bank,
            GatewaySettings(),
            pace=self.pace,
            on_late_outcome=lambda late: self.tell(late.outcome),
        )

    def tell(self, outcome: ChargeOutcome) -> None:
        """An attempt of which not even the intent could be written may be made again later."""
        if outcome.status is ChargeStatus.UNAVAILABLE and not self._is_known(outcome.attempt_id):
            assert not self.bank.sends[outcome.attempt_id]
            return
        self.told[outcome.attempt_id].add(outcome.status)

    def _is_known(self, attempt: str) -> bool:
        return self.journal.find(attempt) is not None

    async def act(self, action: Charge | Wait | Settle) -> None:
        match action:
            case Wait(seconds):
                self.pace.advance(seconds)
            case Charge(attempt, crash_after):
                life = self._crashes if self._calls_die else 0
                await self._until_crash(self._charge(f"{attempt}{life}"), crash_after)
            case Settle(crash_after):
                await self._until_crash(self.service.settle_open(), crash_after)

    async def _charge(self, attempt: str) -> None:
        self.tell(await self.service.charge(a_request(attempt)))

    async def _until_crash(self, work: Any, crash_after: int | None) -> None:
        task = asyncio.create_task(work)
        if crash_after is None:
            await task
            return
        for _ in range(crash_after):
            await asyncio.sleep(0)
        victims = [task, *self.service._charges.values()]
        for victim in victims:
            victim.cancel()
        await asyncio.gather(*victims, return_exceptions=True)
        self._crashes += 1
        self.start()

    def check(self) -> None:
        for attempt in self.told.keys() | self.bank.sends.keys():
            assert self.bank.sends[attempt] <= 1
            captured = self.bank.captured(attempt)
            told = self.told[attempt]
            if ChargeStatus.APPROVED in told:
                assert captured
            if told & {ChargeStatus.DECLINED, ChargeStatus.UNAVAILABLE}:
                assert not captured

    def check_the_end(self) -> None:
        """Everything has arrived that ever will, and look-ups worked again for a day."""
        self.check()
        for attempt in self.told.keys() | self.bank.sends.keys():
            intent = self.journal.find(attempt)
            if intent is None:
                assert not self.bank.sends[attempt]
                continue
            assert not intent.is_open
            if self.bank.captured(attempt):
                assert intent.state is State.APPROVED
            elif attempt in self.bank.books:
                assert intent.state is State.DECLINED
            else:
                assert intent.state in {State.UNAVAILABLE, State.GIVEN_UP}


class FaultyThread:
    """Stands in for `in_thread`: two crash points around each journal step, and disk faults.

    "before": the step is not done. "after": it is done, and reported as failed.
    """

    def __init__(self) -> None:
        self.start({})

    def start(self, faults: dict[int, str]) -> None:
        """faults: by the number of the step they befall."""
        self.faults = faults
        self.steps = 0

    async def __call__(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        fault = self.faults.get(self.steps)
        self.steps += 1
        await asyncio.sleep(0)
        if fault == "before":
            raise StoreError("disk full")
        result = function(*args, **kwargs)
        await asyncio.sleep(0)
        if fault == "after":
            raise StoreError("disk full, perhaps")
        return result


@pytest.fixture(scope="module")
def memory() -> Iterator[Engine]:
    """A journal in memory: here the process dies, not the disk, and a thousand syncs are slow."""
    engine = open_database("sqlite://")
    yield engine
    engine.dispose()


@pytest.fixture
def thread(monkeypatch: pytest.MonkeyPatch) -> FaultyThread:
    thread = FaultyThread()
    monkeypatch.setattr(service_module, "in_thread", thread)
    monkeypatch.setattr(settling_module, "in_thread", thread)
    return thread


@dataclass(frozen=True)
class Story:
    plan: list[Charge | Wait | Settle]
    fates: list[Fate]
    looks: list[Look]
    faults: dict[int, str]


@given(st.builds(Story, st.lists(actions, min_size=1, max_size=8), fates, looks, journal_faults))
@example(Story([Charge("a", None), Charge("a", None)], [], [], {3: "before"}))
@example(Story([Charge("a", None), Wait(400), Settle(None), Wait(400)], ["late"], [], {}))
@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_no_fault_and_no_crash_ever_charges_twice_or_tells_a_lie(
    memory: Engine, thread: FaultyThread, story: Story
) -> None:
    with memory.begin() as connection:
        connection.execute(text("DELETE FROM charge_intents"))

    async def run() -> None:
        world = World(memory, story.fates, story.looks, calls_die=bool(story.faults))
        thread.start(story.faults)
        for action in story.plan:
            await world.act(action)
            world.check()
        thread.start({})
        world.bank.look_ups_work_again()
        for _ in range(3):
            world.pace.advance(700)
            await world.service.settle_open()
        world.check_the_end()

    with structlog.testing.capture_logs():
        asyncio.run(run())


def test_the_crashes_of_the_test_above_hit_every_step_of_a_charge(
    memory: Engine, thread: FaultyThread
) -> None:
    seen = set()

    async def run(crash_after: int) -> None:
        world = World(memory, [], [])
        attempt = f"attempt-{crash_after}"
        await world._until_crash(world._charge(attempt), crash_after)
        intent = world.journal.find(attempt)
        seen.add((intent and intent.state, world.bank.captured(attempt)))

    for crash_after in range(15):
        asyncio.run(run(crash_after))
    assert thread.steps > 0
    assert seen == {
        (None, False),
        (State.INTENT, False),
        (State.SENT, False),
        (State.SENT, True),
        (State.APPROVED, True),
    }
