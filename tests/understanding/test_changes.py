"""Parts of a value put right, as callers say it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spoken import ORDINALS, digit_words

from bot.changes import Change, Part, Place, Unit
from bot.understanding.changes import changes_in

GROUP, DIGITS, MONTH, YEAR = Unit.GROUP, Unit.DIGITS, Unit.MONTH, Unit.YEAR


def changes(text: str) -> tuple[Change, ...]:
    return changes_in(text, "USD", 2026)


def said(part: Part | None) -> str | None:
    """Its digits."""
    return part.digits.reveal() if part is not None and part.digits is not None else None


def the_only(text: str) -> Change:
    (change,) = changes(text)
    return change


@pytest.mark.parametrize(
    ("text", "place", "new"),
    [
        ("the second group is four five three nine", Place(GROUP, 1), "4539"),
        ("no the second group is four five three nine", Place(GROUP, 1), "4539"),
        ("The 2nd group is 4539.", Place(GROUP, 1), "4539"),
        ("second group four five three nine", Place(GROUP, 1), "4539"),
        ("the second block of four digits is one two three four", Place(GROUP, 1), "1234"),
        ("the second number is four five three nine", Place(GROUP, 1), "4539"),
        ("group two is four five three nine", Place(GROUP, 1), "4539"),
        ("group three four five three nine", Place(GROUP, 2), "4539"),
        ("the middle group is eight two two four six three", Place(GROUP, None), "822463"),
        ("the group in the middle is one two three four", Place(GROUP, None), "1234"),
        ("the last group's double four double two", Place(GROUP, -1), "4422"),
        ("the last four are four two four two", Place(DIGITS, -1, 4), "4242"),
        ("the last four should be forty two forty two", Place(DIGITS, -1, 4), "4242"),
        ("the last 4 are 4242", Place(DIGITS, -1, 4), "4242"),
        ("the last four four two four two", Place(DIGITS, -1, 4), "4242"),
        ("the last four of my card are four two four two", Place(DIGITS, -1, 4), "4242"),
        ("the first six are four five three nine one two", Place(DIGITS, 0, 6), "453912"),
        ("the second four are four five three nine", Place(DIGITS, 1, 4), "4539"),
        ("the first digit is a five", Place(DIGITS, 0, 1), "5"),
        ("the third digit should be seven", Place(DIGITS, 2, 1), "7"),
        ("the second number is a seven", Place(DIGITS, 1, 1), "7"),
        ("digit number five should be an eight", Place(DIGITS, 4, 1), "8"),
        ("the last but one digit is a five", Place(DIGITS, -2, 1), "5"),
        ("a seven for the third digit", Place(DIGITS, 2, 1), "7"),
        ("the last digits are four five", Place(DIGITS, -1, 0), "45"),
        ("it ends in four two four two", Place(DIGITS, -1, 0), "4242"),
        ("it should start with five five five five", Place(DIGITS, 0, 0), "5555"),
        ("the last four are four five three eight no four five three nine",
         Place(DIGITS, -1, 4), "4539"),
    ],
)  # fmt: skip
def test_a_part_is_told_by_its_place(text: str, place: Place, new: str) -> None:
    change = the_only(text)
    assert (change.place, said(change.new), change.old) == (place, new, None)


@pytest.mark.parametrize(
    ("text", "place", "new", "old"),
    [
        ("no, nine not five", None, "9", "5"),
        ("it's nine, not five", None, "9", "5"),
        ("not five nine", None, "9", "5"),
        ("not four five three eight four five three nine", None, "4539", "4538"),
        ("not four five three eight it's four five three nine", None, "4539", "4538"),
        ("four five three nine, not four five three eight", None, "4539", "4538"),
        ("no, oh oh seven seven, not oh oh nine three", None, "0077", "0093"),
        ("four five three nine instead of four five three eight", None, "4539", "4538"),
        ("the third digit is a seven not a nine", Place(DIGITS, 2, 1), "7", "9"),
        ("the third digit isn't a nine it's a seven", Place(DIGITS, 2, 1), "7", "9"),
        ("the second group is one two three four not one two three five",
         Place(GROUP, 1), "1234", "1235"),
    ],
)  # fmt: skip
def test_a_part_is_told_by_contrast(text: str, place: Place | None, new: str, old: str) -> None:
    change = the_only(text)
    assert (change.place, said(change.new), said(change.old)) == (place, new, old)


@pytest.mark.parametrize(
    ("text", "place", "month", "year"),
    [
        ("it's November, not September", None, 11, None),
        ("no, November", Place(MONTH), 11, None),
        ("the month is november", Place(MONTH), 11, None),
        ("the month should be eleven", Place(MONTH), 11, 2011),
        ("the month is wrong it's may", Place(MONTH), 5, None),
        ("the year is twenty nine", Place(YEAR), None, 2029),
        ("the year is wrong it's twenty twenty nine", Place(YEAR), None, 2029),
        ("the year isn't twenty eight it's twenty nine", Place(YEAR), None, 2029),
        ("twenty thirty, not twenty twenty nine", None, None, 2030),
    ],
)
def test_a_month_or_a_year_alone(
    text: str, place: Place | None, month: int | None, year: int | None
) -> None:
    change = the_only(text)
    assert change.new is not None
    assert (change.place, change.new.month, change.new.year) == (place, month, year)


def test_a_group_may_be_said_to_be_wrong_without_what_it_should_be() -> None:
    assert the_only("the second group is wrong") == Change(Place(GROUP, 1))


def test_two_groups_at_once() -> None:
    first, second = changes(
        "the second group is four five three nine and the last group is one one one one"
    )
    assert (first.place, said(first.new)) == (Place(GROUP, 1), "4539")
    assert (second.place, said(second.new)) == (Place(GROUP, -1), "1111")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yes that's right",
        "four two four two four two four two",
        "I want to pay eighty dollars on my visa ending four two four two",
        "the first two payments were fine",
        "I'd like to pay one hundred and twenty dollars",
        "oh four twenty nine",
        "the expiry is november twenty nine",
        "wait a second",
        "the second time now",
        "not that one",
        "it's not right",
        "four one one one, no, four one one two",
        "the zip is nine oh two one oh and the code is one two three",
        "<digits> not <digits>",
        "the second group is <digits>",
    ],
)
def test_a_text_that_puts_no_part_right_has_no_change(text: str) -> None:
    assert [change for change in changes(text) if change.new is not None] == []


@given(st.integers(0, 11), st.text("0123456789", min_size=1, max_size=1))
def test_every_digit_can_be_told_by_its_ordinal(nth: int, digit: str) -> None:
    change = the_only(f"the {ORDINALS[nth]} digit should be {digit_words(digit)}")
    assert (change.place, said(change.new)) == (Place(DIGITS, nth, 1), digit)


@given(st.integers(0, 3), st.text("0123456789", min_size=4, max_size=4))
def test_every_group_can_be_told_by_its_ordinal(nth: int, digits: str) -> None:
    change = the_only(f"no the {ORDINALS[nth]} group is {digit_words(digits)}")
    assert (change.place, said(change.new)) == (Place(GROUP, nth), digits)


@given(st.text(max_size=60))
def test_no_text_is_too_strange_to_look_for_changes(text: str) -> None:
    changes(text)


def test_no_change_shows_what_was_said() -> None:
    shown = repr(changes("the last four are four two four two not nine nine one one"))
    assert "4242" not in shown
    assert "9911" not in shown
    assert repr(the_only("the third digit is a seven")).count("7") == 0
