"""Which gateway a charge went to: books it was never in prove nothing about it."""

from __future__ import annotations

import pytest
from paying_doubles import HandPace, MemoryBank, a_request
from sqlalchemy import Engine

from bot.charges import ChargeStatus
from bot.gateway_settings import GatewayKind, GatewaySettings, StripeSettings
from bot.paying.intents import State
from bot.paying.journal import Journal
from bot.paying.names import names_of
from bot.paying.service import PaymentService

URL = "https://api.example.com"
A_DAY = 24 * 3600


def stripe(account: str = "", name: str = "", url: str = URL) -> GatewaySettings:
    return GatewaySettings(
        kind="stripe", url=url, name=name, stripe=StripeSettings(account=account)
    )


async def state_after(
    engine: Engine, made_at: tuple[str, ...], asked_at: GatewaySettings, seconds: float
) -> State:
    """Of a charge that was taken and its answer lost, when a bot with these settings, whose
    gateway has never heard of it, asked for so long."""
    pace = HandPace()
    maker = PaymentService(
        engine,
        MemoryBank(pace, ["lost_after"], ["fails"] * 20),
        GatewaySettings(),
        gateway_names=made_at,
        pace=pace,
    )
    assert (await maker.charge(a_request())).status is ChargeStatus.UNKNOWN
    asker = PaymentService(
        engine, MemoryBank(pace), asked_at, gateway_names=names_of(asked_at), pace=pace
    )
    for _ in range(4):
        pace.advance(seconds / 4)
        await asker.settle_open()
    intent = Journal(engine).find("attempt-1")
    assert intent is not None
    return intent.state


@pytest.mark.parametrize(
    "other",
    [
        GatewaySettings(url=URL),
        GatewaySettings(kind="xml", url=URL),
        stripe("acct_2"),
        stripe(),
        stripe("acct_1", "another-shop"),
        stripe("acct_1", url=f"{URL}/elsewhere"),
    ],
)
async def test_what_another_account_or_kind_behind_the_same_address_does_not_know_settles_nothing(
    engine: Engine, other: GatewaySettings
) -> None:
    made_at = names_of(stripe("acct_1"))
    assert await state_after(engine, made_at, other, A_DAY / 2) is State.UNKNOWN


async def test_the_same_account_is_believed_that_it_took_nothing(engine: Engine) -> None:
    made_at = names_of(stripe("acct_1"))
    assert await state_after(engine, made_at, stripe("acct_1"), A_DAY / 2) is State.UNAVAILABLE


async def test_a_charge_known_by_its_address_only_is_settled_where_no_account_is_named(
    engine: Engine,
) -> None:
    assert await state_after(engine, (URL,), stripe(), A_DAY / 2) is State.UNAVAILABLE


@pytest.mark.parametrize("named", [stripe("acct_1"), stripe(name="shop")])
async def test_a_charge_known_by_its_address_only_goes_to_a_person_where_an_account_is_named(
    engine: Engine, named: GatewaySettings
) -> None:
    assert await state_after(engine, (URL,), named, A_DAY / 2) is State.UNKNOWN


async def test_an_attempt_of_another_gateway_is_never_looked_up_in_ours(engine: Engine) -> None:
    assert await state_after(engine, ("other",), stripe(), 60) is State.UNKNOWN
    bank = MemoryBank(pace := HandPace())
    again = PaymentService(
        engine, bank, GatewaySettings(), gateway_names=names_of(stripe()), pace=pace
    )
    assert (await again.charge(a_request())).status is ChargeStatus.UNKNOWN
    assert (bank.sends, bank.look_ups) == ({}, {})


@pytest.mark.parametrize("kind", ["rest", "xml", "stripe"])
def test_the_simulator_keeps_one_set_of_books_for_every_kind(kind: GatewayKind) -> None:
    assert names_of(GatewaySettings(kind=kind)) == ("simulator",)


def test_a_long_address_keeps_its_difference_in_the_journals_column() -> None:
    first, second = (names_of(stripe(f"acct_{end}", url=URL + "/x" * 200))[0] for end in "12")
    assert len(first) == len(second) == 255
    assert first != second
