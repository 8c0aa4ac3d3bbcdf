"""When an answer is complete, and how much silence ends a turn."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cards import SecretDigits, SecretText
from bot.expectations import Expectation, Field, Hypothesis, Kind
from bot.hearing.turns import LOOKS_MS, Completeness, completeness, rule_for
from bot.settings import EndOfTurnSettings

VISA = "4111111111111111"
TIMES = EndOfTurnSettings()
UNKNOWN, PARTIAL, POSSIBLE, CERTAIN = Completeness


def is_complete(heard: list[Hypothesis], expectation: Expectation, threshold: float) -> bool:
    return completeness(heard, expectation, threshold) is Completeness.CERTAIN


def said(digits: str, confidence: float = 0.9, *, fits: bool = True) -> Hypothesis:
    return Hypothesis(SecretText(""), confidence, digits=SecretDigits(digits), fits=fits)


def card(given_before: str = "") -> Expectation:
    before = SecretDigits(given_before) if given_before else None
    return Expectation(Kind.CARD, given_digits=before)


def digits(*lengths: int, given_before: str = "") -> Expectation:
    before = SecretDigits(given_before) if given_before else None
    return Expectation(Kind.DIGITS, lengths=lengths, given_digits=before)


@pytest.mark.parametrize(
    "number",
    [VISA, "5555555555554444", "378282246310005", "6011111111111117", "30569309025904"],
)
def test_a_card_number_of_the_length_on_the_card_is_complete(number: str) -> None:
    assert is_complete([said(number)], card(), threshold=0.5)


def test_a_card_number_is_complete_together_with_what_was_given_before() -> None:
    assert is_complete([said(VISA[8:])], card(VISA[:8]), threshold=0.5)


def test_a_card_number_that_does_not_fit_is_never_complete() -> None:
    assert not is_complete([said("4111111111111112", fits=False)], card(), threshold=0.5)


def test_a_doubtful_card_number_is_not_complete() -> None:
    assert not is_complete([said(VISA, 0.49)], card(), threshold=0.5)
    assert is_complete([said(VISA, 0.5)], card(), threshold=0.5)


def test_a_card_number_that_fits_at_an_unusual_length_may_go_on() -> None:
    """4222222222222 is a whole Visa number of 13 digits, and might be most of one of 16."""
    assert completeness([said("4222222222222")], card(), 0.5) is Completeness.POSSIBLE


def test_a_card_number_without_check_digit_may_go_on_up_to_the_longest() -> None:
    """UnionPay: any 16 digits fit, and many cards have 19."""
    assert completeness([said("6240008631401148")], card(), 0.5) is Completeness.POSSIBLE
    assert completeness([said("6240008631401148999")], card(), 0.5) is Completeness.CERTAIN


def test_the_surest_fitting_hypothesis_counts_whatever_the_order() -> None:
    heard = [said("4111", 0.3, fits=False), said(VISA, 0.7)]
    assert is_complete(heard, card(), threshold=0.5)
    assert is_complete(heard[::-1], card(), threshold=0.5)


def test_digits_are_complete_at_the_longest_allowed_length_only() -> None:
    postal_code = digits(5, 9)
    assert completeness([said("90210")], postal_code, 0.5) is Completeness.POSSIBLE
    assert completeness([said("902101234")], postal_code, 0.5) is Completeness.CERTAIN
    assert completeness([said("902", fits=False)], postal_code, 0.5) is Completeness.PARTIAL
    assert completeness([said("123")], digits(3), 0.5) is Completeness.CERTAIN


def test_digits_given_before_count_towards_the_length() -> None:
    assert is_complete([said("1234")], digits(5, 9, given_before="90210"), threshold=0.5)


def test_between_two_lengths_nothing_is_known() -> None:
    assert completeness([said("902101", fits=False)], digits(5, 9), 0.5) is Completeness.UNKNOWN


def test_digits_of_any_number_are_never_certainly_complete() -> None:
    assert completeness([said("123456")], digits(), 0.5) is Completeness.POSSIBLE


@pytest.mark.parametrize("kind", [Kind.YES_NO, Kind.AMOUNT, Kind.EXPIRY, Kind.OPEN])
@pytest.mark.parametrize("text", ["no", "yes", "eighty seven", "oh four thirty", "the old one"])
def test_words_that_may_go_on_are_never_certainly_complete(kind: Kind, text: str) -> None:
    """ "No" may go on with "the expiry is wrong", "eighty seven" with "fifty"."""
    heard = [Hypothesis(SecretText(text), 1.0, fits=True)]
    assert completeness(heard, Expectation(kind), 0.5) is not CERTAIN
    assert completeness(heard, Expectation(kind), 0.5, lambda _: True) is not CERTAIN


def test_what_says_something_whole_ends_a_turn_sooner_where_it_is_sure_enough() -> None:
    asked = Expectation(Kind.OPEN)
    sure, unsure = (Hypothesis(SecretText("yes"), c) for c in (0.6, 0.4))
    assert completeness([sure], asked, 0.5, lambda text: text == "yes") is Completeness.POSSIBLE
    assert completeness([sure], asked, 0.5, lambda text: text == "no") is Completeness.UNKNOWN
    assert completeness([unsure], asked, 0.5, lambda text: text == "yes") is Completeness.UNKNOWN


def words(text: str, confidence: float = 0.9) -> list[Hypothesis]:
    return [Hypothesis(SecretText(text), confidence)]


def test_an_amount_or_a_date_that_cannot_go_on_is_complete_where_it_was_heard_surely() -> None:
    amount, date = Expectation(Kind.AMOUNT), Expectation(Kind.EXPIRY)
    for text, asked in [("forty dollars and ten cents", amount), ("oh four twenty nine", date)]:
        assert completeness(words(text), asked, 0.3) is Completeness.CERTAIN
        assert completeness(words(text, 0.7), asked, 0.3) is Completeness.POSSIBLE
        assert completeness(words(text, 0.85), asked, 0.9) is Completeness.UNKNOWN


def test_a_month_without_its_year_is_waited_for_as_long_as_missing_digits() -> None:
    asked = Expectation(Kind.EXPIRY)
    assert completeness(words("oh four"), asked, 0.3) is Completeness.PARTIAL
    assert rule_for(asked, TIMES).silence_ms(Completeness.PARTIAL) > 1500


def test_the_first_question_about_the_amount_waits_as_the_others_about_it_do() -> None:
    openly = Expectation(Kind.OPEN, field=Field.AMOUNT)
    assert rule_for(openly, TIMES) == rule_for(Expectation(Kind.AMOUNT), TIMES)
    assert completeness(words("a hundred and"), openly, 0.3) is Completeness.PARTIAL


def test_as_many_digits_as_were_asked_for_end_a_turn_sooner_however_badly_heard() -> None:
    """They are asked for again, or taken: no silence makes them surer."""
    assert completeness([said("123", 0.4)], digits(3), 0.8) is Completeness.POSSIBLE
    assert completeness([said(VISA, 0.4)], card(), 0.8) is Completeness.UNKNOWN


def test_nothing_heard_is_not_complete() -> None:
    assert completeness([], card(), 0.0) is Completeness.UNKNOWN


@given(st.sampled_from(Kind), st.floats(0, 1), st.lists(st.floats(0, 0.999), max_size=3))
def test_below_the_threshold_nothing_is_complete(
    kind: Kind, threshold: float, confidences: list[float]
) -> None:
    heard = [said(VISA, c * threshold) for c in confidences if c * threshold < threshold]
    assert not is_complete(heard, Expectation(kind, lengths=(16,)), threshold)


@pytest.mark.parametrize("kind", Kind)
def test_an_answer_that_lacks_digits_is_waited_for_longest_and_a_possible_one_least(
    kind: Kind,
) -> None:
    rule = rule_for(Expectation(kind), TIMES)
    assert rule.silence_ms(Completeness.CERTAIN) >= LOOKS_MS[0]
    assert (
        rule.silence_ms(Completeness.CERTAIN)
        < rule.silence_ms(Completeness.POSSIBLE)
        <= rule.silence_ms(Completeness.UNKNOWN)
        <= rule.silence_ms(Completeness.PARTIAL)
    )


def test_yes_or_no_ends_soonest_and_a_card_number_waits_through_pauses_between_groups() -> None:
    rules = {kind: rule_for(Expectation(kind), TIMES) for kind in Kind}
    waits = {kind: rule.silence_ms(Completeness.UNKNOWN) for kind, rule in rules.items()}
    assert min(waits, key=lambda k: waits[k]) is Kind.YES_NO
    assert waits[Kind.YES_NO] <= 600
    assert max(waits, key=lambda k: waits[k]) is Kind.CARD
    assert waits[Kind.CARD] > 1500


def test_digits_that_are_only_perhaps_missing_are_waited_for() -> None:
    assert completeness([said("902", 0.1, fits=False)], digits(5, 9), 0.8) is Completeness.PARTIAL


def test_what_is_no_digits_lacks_none() -> None:
    """ "I don't know" is not waited for as long as half a postal code."""
    heard = [Hypothesis(SecretText("i don't know"), 0.9)]
    assert completeness(heard, digits(5, 9), 0.5) is Completeness.UNKNOWN


def test_three_groups_of_a_visa_number_lack_digits_though_maestro_has_numbers_so_short() -> None:
    lengths = (12, 13, 14, 15, 16, 17, 18, 19)
    asked = Expectation(Kind.CARD, lengths=lengths)
    heard = [said(VISA[:12], fits=False)]
    assert completeness(heard, asked, 0.5) is Completeness.PARTIAL
    after_two_groups = Expectation(Kind.CARD, lengths=lengths, given_digits=SecretDigits(VISA[:8]))
    assert completeness([said(VISA[8:12], fits=False)], after_two_groups, 0.5) is (
        Completeness.PARTIAL
    )


USED = {
    "certain_ms": {(kind, CERTAIN) for kind in Kind},
    "yes_no_ms": {(Kind.YES_NO, known) for known in (UNKNOWN, PARTIAL)},
    "yes_no_complete_ms": {(Kind.YES_NO, POSSIBLE)},
    "open_ms": {(Kind.OPEN, known) for known in (UNKNOWN, PARTIAL)},
    "open_complete_ms": {(Kind.OPEN, POSSIBLE)},
    "amount_ms": {(Kind.AMOUNT, UNKNOWN)},
    "amount_complete_ms": {(Kind.AMOUNT, POSSIBLE)},
    "amount_missing_ms": {(Kind.AMOUNT, PARTIAL)},
    "expiry_ms": {(Kind.EXPIRY, UNKNOWN)},
    "expiry_complete_ms": {(Kind.EXPIRY, POSSIBLE)},
    "expiry_missing_ms": {(Kind.EXPIRY, PARTIAL)},
    "digits_ms": {(Kind.DIGITS, UNKNOWN)},
    "digits_complete_ms": {(Kind.DIGITS, POSSIBLE)},
    "digits_missing_ms": {(Kind.DIGITS, PARTIAL)},
    "card_ms": {(Kind.CARD, UNKNOWN)},
    "card_complete_ms": {(Kind.CARD, POSSIBLE)},
    "card_missing_ms": {(Kind.CARD, PARTIAL)},
}
"""Which waits each setting decides."""


@pytest.mark.parametrize("key", [field.name for field in fields(EndOfTurnSettings)])
def test_each_time_in_the_settings_is_the_wait_it_says_and_no_other(key: str) -> None:
    changed = replace(TIMES, **{key: 4321})
    waits = {
        (kind, known)
        for kind in Kind
        for known in Completeness
        if rule_for(Expectation(kind), changed).silence_ms(known) == 4321
    }
    assert waits == USED[key]
