"""Which digits a caller points at, and what then stands."""

from __future__ import annotations

import pytest
from conversation import change, digits, group
from hypothesis import given
from hypothesis import strategies as st

from bot.changes import Change, Place, Unit
from bot.dialog.fields.amending import Amended, amended, place_in

CARD = "4539148803436467"
FOURS = (4, 4, 4, 4)
AMEX = "378282246310005"


@pytest.mark.parametrize(
    ("place", "number", "layout", "found"),
    [
        (group(0), CARD, FOURS, "4539"),
        (group(1), CARD, FOURS, "1488"),
        (group(-1), CARD, FOURS, "6467"),
        (group(1), AMEX, (4, 6, 5), "822463"),
        (group(None), AMEX, (4, 6, 5), "822463"),
        (digits(0), CARD, (), "4"),
        (digits(2), CARD, (), "3"),
        (digits(-1), CARD, (), "7"),
        (digits(-2), CARD, (), "6"),
        (digits(0, 6), CARD, (), "453914"),
        (digits(-1, 4), CARD, (), "6467"),
        (digits(1, 4), CARD, (), "1488"),
        (digits(None, 6), AMEX, (4, 6, 5), "822463"),
        (digits(None, 4), CARD, (), "8803"),
    ],
)
def test_a_place_is_found(place: Place, number: str, layout: tuple[int, ...], found: str) -> None:
    span = place_in(place, number, [layout])
    assert span is not None
    first, end = span
    assert number[first:end] == found


@pytest.mark.parametrize(
    ("place", "layout"),
    [
        (group(4), FOURS),
        (group(-5), FOURS),
        (group(None), FOURS),
        (group(0), ()),
        (digits(16), FOURS),
        (digits(-17), FOURS),
        (digits(4, 4), FOURS),
        (digits(None, 5), FOURS),
        (digits(0, 0), FOURS),
        (Place(Unit.MONTH), FOURS),
    ],
)
def test_a_place_that_a_number_does_not_have_is_none(place: Place, layout: tuple[int, ...]) -> None:
    assert place_in(place, CARD, [layout]) is None


def test_groups_are_counted_as_the_caller_read_them_where_that_fits_what_is_said() -> None:
    read = (3, 4, 4, 4)
    assert place_in(group(1), AMEX, [read, (4, 6, 5)], said=4) == (3, 7)
    assert place_in(group(1), AMEX, [read, (4, 6, 5)], said=6) == (4, 10)
    assert place_in(group(1), AMEX, [read, (4, 6, 5)]) == (3, 7)


@pytest.mark.parametrize(
    ("said", "after"),
    [
        (change("1499", place=group(1)), "4539149903436467"),
        (change("7", place=digits(2)), "4579148803436467"),
        (change("6476", place=digits(-1, 0)), "4539148803436476"),
        (change("6476", old="6467"), "4539148803436476"),
        (change("7", old="9"), "4537148803436467"),
        (change("148", place=group(1)), "453914803436467"),
    ],
)
def test_a_part_is_changed_and_the_rest_stands(said: Change, after: str) -> None:
    found = amended([said], CARD, [FOURS])
    assert found is not None
    assert found.digits == after


def test_several_parts_are_changed_one_after_the_other() -> None:
    found = amended([change("1111", place=group(1)), change("2", place=digits(-1))], CARD, [FOURS])
    assert found == Amended(15, 16, "4539111103436462")


@pytest.mark.parametrize(
    "said",
    [
        change(None, place=group(1)),
        change("14999", place=digits(1, 4)),
        change("1499", place=group(1), old="1111"),
    ],
    ids=["nothing new", "too many digits", "not what is there"],
)
def test_a_part_that_is_wrong_but_not_known_has_its_place_told(said: Change) -> None:
    assert amended([said], CARD, [FOURS]) == Amended(4, 8, None)


@pytest.mark.parametrize(
    "said",
    [change("5", old="4"), change("5", old="2"), change("5555", old="5678"), change("9", old=None)],
    ids=["in several places", "in none", "a group that is not there", "nothing denied"],
)
def test_a_contrast_that_is_not_about_one_place_means_nothing(said: Change) -> None:
    assert amended([said], CARD, [FOURS]) is None


def test_a_contrast_is_about_a_group_before_it_is_about_digits_across_groups() -> None:
    number = "1212" + "9121" + "2000" + "4444"
    found = amended([change("3434", old="1212")], number, [FOURS])
    assert found is not None
    assert (found.first, found.end) == (0, 4)


def test_of_digits_that_were_not_read_back_no_contrast_is_about_them() -> None:
    found = amended([change("9", old="6")], "6539148803430467", [FOURS], heard_from=12)
    assert found == Amended(14, 15, "6539148803430497")
    assert amended([change("9", old="5")], CARD, [FOURS], heard_from=12) is None


@given(
    st.text("0123456789", min_size=12, max_size=19),
    st.integers(0, 18),
    st.text("0123456789", min_size=1, max_size=1),
)
def test_a_changed_digit_changes_no_other(number: str, nth: int, new: str) -> None:
    found = amended([change(new, place=digits(nth))], number)
    if nth >= len(number):
        assert found is None
    else:
        assert found is not None
        assert found.digits == number[:nth] + new + number[nth + 1 :]


@given(st.text("0123456789", min_size=2, max_size=19), st.data())
def test_a_contrast_changes_the_only_place_or_none(number: str, data: st.DataObject) -> None:
    old = data.draw(st.sampled_from(number))
    found = amended([change("0", old=old)], number)
    if number.count(old) == 1:
        assert found is not None
        assert found.digits == number.replace(old, "0")
    else:
        assert found is None
