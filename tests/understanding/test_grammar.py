import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.expectations import Field, Intent
from bot.understanding.grammar import clear_words, rough_words


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("yes", Intent.AFFIRM),
        ("Yes.", Intent.AFFIRM),
        ("um yeah", Intent.AFFIRM),
        ("yes please", Intent.AFFIRM),
        ("mm-hmm", Intent.AFFIRM),
        ("uh-huh", Intent.AFFIRM),
        ("yes that\u2019s right", Intent.AFFIRM),
        ("no", Intent.DENY),
        ("no thank you", Intent.DENY),
        ("no that's not right", Intent.DENY),
        ("sorry what", Intent.REPEAT),
        ("pardon", Intent.REPEAT),
        ("an operator please", Intent.AGENT),
        ("hang on a second", Intent.HOLD_ON),
        ("cancel", Intent.CANCEL),
        ("okay help", Intent.HELP),
    ],
)
def test_a_phrase_of_one_meaning_is_clear(text: str, intent: Intent) -> None:
    understood = clear_words(text)
    assert understood is not None
    assert understood.intent is intent


@pytest.mark.parametrize(
    "text",
    [
        "another card",
        "another card please",
        "can I use another card",
        "no wait let me use my other card instead",
        "i'd like to pay with a different card",
        "let's try a different credit card",
        "i want to put it on my other card",
        "use another card",
    ],
)
def test_the_wish_for_another_card_is_clear(text: str) -> None:
    understood = clear_words(text)
    assert understood is not None
    assert (understood.intent, understood.field) == (Intent.CORRECT, Field.CARD)


@pytest.mark.parametrize(
    "text",
    [
        "the number of my other card",
        "i paid with another card yesterday",
        "not another card",
        "another card number",
        "i have another card at home",
    ],
)
def test_another_card_in_another_sentence_is_left_to_rasa(text: str) -> None:
    assert clear_words(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "yes but the expiry is wrong",
        "no it's <date>",
        "right so the date isn't",
        "correct the amount",
        "no no the other one",
        "yes i have a question",
        "stop charging the wrong amount",
        "",
        "um",
        "okay",
        "<digits>",
    ],
)
def test_anything_longer_is_not_clear(text: str) -> None:
    assert clear_words(text) is None


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("no the expiry is wrong it's <date>", Field.EXPIRY),
        ("the expiry", Field.EXPIRY),
        ("the date please", Field.EXPIRY),
        ("expire e is wrong", Field.EXPIRY),
        ("no the card number is wrong", Field.CARD_NUMBER),
        ("the code on the back of the card is wrong", Field.SECURITY_CODE),
        ("the cvv isn't right", Field.SECURITY_CODE),
        ("my zip code is <digits>", Field.POSTAL_CODE),
        ("wrong postcode", Field.POSTAL_CODE),
        ("change the amount to <amount>", Field.AMOUNT),
        ("everything is wrong", Field.EVERYTHING),
        ("the amount should be <amount>", Field.AMOUNT),
    ],
)
def test_without_rasa_a_named_field_is_corrected(text: str, field: Field) -> None:
    understood = rough_words(text)
    assert understood is not None
    assert (understood.intent, understood.field) == (Intent.CORRECT, field)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("no that isn't what i said", Intent.DENY),
        ("yes go on then", Intent.AFFIRM),
        ("that's not right at all", Intent.DENY),
        ("i want to talk to someone now", Intent.AGENT),
        ("could you please repeat that for me", Intent.REPEAT),
        ("let me pay <amount> today", Intent.PAY_AMOUNT),
        ("i'd like to pay the full amount", Intent.PAY_FULL),
        ("just the minimum please", Intent.PAY_MINIMUM),
        ("i haven't got one", Intent.NOT_AVAILABLE),
        ("wait let me get my glasses", Intent.HOLD_ON),
        ("please cancel this", Intent.CANCEL),
        ("i want to pay my bill", Intent.PAY_BILL),
    ],
)
def test_without_rasa_wishes_are_found_by_their_words(text: str, intent: Intent) -> None:
    understood = rough_words(text)
    assert understood is not None
    assert (understood.intent, understood.field) == (intent, None)


def test_what_has_no_known_word_means_nothing() -> None:
    assert rough_words("the cat sat on the mat") is None


@given(st.text())
def test_any_text_is_survived_and_clear_words_stay_what_they_are(text: str) -> None:
    clear = clear_words(text)
    rough = rough_words(text)
    if clear is not None:
        assert rough == clear
