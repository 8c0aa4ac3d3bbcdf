"""Whole payments, from the first question to the result."""

from __future__ import annotations

from conversation import MASTERCARD, Conversation

from bot.expectations import Field, Intent, Source
from bot.outcomes import Destination, ResultName


def test_a_caller_pays_by_voice_and_corrects_the_expiry_in_one_breath() -> None:
    call = Conversation()
    assert call.prompts()[0].id == "welcome"
    call.says(Intent.PAY_AMOUNT, amount="87.50", source=Source.RASA)
    assert call.bot_said("card_number.ask")
    call.says(digits="5555 5555".replace(" ", ""))
    assert call.bot_stays_silent()
    call.says(digits="55554444")
    assert call.bot_said("expiry.ask")
    call.says(expiry="04/28")
    assert call.bot_said("security_code.ask_three")
    call.says(digits="123")
    call.says(digits="94110")
    assert call.bot_said(
        "confirm.read_back", "confirm.expiry", "confirm.noted_both", "confirm.question"
    )
    call.says(Intent.CORRECT, field=Field.EXPIRY, expiry="04/29", source=Source.RASA)
    assert call.prompts()[0].id == "corrected.expiry"
    assert str(call.prompt("confirm.expiry").values["expiry"]) == "04/29"
    call.says(Intent.AFFIRM)
    assert call.bot_said("charge.wait")
    assert call.charges == [("87.50", MASTERCARD, "123")]
    call.approves("R7K2")
    assert call.bot_said("charge.approved", "end.goodbye")
    assert call.result.status is ResultName.SUCCESS
    assert call.result.reference == "R7K2"
    assert call.result.corrections_by_rasa == ("expiry",)
    assert call.result.last_four == "4444"
    assert call.handed_to is Destination.HANG_UP
