import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.cards import (
    BRANDS,
    Brand,
    CardNumber,
    Expiry,
    SecretText,
    SecurityCode,
    brand_of,
    is_card_number,
    lengths_for,
    overwrite,
    rules_of,
)

NUMBER = "4242424242424242"


@pytest.mark.parametrize(
    ("number", "brand"),
    [
        ("4111111111111111", Brand.VISA),
        ("4222222222222", Brand.VISA),
        ("5555555555554444", Brand.MASTERCARD),
        ("2223003122003222", Brand.MASTERCARD),
        ("2720990000000007", Brand.MASTERCARD),
        ("378282246310005", Brand.AMERICAN_EXPRESS),
        ("371449635398431", Brand.AMERICAN_EXPRESS),
        ("6011111111111117", Brand.DISCOVER),
        ("6011000990139424", Brand.DISCOVER),
        ("3056930009020004", Brand.DINERS_CLUB),
        ("36227206271667", Brand.DINERS_CLUB),
        ("3566002020360505", Brand.JCB),
        ("6759649826438453", Brand.MAESTRO),
        ("6200000000000005", Brand.UNIONPAY),
    ],
)
def test_public_test_numbers_are_valid_and_of_their_brand(number: str, brand: Brand) -> None:
    card = CardNumber(number)
    assert card.brand is brand
    assert card.is_valid
    assert card.last_four == number[-4:]


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("4242424242424241", "check digit"),
        ("424242424242424", "length of no Visa"),
        ("9999999999999995", "no known range"),
        ("2721000000000004", "just past Mastercard's 2-series"),
        ("2220990000000004", "just before Mastercard's 2-series"),
        ("", "nothing"),
    ],
)
def test_what_is_no_card_number_is_not_valid(number: str, why: str) -> None:
    assert not is_card_number(number), why


def test_a_brand_is_known_as_soon_as_its_digits_decide() -> None:
    assert brand_of("") is None
    assert brand_of("5") is None
    assert brand_of("55") is Brand.MASTERCARD
    assert lengths_for("37") == (15,)
    assert set(lengths_for("")) == {12, 13, 14, 15, 16, 17, 18, 19}


def test_no_two_brands_claim_the_same_leading_digits() -> None:
    for first in BRANDS:
        for second in BRANDS:
            if first is second:
                continue
            for low, high in first.iin_ranges:
                for other_low, other_high in second.iin_ranges:
                    size = max(len(low), len(other_low))
                    overlap = low.ljust(size, "0") <= other_high.ljust(size, "9") and (
                        other_low.ljust(size, "0") <= high.ljust(size, "9")
                    )
                    assert not overlap, (first.brand, second.brand)


def test_groups_are_as_long_as_a_number_of_the_brand() -> None:
    for rules in BRANDS:
        assert all(sum(groups) in rules.lengths for groups in rules.groups)
        assert rules_of(rules.brand) is rules


@pytest.mark.parametrize(
    ("brand", "length", "groups"),
    [
        (Brand.VISA, 16, (4, 4, 4, 4)),
        (Brand.VISA, 19, (4, 4, 4, 4, 3)),
        (Brand.VISA, 13, ()),
        (Brand.AMERICAN_EXPRESS, 15, (4, 6, 5)),
        (Brand.DINERS_CLUB, 14, (4, 6, 4)),
    ],
)
def test_a_number_is_printed_in_groups_where_that_is_known(
    brand: Brand, length: int, groups: tuple[int, ...]
) -> None:
    assert rules_of(brand).printed_groups(length) == groups


@given(st.integers(0, 15), st.integers(1, 9))
def test_one_wrong_digit_never_passes_the_check(place: int, change: int) -> None:
    digits = [int(digit) for digit in NUMBER]
    digits[place] = (digits[place] + change) % 10
    changed = "".join(map(str, digits))
    brand = brand_of(changed)
    assume(brand is None or rules_of(brand).luhn)  # UnionPay's check digit binds nobody
    assert not is_card_number(changed)


def test_only_a_whole_number_shows_its_last_four() -> None:
    assert str(CardNumber(NUMBER)) == "************4242"
    assert str(CardNumber("42424242")) == "********"
    assert str(SecurityCode("123")) == "***"


def test_a_wiped_secret_is_gone() -> None:
    card = CardNumber(NUMBER)
    inside = card._padded
    card.wipe()
    assert len(card) == 0
    assert not inside
    assert card.masked == ""
    with pytest.raises(ValueError, match="was wiped"):
        card.reveal()


def test_what_nobody_holds_any_more_is_wiped() -> None:
    card = CardNumber(NUMBER)
    inside = card._padded
    assert any(inside)
    del card
    assert not any(inside)


def test_a_duplicate_is_wiped_on_its_own_and_what_is_wiped_has_none() -> None:
    card = CardNumber(NUMBER)
    other = card.duplicate()
    card.wipe()
    assert other.reveal() == NUMBER
    with pytest.raises(ValueError, match="was wiped"):
        card.duplicate()


def test_digits_can_be_revealed_so_that_they_can_be_overwritten() -> None:
    plain = CardNumber(NUMBER).reveal_bytes()
    assert plain == NUMBER.encode()
    overwrite(plain)
    assert not any(plain)


def test_what_was_said_is_held_whatever_the_script_and_empty_once_wiped() -> None:
    said = SecretText("quatre-vingt-dix-neuf, s'il vous plaît")
    assert said.reveal() == "quatre-vingt-dix-neuf, s'il vous plaît"
    assert "quatre" not in repr(said)
    said.wipe()
    assert said.reveal() == ""


def test_secrets_of_the_same_digits_are_equal_and_of_others_are_not() -> None:
    assert CardNumber(NUMBER) == CardNumber(NUMBER)
    assert CardNumber(NUMBER) != CardNumber("4111111111111111")
    assert CardNumber(NUMBER) != NUMBER
    assert len({CardNumber(NUMBER), CardNumber(NUMBER)}) == 1


@pytest.mark.parametrize("text", ["4242 4242", "४२", "12a", "-1"])
def test_only_plain_digits_are_taken_and_the_refusal_does_not_repeat_them(text: str) -> None:
    with pytest.raises(ValueError, match="takes digits only") as raised:
        CardNumber(text)
    assert text not in str(raised.value)


@given(st.integers(1, 12), st.integers(2000, 2099))
def test_an_expiry_is_good_through_its_month(month: int, year: int) -> None:
    expiry = Expiry(month, year)
    assert not expiry.is_past(month, year)
    assert expiry.is_past(month, year + 1)
    assert str(expiry) == f"{month:02d}/{year % 100:02d}"


@pytest.mark.parametrize(("month", "year"), [(0, 2029), (13, 2029), (4, 29), (4, 2100)])
def test_an_impossible_expiry_is_refused(month: int, year: int) -> None:
    with pytest.raises(ValueError, match="is not"):
        Expiry(month, year)
