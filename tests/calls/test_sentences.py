from datetime import date

import pytest
from fixed_rasa import FixedRasa

from bot.calls.laboratory.sentences import QUESTIONS, Sentence, try_sentence, values_of
from bot.expectations import Field, Intent, Source
from bot.settings import PaymentSettings
from bot.understanding.rasa_client import Parsed

TODAY = date(2026, 11, 22)
EXPIRY_IS_WRONG = Parsed(Intent.CORRECT, 0.97, Field.EXPIRY, 0.9)


async def tried(text: str, question: str, rasa: FixedRasa | None = None) -> Sentence:
    return await try_sentence(text, question, rasa, PaymentSettings(), TODAY)


async def test_rasa_is_sent_the_masked_text_once_and_decides() -> None:
    rasa = FixedRasa(EXPIRY_IS_WRONG)
    sentence = await tried("Hang on, it's good until oh four twenty nine", "open", rasa)
    assert rasa.asked == [sentence.sent] == ["hang on, it's good until <date>"]
    assert sentence.rasa == EXPIRY_IS_WRONG
    assert sentence.rasa_decided
    assert sentence.readings[0].source is Source.RASA
    assert sentence.numbers["expiry"] == "04/29"
    assert sentence.taken_as == "a correction of: expiry, to 04/29"


async def test_what_a_call_would_not_ask_rasa_is_told_from_what_it_would() -> None:
    rasa = FixedRasa(EXPIRY_IS_WRONG)
    sentence = await tried("yes", "open", rasa)
    assert rasa.asked == ["yes"]
    assert not sentence.rasa_decided
    assert sentence.readings[0].source is Source.GRAMMAR
    assert sentence.taken_as == "yes"


@pytest.mark.parametrize("rasa", [None, FixedRasa(None)])
async def test_without_rasa_the_grammar_answers(rasa: FixedRasa | None) -> None:
    sentence = await tried("no the expiry's wrong", "open", rasa)
    assert sentence.rasa is None
    assert not sentence.rasa_decided
    assert sentence.readings[0].source is Source.GRAMMAR


@pytest.mark.parametrize(
    ("text", "question", "taken_as"),
    [
        ("eighty seven fifty", "amount", "the answer: 87.50"),
        (
            "fifty cents",
            "amount",
            "an answer to refuse: invalid amount (says amount.below_minimum)",
        ),
        ("the full amount", "amount", "something to reply to (says amount.no_balance)"),
        ("no, ninety dollars", "yes_no", "the answer: 90.00"),
        ("yes", "yes_no", "yes"),
        ("four two four two", "card", "a piece of the answer; the bot waits for more"),
        ("4242 4242 4242 4242", "card", "the answer: Visa 4242"),
        (
            "4242 4242 4242 4241",
            "card",
            "an answer to refuse: invalid card number (says card_number.invalid)",
        ),
        ("oh four twenty nine", "expiry", "the answer: 04/29"),
        ("april twenty twenty", "expiry", "an answer to refuse: invalid date (says expiry.past)"),
        ("one two three", "security_code", "the answer: taken"),
        ("nine oh two one oh", "postal_code", "the answer: taken"),
        ("no", "open", "no"),
        ("slower", "card", "a wish: slower"),
        ("um", "open", "nothing; the bot asks again"),
    ],
)
async def test_the_dialog_takes_a_sentence_as_the_question_wants_it(
    text: str, question: str, taken_as: str
) -> None:
    assert (await tried(text, question)).taken_as == taken_as


@pytest.mark.parametrize("question", QUESTIONS)
async def test_a_correction_is_one_at_every_question_but_its_own(question: str) -> None:
    sentence = await tried(
        "that one ran out, it is oh four twenty nine", question, FixedRasa(EXPIRY_IS_WRONG)
    )
    own = question == "expiry"
    assert sentence.taken_as == (
        "the answer: 04/29" if own else "a correction of: expiry, to 04/29"
    )


async def test_the_laboratory_shows_the_digits() -> None:
    sentence = await tried("nine oh two one oh", "postal_code")
    assert values_of(sentence.readings[0]) == ("90210",)
    assert "90210" not in repr(sentence.readings)
