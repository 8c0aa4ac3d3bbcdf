"""A gateway that gives the card number back as its reference: nothing keeps it."""

from __future__ import annotations

import pytest
import structlog
from paying_doubles import HandPace, MemoryBank, a_request
from sqlalchemy import Engine

from bot.charges import ChargeOutcome, ChargeRequest, ChargeStatus
from bot.gateway_settings import GatewaySettings
from bot.money import Money
from bot.paying.gateway import GatewayAnswer, KeyState, OutcomeUnknown
from bot.paying.journal import Journal
from bot.paying.service import PaymentService

CARD = "4242424242424242"
INVALID_CARD = "4556737586899856"
"""Its check digit is wrong: no rule about card numbers as such finds it."""


class EchoingBank(MemoryBank):
    def __init__(self, pace: HandPace, reference: str, *, lost: bool = False) -> None:
        super().__init__(pace)
        self.reference = reference
        self.lost = lost

    async def charge(self, request: ChargeRequest, key: str) -> GatewayAnswer:
        if self.lost:
            raise OutcomeUnknown("lost")
        return GatewayAnswer(ChargeStatus.APPROVED, self.reference)

    async def look_up(self, key: str, amount: Money) -> GatewayAnswer | KeyState:
        return GatewayAnswer(ChargeStatus.APPROVED, self.reference)


async def kept(
    engine: Engine, number: str, reference: str, *, lost: bool
) -> tuple[ChargeOutcome, str | None]:
    """The outcome, and the journal's reference; in no line of the log is more than in these."""
    pace = HandPace()
    bank = EchoingBank(pace, reference, lost=lost)
    service = PaymentService(engine, bank, GatewaySettings(), pace=pace)
    with structlog.testing.capture_logs() as lines:
        outcome = await service.charge(a_request(number=number))
    intent = Journal(engine).find("attempt-1")
    assert intent is not None
    assert outcome.status is ChargeStatus.APPROVED
    assert outcome.reference == reference or reference not in str(lines)
    return outcome, intent.reference


@pytest.mark.parametrize(
    ("number", "reference", "may_be_kept"),
    [
        (CARD, CARD, "…4242"),
        (CARD, f"pay-{CARD}", "…4242"),
        (CARD, "4242-4242-4242-4242", "…4242"),
        (INVALID_CARD, INVALID_CARD, "…9856"),
        (INVALID_CARD, f"{INVALID_CARD}-001", "…"),
        (INVALID_CARD, "X45567Y", "…"),
        (INVALID_CARD, "ch_4_5_5_6_7", "…"),
        (INVALID_CARD, "R9856", "R9856"),
        (INVALID_CARD, "X4556Y", "X4556Y"),
        (INVALID_CARD, "K7M4Q2", "K7M4Q2"),
    ],
)
async def test_of_the_card_charged_a_reference_keeps_its_last_four_digits_at_most(
    engine: Engine, number: str, reference: str, may_be_kept: str
) -> None:
    outcome, journal = await kept(engine, number, reference, lost=False)
    assert (outcome.reference, journal) == (may_be_kept, may_be_kept)


@pytest.mark.parametrize(
    ("reference", "may_be_kept"),
    [(CARD, "…4242"), (f"pay-{CARD}", "…4242"), ("K7M4Q2", "K7M4Q2")],
)
async def test_a_look_ups_reference_is_kept_without_what_looks_like_a_card_number(
    engine: Engine, reference: str, may_be_kept: str
) -> None:
    outcome, journal = await kept(engine, CARD, reference, lost=True)
    assert outcome.settled_by_lookup
    assert (outcome.reference, journal) == (may_be_kept, may_be_kept)


async def test_the_log_has_no_reference_that_looks_like_another_card_number(
    engine: Engine,
) -> None:
    service = PaymentService(
        engine, EchoingBank(pace := HandPace(), CARD), GatewaySettings(), pace=pace
    )
    with structlog.testing.capture_logs() as lines:
        outcome = await service.charge(a_request(number=INVALID_CARD))
    assert outcome.reference == CARD, "the caller is told what the gateway said"
    assert [line["reference"] for line in lines if "reference" in line] == ["…4242"]


async def test_of_a_card_wiped_meanwhile_only_what_looks_like_a_card_number_is_masked(
    engine: Engine,
) -> None:
    request = a_request(number=CARD)

    class WipingBank(EchoingBank):
        async def charge(self, request: ChargeRequest, key: str) -> GatewayAnswer:
            request.card.wipe()
            return await super().charge(request, key)

    service = PaymentService(
        engine, WipingBank(pace := HandPace(), CARD), GatewaySettings(), pace=pace
    )
    assert (await service.charge(request)).reference == "…4242"
