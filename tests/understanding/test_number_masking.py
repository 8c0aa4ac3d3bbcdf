import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spoken import DIGIT_STYLES, NUMBER_WORDS, amount_styles, expiry_styles

from bot.understanding import numbers
from bot.understanding.number_words import HOMOPHONES, PHRASES, SINGLE_WORDS
from bot.understanding.numbers import NumberKind, mask, read_expiries, replace_numbers

PAUSES = [" ", ", ", ". ", " - ", " um ", " uh ", " okay ", " and then ", " like ", " so "]
SLIPS = [" no ", ", sorry, ", " I mean ", " wait ", " hang on ", " no wait ", " scratch that "]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("no the expiry is wrong it's oh four twenty nine", "no the expiry is wrong it's <date>"),
        ("it's 04/29", "it's <date>"),
        ("no, it's november", "no, it's <date>"),
        ("April 2029 please", "<date> please"),
        ("the fourth of twenty nine", "the <date>"),
        ("I'd like to pay eighty seven fifty", "I'd like to pay <amount>"),
        ("I'd like to pay $87.50.", "I'd like to pay <amount>."),
        ("eighty dollars on my visa", "<amount> on my visa"),
        ("a buck fifty", "<amount>"),
        ("a hundred and twenty then", "<amount> then"),
        ("no the second group is four five three nine", "no the second group is <digits>"),
        ("the 2nd group is 4539", "the second group is <digits>"),
        ("it's five five three", "it's <digits>"),
        ("press one", "press <digits>"),
        ("key 3", "key <digits>"),
        ("use 4111 1111 1111 1111 exp 0429 cvv 123", "use <digits> exp <date> cvv <digits>"),
        ("eighty no ninety dollars", "<amount>"),
        ("make it ninety not eighty", "make it <amount>"),
        ("no it's not eighty it's ninety", "no it's not <amount> it's <amount>"),
        ("four one one one no four one one two", "<digits>"),
        ("it's <date> not <date>", "it's <date> not <date>"),
        ("mp3", "mp <digits>"),
        ("visa4242visa", "visa <digits> visa"),
    ],
)
def test_a_number_becomes_the_placeholder_its_form_speaks_for(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "no one told me", "the other one", "this one is wrong", "I want to pay for one",
        "the first one", "can you repeat that one more time", "one moment please",
        "wait a second", "the second group", "the third digit", "to be honest", "for sure",
        "may I speak to an agent", "I may pay later", "march on", "oh I see", "oh no",
        "oh one moment",
        "double check that", "half of the balance", "a quarter of the balance", "what's the point",
        "the last four digits are wrong", "I have two cards", "one of the numbers is wrong",
        "two of them are mine", "yes a hundred percent", "in dollars please", "press pound", "o k",
        "a couple of cards", "sent it to you", "someone", "",
    ],
)  # fmt: skip
def test_words_that_are_no_numbers_stay(text: str) -> None:
    assert replace_numbers(text) == numbers.Replaced(text, ())


def test_the_count_in_the_last_4_digits_becomes_a_word() -> None:
    assert mask("the last 4 digits are wrong") == "the last four digits are wrong"


def _is_clean(masked: str) -> bool:
    """No digit sign, no number word besides the "oh" that is also a sigh."""
    said = set(masked.lower().replace(",", " ").replace(".", " ").replace("-", " ").split())
    return not any(c.isdigit() for c in masked) and not said & (NUMBER_WORDS - {"oh"})


@st.composite
def _read_aloud(draw: st.DrawFn) -> str:
    """A card number, in pieces of any style, with pauses and slips between them."""
    digits = draw(st.text("0123456789", min_size=12, max_size=19))
    out = ""
    while digits:
        size = draw(st.integers(1, 5))
        style = draw(st.sampled_from([s for s in sorted(DIGIT_STYLES) if s != "announced"]))
        out += DIGIT_STYLES[style](digits[:size])
        out += draw(st.sampled_from(PAUSES * 3 + SLIPS))
        digits = digits[size:]
    return out


@given(_read_aloud())
@settings(deadline=None)
def test_nothing_of_a_card_number_is_left_however_it_is_said(said: str) -> None:
    masked = mask(f"my card number is {said}")
    assert _is_clean(masked)
    assert "<" in masked


@given(st.integers(1, 9_999_999), st.integers(1, 12), st.integers(2026, 2049))
@settings(max_examples=30, deadline=None)
def test_nothing_of_an_amount_or_a_date_is_left(minor_units: int, month: int, year: int) -> None:
    for _, said in [*amount_styles(minor_units), *expiry_styles(month, year)]:
        assert _is_clean(mask(said).replace("thirtieth", "")), said


_vocabulary = sorted(
    {word for phrase in PHRASES for word in phrase}
    | NUMBER_WORDS
    | set(SINGLE_WORDS)
    | set(HOMOPHONES)
    | {"one", "may", "april", "march", "$", "%", ",", ".", "/", "-", "4", "04", "29", "1st", "2nd",
       "dollars", "cents", "second", "digits", "visa", "<amount>", "<digits>", "<date>", "50p"}
)  # fmt: skip


@given(st.lists(st.sampled_from(_vocabulary), max_size=14).map(" ".join))
@settings(max_examples=400, deadline=None)
def test_replacing_twice_changes_nothing(text: str) -> None:
    once = mask(text)
    assert mask(once) == once
    assert not any(c.isdigit() for c in once)


@given(st.text(max_size=80))
@settings(deadline=None)
def test_any_text_loses_its_digits_and_stays_as_it_is_the_second_time(text: str) -> None:
    once = replace_numbers(text)
    assert not any(c.isdigit() for c in once.text)
    assert mask(once.text) == once.text
    for number in once.found:
        assert text[number.start : number.end] == number.words
        assert once.text.startswith(number.kind.placeholder, number.at)
    assert all(a.end <= b.start for a, b in pairwise(once.found))


def test_a_phrase_of_several_kinds_keeps_them_all_and_its_words_for_the_readers() -> None:
    (number,) = replace_numbers("no it's oh four twenty nine").found
    assert number.kind is NumberKind.DATE
    assert NumberKind.DIGITS in number.kinds
    assert read_expiries(number.words)[0].month == 4
    assert "four" not in repr(number)


@pytest.mark.parametrize(
    "garbage",
    ["one ", "oh ", "to ", "no 1 ", "4111 ", "a hundred ", "double ", "may ", "$", "1,", "um ",
     "one two no ", "half a dollar and ", "9", "twenty one thousand "],
)  # fmt: skip
def test_ten_thousand_characters_of_garbage_cost_steps_in_proportion(garbage: str) -> None:
    """Counted in calls, not in seconds: twice the text may take little more than twice the work."""

    def work(characters: int) -> int:
        calls = 0

        def count(*_: object) -> None:
            nonlocal calls
            calls += 1

        text = garbage * (characters // len(garbage))
        sys.setprofile(count)
        try:
            mask(text)
            numbers.read_digits(text)
        finally:
            sys.setprofile(None)
        return calls

    assert work(2_000) < 3 * work(1_000)


def test_the_readers_need_the_standard_library_only() -> None:
    """Rasa imports them under another interpreter, without the product's dependencies."""
    code = (
        "import sys; before = set(sys.modules); import bot.understanding.numbers; "
        "print(*sorted({m.split('.')[0] for m in set(sys.modules) - before}))"
    )
    told = subprocess.run(  # noqa: S603 - our own interpreter, our own code
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert set(told.stdout.split()) <= sys.stdlib_module_names | {"bot"}
