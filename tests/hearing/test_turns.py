"""When an answer is complete, and how much silence ends a turn."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cards import SecretDigits, SecretText
from bot.expectations import Expectation, Hypothesis, Kind
from bot.hearing.turns import Completeness, completeness, rule_for
from bot.settings import EndOfTurnSettings

VISA = "4111111111111111"
TIMES = EndOfTurnSettings()


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
def test_what_has_no_length_is_never_certainly_complete(kind: Kind) -> None:
    """ "No" may go on with "the expiry is wrong", "eighty seven" with "fifty"."""
    heard = [Hypothesis(SecretText("no"), 1.0, fits=True)]
    assert not is_complete(heard, Expectation(kind), threshold=0.5)


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
    assert rule.silence_ms(Completeness.CERTAIN) == 0
    assert (
        rule.silence_ms(Completeness.POSSIBLE)
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


UNKNOWN, PARTIAL, POSSIBLE = (
    Completeness.UNKNOWN,
    Completeness.PARTIAL,
    Completeness.POSSIBLE,
)
USED = {
    "yes_no_ms": {(Kind.YES_NO, known) for known in (UNKNOWN, PARTIAL, POSSIBLE)},
    "open_ms": {(Kind.OPEN, known) for known in (UNKNOWN, PARTIAL, POSSIBLE)},
    "amount_ms": {(Kind.AMOUNT, UNKNOWN), (Kind.AMOUNT, PARTIAL)},
    "amount_complete_ms": {(Kind.AMOUNT, POSSIBLE)},
    "expiry_ms": {(Kind.EXPIRY, UNKNOWN), (Kind.EXPIRY, PARTIAL)},
    "expiry_complete_ms": {(Kind.EXPIRY, POSSIBLE)},
    "digits_ms": {(Kind.DIGITS, UNKNOWN)},
    "digits_complete_ms": {(Kind.DIGITS, POSSIBLE)},
    "digits_missing_ms": {(Kind.DIGITS, PARTIAL)},
    "card_ms": {(Kind.CARD, UNKNOWN)},
    "card_complete_ms": {(Kind.CARD, POSSIBLE)},
    "card_missing_ms": {(Kind.CARD, PARTIAL)},
}
"""Which waits each setting decides; what is certainly complete is waited for by none."""


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
