import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from spoken import DIGIT_STYLES

from bot.understanding.numbers import read_digits

digit_strings = st.text("0123456789", min_size=3, max_size=19)


@given(digits=digit_strings, style=st.sampled_from(sorted(DIGIT_STYLES)))
@settings(deadline=None)
@example(digits="4111111111111111", style="pairs")
@example(digits="4000000000000002", style="doubles and trebles")
@example(digits="6011111111111117", style="quantities")
@example(digits="000", style="one by one with oh")
def test_digits_said_in_any_natural_way_are_read_back_exactly(digits: str, style: str) -> None:
    readings = read_digits(DIGIT_STYLES[style](digits))
    assert readings[0].digits == digits


@pytest.mark.parametrize(
    ("said", "digits"),
    [
        ("four one one one", "4111"),
        ("forty-one eleven", "4111"),
        ("forty one eleven", "4111"),
        ("four thousand one hundred", "4100"),
        ("four thousand one hundred eleven", "4111"),
        ("forty one hundred", "4100"),
        ("eleven hundred", "1100"),
        ("one hundred", "100"),
        ("one hundred twenty three", "123"),
        ("five hundred and twelve", "512"),
        ("sixty eleven", "6011"),
        ("six oh one one", "6011"),
        ("twenty twenty", "2020"),
        ("thirty seven eighty two", "3782"),
        ("double five, treble oh", "55000"),
        ("double o seven", "007"),
        ("seven double oh", "700"),
        ("quadruple four", "4444"),
        ("four ones", "1111"),
        ("four 1s", "1111"),
        ("three zeros", "000"),
        ("Double 5", "55"),
        ("double 512", "5512"),
        ("nought naught o nil zero", "00000"),
        ("niner fife", "95"),
        ("4111 1111 1111 1111", "4111111111111111"),
        ("4111-1111-1111-1111.", "4111111111111111"),
        ("4,111", "4111"),
        ("4.1.1.1", "4111"),
        ("4 1 1 1", "4111"),
        ("4 one 11", "4111"),
        ("four dash one dash one one", "4111"),
        ("\N{FULLWIDTH DIGIT THREE} \N{ARABIC-INDIC DIGIT FOUR}", "34"),
        ("my card number is four one one one", "4111"),
        ("um it's four uh one er one, hmm, one please", "4111"),
        ("four one and then one one", "4111"),
        ("the security code is nine oh one", "901"),
        ("it's one two three thank you", "123"),
        ("for one one one", "4111"),
        ("four to one five ate six", "421586"),
        ("five ate six two for one", "586241"),
        ("the last four are four two four two", "4242"),
        ("last four four two four two", "4242"),
        ("one", "1"),
        ("oh four one", "041"),
    ],
)  # fmt: skip
def test_what_callers_say_and_recognisers_print_is_read(said: str, digits: str) -> None:
    assert read_digits(said)[0].digits == digits


@pytest.mark.parametrize(
    ("said", "digits"),
    [
        ("four one, no, four two", "42"),
        ("four one — sorry — four two", "42"),
        ("four one oh no four two", "42"),
        ("five six sorry seven", "57"),
        ("four one two three no four one two four", "4124"),
        ("four one one one no wait four one one two", "4112"),
        ("4111 1111 1111 1112 sorry 1111", "4111111111111111"),
        ("four one one one, one two three four, sorry, one two three five", "41111235"),
        ("four one one one one two three four sorry one two three five", "41111235"),
        ("one two three four five, scratch that, one two three four six", "12346"),
        ("four five three nine I mean four five nine three", "4593"),
        ("four one one one let me start over four two four two", "4242"),
        ("one two no three no four", "14"),
        ("it's nine not five", "9"),
        ("not five nine", "9"),
        ("not five, nine", "9"),
        ("not five but nine", "9"),
        ("four one two three not four one two four", "4123"),
        ("no it's five", "5"),
        ("no, four five three nine", "4539"),
        ("four one one one wait five five five five", "41115555"),
        ("four one one one wait four one one two", "4112"),
    ],
)  # fmt: skip
def test_what_a_caller_takes_back_is_gone(said: str, digits: str) -> None:
    assert read_digits(said)[0].digits == digits


@pytest.mark.parametrize(
    ("said", "other", "reason"),
    [
        ("twenty one", "201", "tens and unit as two numbers"),
        ("one hundred eleven", "10011", "hundreds and the rest as two numbers"),
        ("20 1", "21", "written groups as one quantity"),
        ("oh fifty eight", "058", "an oh beside it as a zero"),
        ("four one, no, four two", "4142", "a pause, nothing taken back"),
        ("nine oh two and the code is one one", "90211", "several runs of digits as one"),
    ],
)
def test_a_less_likely_reading_comes_with_its_reason(said: str, other: str, reason: str) -> None:
    best, *others = read_digits(said)
    assert best.digits != other
    assert reason in {r.digits: r.reason for r in others}[other]


@pytest.mark.parametrize(
    ("said", "lengths", "digits"),
    [
        ("twenty one", (3,), "201"),
        ("twenty one", (2,), "21"),
        ("oh fifty eight", (3,), "058"),
        ("four one one one well I never one one one one", (8,), "41111111"),
        ("five six sorry seven", (1,), "7"),
        ("four one one one", (16,), "4111"),
    ],
)
def test_an_expected_length_is_preferred_but_never_forced(
    said: str, lengths: tuple[int, ...], digits: str
) -> None:
    assert read_digits(said, lengths)[0].digits == digits


@pytest.mark.parametrize(
    "said",
    ["", "yes", "no one", "oh", "oh no", "the other one", "for you", "wait a second", "not five",
     "the last four digits", "double check", "may I", "<digits>", "4" * 65],
)  # fmt: skip
def test_where_no_number_was_given_there_is_no_reading(said: str) -> None:
    assert read_digits(said) == []


def test_of_several_numbers_the_longest_is_meant() -> None:
    readings = read_digits("4111 1111 1111 1111 and it expires oh four twenty nine")
    assert readings[0].digits == "4111111111111111"
    assert "0429" in [reading.digits for reading in readings]


def test_a_reading_knows_its_place_and_shows_no_digit() -> None:
    text = "it is four one one one, thanks"
    reading = read_digits(text)[0]
    assert text[reading.start : reading.end] == "four one one one"
    assert "4111" not in repr(reading)


@given(st.text(max_size=80))
@settings(deadline=None)
def test_no_text_breaks_the_reader(text: str) -> None:
    for reading in read_digits(text):
        assert reading.digits.isascii()
        assert reading.digits.isdigit()
        assert 0 <= reading.start < reading.end <= len(text)
