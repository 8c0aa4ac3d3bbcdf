from collections.abc import Sequence

import pytest
from fixed_rasa import FixedRasa
from hypothesis import given
from hypothesis import strategies as st

from bot.cards import Expiry, SecretDigits, SecretText
from bot.changes import Place, Unit
from bot.expectations import (
    Expectation,
    Field,
    Hypothesis,
    Intent,
    Kind,
    Reading,
    Source,
)
from bot.money import Money
from bot.understanding.rasa_client import Parsed
from bot.understanding.understand import Understanding

CARD = Expectation(Kind.CARD, (15, 16), Field.CARD_NUMBER, sensitive=True)
CODE = Expectation(Kind.DIGITS, (3,), Field.SECURITY_CODE, sensitive=True)
ZIP = Expectation(Kind.DIGITS, (5, 9), Field.POSTAL_CODE)
AMOUNT = Expectation(Kind.AMOUNT, field=Field.AMOUNT)
EXPIRY = Expectation(Kind.EXPIRY, field=Field.EXPIRY)
CONFIRM = Expectation(Kind.YES_NO)
WHAT = Expectation(Kind.OPEN)

VISA = "4111111111111111"


def says(intent: Intent, field: Field | None = None) -> FixedRasa:
    return FixedRasa(Parsed(intent, 0.9, field, 0.9 if field else 0.0))


def typed(text: str, confidence: float = 0.8) -> Hypothesis:
    return Hypothesis(SecretText(text), confidence, engine="typed")


async def understand(
    hypotheses: str | Sequence[Hypothesis],
    expectation: Expectation,
    nlu: FixedRasa | None = None,
    degraded: list[str] | None = None,
    currency: str = "USD",
) -> tuple[Reading, ...]:
    heard = [typed(hypotheses)] if isinstance(hypotheses, str) else hypotheses
    told = degraded if degraded is not None else []
    return await Understanding(nlu, told.append).understand(
        heard, expectation, currency=currency, this_year=2026
    )


# --- numbers alone -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("nothing", Intent.DENY),
        ("no, nothing at all", Intent.DENY),
        ("nothing, it's all right", Intent.AFFIRM),
        ("oh sorry, nothing is wrong", Intent.AFFIRM),
        ("nothing's wrong", Intent.AFFIRM),
    ],
)
async def test_nothing_is_an_answer_to_what_is_wrong_and_never_a_wish_to_end(
    text: str, intent: Intent
) -> None:
    nlu = says(Intent.CANCEL)
    (reading,) = await understand(text, WHAT, nlu)
    assert (reading.intent, reading.field, reading.source) == (intent, None, Source.GRAMMAR)
    assert nlu.asked == []


@pytest.mark.parametrize("text", ["nothing but the expiry", "nothing is right", "nothing works"])
async def test_nothing_in_a_sentence_of_another_meaning_is_left_to_rasa(text: str) -> None:
    (reading,) = await understand(text, WHAT, says(Intent.CORRECT, Field.EXPIRY))
    assert (reading.intent, reading.source) == (Intent.CORRECT, Source.RASA)


async def test_nothing_means_nothing_where_it_is_not_asked_what_is_wrong() -> None:
    (reading,) = await understand("nothing", AMOUNT, says(Intent.CANCEL))
    assert reading.intent is Intent.CANCEL


@pytest.mark.parametrize("text", ["twenty nine", "two nine"])
async def test_the_rest_of_a_date_begun_with_keys_may_be_said(text: str) -> None:
    keyed = Expectation(Kind.EXPIRY, (4,), Field.EXPIRY, given_digits=SecretDigits("04"))
    readings = await understand(text, keyed)
    assert any(r.digits is not None and r.digits.reveal() == "29" for r in readings)


async def test_a_card_number_alone_needs_no_rasa() -> None:
    nlu = says(Intent.OUT_OF_SCOPE)
    text = "um four one one one, one one one one, one one one one, one one one one please"
    (reading,) = await understand(text, CARD, nlu)
    assert nlu.asked == []
    assert reading.digits == SecretDigits(VISA)
    assert reading.fits
    assert reading.as_heard
    assert (reading.intent, reading.source) == (None, Source.NUMBERS)
    assert reading.confidence == 0.8
    assert "<digits>" in reading.masked_text


async def test_a_number_with_its_own_noun_around_it_is_a_number_alone() -> None:
    (reading,) = await understand("my zip code is nine oh two one oh", ZIP, FixedRasa())
    assert reading.digits == SecretDigits("90210")
    assert reading.source is Source.NUMBERS


async def test_digits_given_before_count_when_a_card_number_is_judged() -> None:
    later = Expectation(Kind.CARD, (16,), Field.CARD_NUMBER, SecretDigits(VISA[:12]), True)
    (reading,) = await understand("one one one one", later)
    assert reading.fits
    (reading,) = await understand("one one one two", later)
    assert not reading.fits


async def test_digits_the_recogniser_decoded_are_taken_as_they_are() -> None:
    heard = [
        Hypothesis(SecretText(""), 0.7, SecretDigits("411"), fits=False, as_heard=True),
        Hypothesis(SecretText(""), 0.6, SecretDigits(VISA), fits=True, as_heard=False),
    ]
    first, second = await understand(heard, CARD)
    assert (first.digits, first.fits, first.as_heard) == (SecretDigits("411"), False, True)
    assert (second.digits, second.fits, second.as_heard) == (SecretDigits(VISA), True, False)
    assert first.masked_text == "<digits>"


async def test_the_group_that_hearing_doubts_is_passed_on() -> None:
    heard = [Hypothesis(SecretText(""), 0.6, SecretDigits(VISA), fits=True, doubtful=(4, 8))]
    (reading,) = await understand(heard, CARD)
    assert reading.doubtful == (4, 8)


async def test_a_digit_answer_to_the_amount_question_is_an_amount() -> None:
    (reading,) = await understand("eight seven five oh", AMOUNT)
    assert reading.amount is not None
    assert reading.digits is None


async def test_an_amount_is_of_the_configured_currency() -> None:
    (reading,) = await understand("eighty seven fifty", AMOUNT, currency="CAD")
    assert reading.amount == Money(8750, "CAD")


async def test_money_of_another_currency_is_no_answer() -> None:
    nlu = says(Intent.PAY_AMOUNT)
    readings = await understand("thirty euros", AMOUNT, nlu)
    assert all(reading.amount is None for reading in readings)


async def test_an_expiry_alone_is_read_with_this_century() -> None:
    (reading,) = await understand("it's oh four twenty nine", EXPIRY)
    assert reading.expiry == Expiry(4, 2029)


# --- words -------------------------------------------------------------------------------------


async def test_a_clear_yes_is_understood_by_grammar() -> None:
    nlu = says(Intent.DENY)
    (reading,) = await understand("yes that's right", CONFIRM, nlu)
    assert (reading.intent, reading.source, nlu.asked) == (Intent.AFFIRM, Source.GRAMMAR, [])


async def test_a_correction_goes_to_rasa_with_its_number_replaced() -> None:
    nlu = says(Intent.CORRECT, Field.EXPIRY)
    (reading,) = await understand(
        "that's when my old one ran out it's oh four twenty nine", CONFIRM, nlu
    )
    assert nlu.asked == ["that's when my old one ran out it's <date>"]
    assert (reading.intent, reading.field, reading.source) == (
        Intent.CORRECT, Field.EXPIRY, Source.RASA,
    )  # fmt: skip
    assert reading.expiry == Expiry(4, 2029)
    assert reading.masked_text == "that's when my old one ran out it's <date>"
    assert (reading.confidence, reading.intent_confidence) == (0.8, 0.9)


async def test_the_field_decides_how_its_number_is_read() -> None:
    text = "no that's wrong make it eighty seven fifty"
    (money,) = await understand(text, CONFIRM, says(Intent.CORRECT, Field.AMOUNT))
    assert money.amount == Money(8750)
    (digits,) = await understand(text, CONFIRM, says(Intent.CORRECT, Field.POSTAL_CODE))
    assert digits.digits == SecretDigits("8750")
    assert digits.amount is None


async def test_a_value_that_is_not_the_fields_is_left_out_and_the_field_kept() -> None:
    nlu = says(Intent.CORRECT, Field.EXPIRY)
    (reading,) = await understand("the expiry is wrong it's ninety dollars", CONFIRM, nlu)
    assert reading.field is Field.EXPIRY
    assert reading.numbers == ()


async def test_a_wish_at_a_number_question_goes_to_rasa() -> None:
    nlu = says(Intent.NOT_AVAILABLE)
    (reading,) = await understand("it has worn off my card", CODE, nlu)
    assert reading.intent is Intent.NOT_AVAILABLE
    assert reading.numbers == ()


async def test_an_amount_named_at_the_card_question_stays_an_amount() -> None:
    nlu = says(Intent.PAY_AMOUNT)
    (reading,) = await understand("i want to pay eighty dollars today", CARD, nlu)
    assert reading.amount == Money(8000)
    assert reading.digits is None


async def test_a_number_where_no_kind_was_asked_is_what_it_looks_like() -> None:
    nlu = says(Intent.CORRECT)
    (reading,) = await understand("surely it's april twenty twenty nine", CONFIRM, nlu)
    assert reading.expiry == Expiry(4, 2029)
    assert (reading.amount, reading.digits) == (None, None)


async def test_all_of_it_means_every_field_where_it_is_asked_what_is_wrong() -> None:
    nlu = says(Intent.PAY_FULL)
    (reading,) = await understand("all of it", WHAT, nlu)
    assert (reading.intent, reading.field) == (Intent.CORRECT, Field.EVERYTHING)
    (reading,) = await understand("all of it", AMOUNT, nlu)
    assert reading.intent is Intent.PAY_FULL


async def test_the_same_words_are_asked_once_and_the_order_is_kept() -> None:
    nlu = says(Intent.CORRECT, Field.POSTAL_CODE)
    heard = [
        typed("my zip is wrong it's nine oh two one oh", 0.6),
        typed("my zip is wrong it's nine oh two one one", 0.3),
    ]
    first, second = await understand(heard, CONFIRM, nlu)
    assert nlu.asked == ["my zip is wrong it's <digits>"]
    assert (first.digits, second.digits) == (SecretDigits("90210"), SecretDigits("90211"))


async def test_a_reading_never_shows_its_digits() -> None:
    readings = await understand("four one one one one one one one one one one one one one "
                                "one one", CARD)  # fmt: skip
    assert "1111" not in repr(readings)
    assert "one one" not in repr(readings)


@pytest.mark.parametrize("text", ["", "   ", "...", "-"])
async def test_silence_and_marks_mean_nothing(text: str) -> None:
    nlu = says(Intent.AFFIRM)
    assert await understand(text, CONFIRM, nlu) == ()
    assert nlu.asked == []


# --- without Rasa ------------------------------------------------------------------------------


@pytest.mark.parametrize("nlu", [None, FixedRasa()])
async def test_without_rasa_the_grammar_answers_and_the_call_is_told(nlu: FixedRasa | None) -> None:
    degraded: list[str] = []
    (reading,) = await understand(
        "no the expiry is wrong it's oh four twenty nine", CONFIRM, nlu, degraded
    )
    assert (reading.intent, reading.field, reading.source) == (
        Intent.CORRECT, Field.EXPIRY, Source.GRAMMAR,
    )  # fmt: skip
    assert reading.expiry == Expiry(4, 2029)
    assert len(degraded) == 1
    assert "Rasa" in degraded[0]


async def test_numbers_and_clear_words_do_not_miss_rasa() -> None:
    degraded: list[str] = []
    await understand("yes", CONFIRM, None, degraded)
    await understand("oh four twenty nine", EXPIRY, None, degraded)
    assert degraded == []


# --- what Rasa is sent -------------------------------------------------------------------------

_WORDS = ["no", "the", "card", "is", "wrong", "it's", "please", "number", "not", "for", "to", "my"]
_NUMBERS = ["four", "one", "oh", "double", "five", "twenty", "nine", "forty-one", "triple", "seven",
            "hundred", "4111", "1111", "87.50", "04/29", "4-1-1", "$9", "2nd"]  # fmt: skip


@given(
    st.lists(st.sampled_from(_WORDS + _NUMBERS), max_size=14).map(" ".join),
    st.sampled_from([CARD, CODE, ZIP, AMOUNT, EXPIRY, CONFIRM, WHAT]),
)
async def test_rasa_is_never_sent_a_digit(text: str, expectation: Expectation) -> None:
    nlu = says(Intent.DENY)
    readings = await understand(text, expectation, nlu)
    for sent in [*nlu.asked, *(reading.masked_text for reading in readings)]:
        assert not any(character.isdigit() for character in sent)


async def test_a_card_number_in_a_correction_is_not_sent() -> None:
    nlu = says(Intent.CORRECT, Field.CARD_NUMBER)
    text = "that is not my card it's 4111 1111 1111 1111"
    (reading,) = await understand(text, CONFIRM, nlu)
    assert nlu.asked == ["that is not my card it's <digits>"]
    assert reading.digits == SecretDigits(VISA)


# --- open questions about a field ---------------------------------------------------------------

HOW_MUCH = Expectation(Kind.OPEN, field=Field.AMOUNT)


@pytest.mark.parametrize("nlu", [None, FixedRasa(), says(Intent.OUT_OF_SCOPE)])
async def test_a_bare_number_answers_an_open_question_about_its_field(
    nlu: FixedRasa | None,
) -> None:
    readings = await understand("um eighty seven fifty", HOW_MUCH, nlu)
    assert readings[0].amount == Money(8750)
    assert readings[0].source is Source.NUMBERS


async def test_a_sentence_with_a_number_at_an_open_question_is_for_rasa_to_understand() -> None:
    nlu = says(Intent.PAY_AMOUNT)
    (reading,) = await understand("i'd like to pay eighty seven fifty", HOW_MUCH, nlu)
    assert nlu.asked == ["i'd like to pay <amount>"]
    assert (reading.intent, reading.source) == (Intent.PAY_AMOUNT, Source.RASA)
    assert reading.amount == Money(8750)


async def test_without_rasa_the_number_of_a_sentence_is_still_the_answer() -> None:
    (reading,) = await understand("i was thinking of eighty seven fifty today", HOW_MUCH, None)
    assert reading.amount == Money(8750)


# --- parts put right, and several things at once -------------------------------------------------


async def test_a_part_that_is_put_right_is_found_by_code_whatever_rasa_makes_of_the_sentence() -> (
    None
):
    (reading,) = await understand(
        "no the second group is four five three nine", WHAT, says(Intent.DENY)
    )
    (change,) = reading.changes
    assert change.place == Place(Unit.GROUP, 1)
    assert reading.change_of is Field.CARD_NUMBER


@pytest.mark.parametrize(
    "text",
    [
        "no the last four are zero one two two",
        "the last four digits are oh six two nine",
        "the third group is zero four two nine",
    ],
)
async def test_among_the_digits_of_a_card_nothing_is_a_date(text: str) -> None:
    """Rasa sees digits, as in its examples; it took the dates for a correction of the expiry."""
    rasa = says(Intent.CORRECT, Field.CARD_NUMBER)
    (reading,) = await understand(text, WHAT, rasa)
    assert rasa.asked[-1].endswith("<digits>")
    assert (reading.expiry, reading.digits is None) == (None, False)
    assert len(reading.changes) == 1


async def test_a_date_beside_a_part_of_another_number_stays_one() -> None:
    text = "the last four are four two four two and it expires oh four twenty nine"
    (reading,) = await understand(text, WHAT, says(Intent.CORRECT, Field.EXPIRY))
    every = [reading, *reading.also]
    assert Expiry(4, 2029) in [each.expiry for each in every]


async def test_the_words_beside_a_part_name_its_field() -> None:
    (reading,) = await understand("the last digit of the zip is a two", WHAT, says(Intent.CORRECT))
    assert reading.change_of is Field.POSTAL_CODE
    (reading,) = await understand(
        "the year is twenty nine", WHAT, says(Intent.CORRECT, Field.AMOUNT)
    )
    assert reading.change_of is Field.EXPIRY


async def test_a_contrast_that_answers_a_question_for_digits_is_both() -> None:
    nlu = says(Intent.CORRECT)
    (reading,) = await understand("nine not five", CARD, nlu)
    assert nlu.asked == []
    assert reading.digits == SecretDigits("9")
    assert len(reading.changes) == 1


async def test_without_rasa_a_part_is_put_right_all_the_same() -> None:
    (reading,) = await understand("the last four are four two four two", WHAT)
    assert reading.changes
    assert reading.change_of is None


async def test_two_things_at_once_are_two_readings_in_one() -> None:
    text = "the expiry is oh four twenty nine and the zip is nine oh two one oh"
    (reading,) = await understand(text, WHAT, says(Intent.CORRECT, Field.EXPIRY))
    (other,) = reading.also
    assert (reading.field, reading.expiry) == (Field.EXPIRY, Expiry(4, 2029))
    assert (other.field, other.digits) == (Field.POSTAL_CODE, SecretDigits("90210"))
    assert reading.masked_text == "the expiry is <date> and the zip is <digits>"


async def test_rasa_sees_no_number_of_either_and_is_named_only_where_it_agrees() -> None:
    text = "the expiry is oh four twenty nine and the zip is nine oh two one oh"
    nlu = says(Intent.CORRECT, Field.EXPIRY)
    (reading,) = await understand(text, WHAT, nlu)
    assert (reading.source, reading.also[0].source) == (Source.RASA, Source.GRAMMAR)
    assert nlu.asked == [
        "the expiry is <date> and the zip is <digits>",
        "the expiry is <date>",
        "the zip is <digits>",
    ]


async def test_two_things_at_once_are_understood_without_rasa() -> None:
    (reading,) = await understand("the expiry and the zip", WHAT)
    assert [reading.field, *(other.field for other in reading.also)] == [
        Field.EXPIRY,
        Field.POSTAL_CODE,
    ]


@pytest.mark.parametrize("intent", [Intent.CANCEL, Intent.AGENT, Intent.PAY_FULL])
async def test_a_sentence_that_wants_something_else_is_no_correction_of_two(intent: Intent) -> None:
    (reading,) = await understand("the amount and the card are not the point", WHAT, says(intent))
    assert (reading.intent, reading.also) == (intent, ())


# --- words that say nothing --------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["thank you", "thank you very much", "thanks a lot", "so", "i", "i'll", "well i um"]
)
@pytest.mark.parametrize("asked", [WHAT, CONFIRM, AMOUNT, CARD])
async def test_courtesy_and_a_sentence_only_begun_are_neither_a_yes_nor_a_farewell(
    text: str, asked: Expectation
) -> None:
    nlu = says(Intent.AFFIRM)
    assert await understand(text, asked, nlu) == ()
    assert nlu.asked == []


@pytest.mark.parametrize("text", ["okay", "yes thank you", "but", "thanks bye", "i moved", "no i"])
async def test_courtesy_around_other_words_leaves_them_their_meaning(text: str) -> None:
    assert await understand(text, WHAT, says(Intent.AFFIRM))
