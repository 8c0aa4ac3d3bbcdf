"""One group of the card number is asked once more, the rest is kept: the doubtful-card rule."""

from __future__ import annotations

import random
from itertools import accumulate, pairwise
from typing import Any

import pytest
from conversation import AMEX, MASTERCARD, Conversation, reading
from hypothesis import assume, event, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from stdnum import luhn

from bot.cards import CardNumber, is_card_number
from bot.dialog.commands import Listen, Say
from bot.dialog.events import Heard, KeyPressed, SpeechStarted, TimerName
from bot.dialog.flow import State
from bot.expectations import Field, Intent, Kind, Reading
from bot.outcomes import ErrorName, ResultName
from bot.prompts import Count, Digits
from bot.settings import PaymentSettings

CARD = "2223003122003222"
"""Each group is another one, so that none can pass for its neighbour."""
GROUPS = [CARD[i : i + 4] for i in range(0, 16, 4)]
MISHEARD = "2223063122003222"
SECOND = (4, 8)

PRINTED = {14: (4, 6, 4), 15: (4, 6, 5), 16: (4, 4, 4, 4), 19: (4, 4, 4, 4, 3)}

assert luhn.is_valid(CARD)
assert not luhn.is_valid(MISHEARD)


def unsure(
    number: str = CARD, other: str = MISHEARD, group: tuple[int, int] = SECOND
) -> list[Reading]:
    """Two ways to hear a number that differ in one group; neither is likely enough."""
    return [
        reading(digits=other, confidence=0.49, doubtful=group),
        reading(digits=number, confidence=0.5, as_heard=False, doubtful=group),
    ]


def at_group(settings: PaymentSettings | None = None, *readings: Reading) -> Conversation:
    call = Conversation(settings or PaymentSettings())
    call.says(amount="87.50")
    call.says_perhaps(*(readings or unsure()))
    assert call.bot_said("card_number.nearly", "card_number.group_second")
    return call


def charged(call: Conversation) -> str:
    """The card that is charged when all else goes well."""
    call.says(expiry="04/29")
    if call.state is State.SECURITY_CODE:
        call.says(digits="1234" if call.expectation.lengths == (4,) else "123")
    if call.state is State.POSTAL_CODE:
        call.says(digits="94110")
    call.says(Intent.AFFIRM)
    ((_, card, _),) = call.charges
    return card


# Which group is asked for


def test_only_the_group_in_doubt_is_asked_once_more_and_its_answer_completes_the_number() -> None:
    call = at_group()
    assert call.prompt("card_number.group_second").values == {"count": Count(4)}
    call.says(digits=GROUPS[1])
    assert call.bot_said("expiry.ask")
    assert charged(call) == CARD


def test_the_answer_replaces_the_group_and_is_not_mixed_with_what_was_heard_before() -> None:
    call = at_group(None, *unsure(number="2223071122003222"))
    call.says(digits=GROUPS[1])
    assert charged(call) == CARD


@pytest.mark.parametrize(
    ("number", "group", "name", "size"),
    [
        (CARD, (0, 4), "first", 4),
        (CARD, (4, 8), "second", 4),
        (CARD, (8, 12), "third", 4),
        (CARD, (12, 16), "last", 4),
        (AMEX, (4, 10), "middle", 6),
        (AMEX, (10, 15), "last", 5),
        ("4000000000000000006", (12, 16), "fourth", 4),
        ("4000000000000000006", (16, 19), "last", 3),
    ],
)
def test_a_group_is_named_by_its_place_on_the_card(
    number: str, group: tuple[int, int], name: str, size: int
) -> None:
    call = Conversation()
    call.says(amount="87.50")
    first, end = group
    other = number[:first] + "9" * (end - first) + number[end:]
    call.says_perhaps(*unsure(number, other, group))
    question = f"card_number.group_{name}"
    if len(number) - first <= 4:
        assert call.bot_said("card_number.offer")  # its digits may be read back: is it they?
        call.says(Intent.DENY)
        assert call.bot_said(question)
    else:
        assert call.bot_said("card_number.nearly", question)
    assert call.prompt(question).values == {"count": Count(size)}
    assert name in call.text(question)
    assert call.expectation.lengths == (size, len(number))


def test_the_group_question_expects_the_group_or_the_whole_number_and_is_sensitive() -> None:
    call = at_group()
    expected = call.expectation
    assert (expected.kind, expected.lengths) == (Kind.DIGITS, (4, 16))
    assert (expected.field, expected.sensitive) == (Field.CARD_NUMBER, True)
    assert expected.given == 0


def test_a_group_may_reach_into_digits_that_were_given_before() -> None:
    call = Conversation()
    call.says(amount="87.50")
    call.says(digits=CARD[:6])
    call.says_perhaps(*unsure(CARD[6:], "4" + CARD[7:]))
    assert call.bot_said("card_number.nearly", "card_number.group_second")
    call.says(digits=GROUPS[1])
    assert charged(call) == CARD


@pytest.mark.parametrize(
    "doubtful",
    [None, (4, 7), (5, 8), (4, 12), (16, 20), (-4, 0)],
    ids=["not known", "short", "inside", "two", "behind", "before"],
)
def test_where_no_printed_group_is_in_doubt_the_whole_number_is_asked_again(
    doubtful: tuple[int, int] | None,
) -> None:
    call = Conversation()
    call.says(amount="87.50")
    call.says_perhaps(reading(digits=CARD, confidence=0.89, doubtful=doubtful))
    assert call.bot_said("card_number.doubtful", "card_number.ask")
    assert call.expectation.given == 0


@pytest.mark.parametrize(
    "others",
    [
        [],
        [("2223003122003229", 0.3)],
        [("222300312200322", 0.3)],
        [(MISHEARD, 0.1), ("2223003122003229", 0.3)],
    ],
    ids=["nothing known", "another group", "another length", "mostly another group"],
)
def test_digits_are_kept_only_if_they_were_heard_surely(others: list[tuple[str, float]]) -> None:
    call = Conversation()
    call.says(amount="87.50")
    call.says_perhaps(
        reading(digits=CARD, confidence=0.6, doubtful=SECOND),
        *(reading(digits=digits, confidence=sure, as_heard=False) for digits, sure in others),
    )
    assert call.bot_said("card_number.doubtful", "card_number.ask")


@pytest.mark.parametrize("other_group", [0.2, 0.5])
def test_how_sure_is_sure_stands_in_the_settings(other_group: float) -> None:
    """0.6 and what agrees with it: 0.2, or its share where all are more than certain."""
    readings = (
        reading(digits=CARD, confidence=0.6, doubtful=SECOND),
        reading(digits=MISHEARD, confidence=other_group, as_heard=False),
        reading(digits="2223003122003229", confidence=other_group, as_heard=False),
    )
    at_group(PaymentSettings(accept_card_confidence=0.79), *readings)
    call = Conversation(PaymentSettings(accept_card_confidence=0.81))
    call.says(amount="87.50")
    call.says_perhaps(*readings)
    assert call.bot_said("card_number.doubtful", "card_number.ask")


def test_what_no_reading_accounts_for_is_no_reason_to_keep_digits() -> None:
    call = Conversation()
    call.says(amount="87.50")
    call.says_perhaps(
        reading(digits=CARD, confidence=0.1, doubtful=SECOND),
        reading(digits=MISHEARD, confidence=0.2, as_heard=False),
    )
    assert call.bot_said("card_number.doubtful", "card_number.ask")


@pytest.mark.parametrize(
    ("pieces", "question"),
    [
        (("2223", "031", "2200", "3222"), "card_number.group_second"),
        (("2223", "0031", "22200", "3222"), "card_number.group_third"),
        (("223", "0031", "2200", "3222"), "card_number.group_first"),
        (("2223", "0031", "2200", "322"), "card_number.group_last"),
    ],
)
def test_a_piece_with_a_digit_too_few_or_too_many_is_asked_again(
    pieces: tuple[str, ...], question: str
) -> None:
    call = Conversation()
    call.says(amount="87.50")
    for piece in pieces[:-1]:
        call.says(digits=piece)
        assert call.bot_stays_silent()
    call.says(digits=pieces[-1])
    assert call.bot_said("card_number.wrong_length", question)
    odd = next(i for i, piece in enumerate(pieces) if len(piece) != 4)
    call.says(digits=GROUPS[odd])
    assert charged(call) == CARD


@pytest.mark.parametrize(
    "pieces",
    [("2223", "00", "31", "22"), ("2223", "003", "122", "0032"), ("22230031", "2200", "322")],
)
def test_pieces_that_are_no_printed_groups_are_just_pieces(pieces: tuple[str, ...]) -> None:
    call = Conversation()
    call.says(amount="87.50")
    for piece in pieces:
        call.says(digits=piece)
        assert call.bot_stays_silent()
    call.says(digits=CARD[sum(map(len, pieces)) :])
    assert charged(call) == CARD


def test_a_caller_who_had_only_paused_in_the_last_group_may_go_on() -> None:
    call = Conversation()
    call.says(amount="87.50")
    for piece in (*GROUPS[:3], "322"):
        call.says(digits=piece)
    assert call.bot_said("card_number.wrong_length", "card_number.group_last")
    call.says(digits="2")
    assert charged(call) == CARD


def test_the_second_doubt_is_for_the_keys_whichever_group_it_is_about() -> None:
    call = Conversation()
    call.says(amount="87.50")
    call.says(digits=CARD, confidence=0.3)
    assert call.bot_said("card_number.doubtful", "card_number.ask")
    call.says_perhaps(*unsure())
    assert call.bot_said("card_number.use_keys", "card_number.ask")


def test_a_group_that_is_like_the_first_one_is_still_the_group() -> None:
    call = Conversation()
    call.says(amount="87.50")
    for piece in ("5555", "555", "5555"):
        call.says(digits=piece)
    call.says(digits="4444")
    assert call.bot_said("card_number.wrong_length", "card_number.group_second")
    call.says(digits="5555")
    assert charged(call) == MASTERCARD


# What the caller may answer


def test_the_group_may_come_in_pieces_by_voice_and_keys() -> None:
    call = at_group()
    call.says(digits="0")
    assert call.bot_stays_silent()
    assert call.expectation.given == 1
    call.keys("03")
    call.says(digits="1")
    assert charged(call) == CARD


@pytest.mark.parametrize("end", ["#", "pause"])
@pytest.mark.parametrize("keyed", [GROUPS[1], CARD])
def test_the_group_or_the_whole_number_may_be_keyed(keyed: str, end: str) -> None:
    call = at_group()
    call.keys(keyed)
    if len(keyed) == 4:
        assert call.is_at(State.CARD_NUMBER)  # it may become the whole number
        call.keys("#") if end == "#" else call.waits_for(TimerName.INTER_DIGIT)
    assert charged(call) == CARD


def test_the_whole_number_is_understood_instead_of_the_group() -> None:
    call = at_group()
    call.says(digits=MASTERCARD)
    assert charged(call) == MASTERCARD


def test_the_group_and_all_that_follows_it_is_understood() -> None:
    call = at_group()
    call.says(digits=CARD[4:])
    assert charged(call) == CARD


@pytest.mark.parametrize("cuts", [(4,), (8,), (4, 8, 12), (12,)])
def test_the_whole_number_in_pieces_is_never_taken_for_the_group(cuts: tuple[int, ...]) -> None:
    call = at_group()
    for start, end in pairwise((0, *cuts)):
        call.says(digits=CARD[start:end])
        assert call.bot_stays_silent()
        assert call.expectation.kind is Kind.CARD
    call.says(digits=CARD[cuts[-1] :])
    assert charged(call) == CARD


def test_the_first_group_said_again_is_no_second_group_though_the_check_digit_agrees() -> None:
    """The caller begins the number anew, and what was kept would make a card number with it."""
    kept = next(
        GROUPS[0] + "9999" + "2200" + f"{last:04d}"
        for last in range(10)
        if is_card_number(GROUPS[0] + GROUPS[0] + "2200" + f"{last:04d}")
    )
    call = at_group(
        None,
        reading(digits=kept, confidence=0.8, doubtful=SECOND),
        reading(digits=kept[:4] + "1111" + kept[8:], confidence=0.15, as_heard=False),
    )
    call.says(digits=GROUPS[0])
    assert call.bot_stays_silent()
    call.says(digits=CARD[4:])
    assert charged(call) == CARD


@pytest.mark.parametrize(
    "said",
    [
        {"intent": Intent.DENY},
        {"intent": Intent.START_OVER},
        {"intent": Intent.CORRECT},
        {"intent": Intent.CORRECT, "field": Field.CARD_NUMBER},
    ],
)
def test_no_or_start_over_at_a_group_means_the_whole_number(said: dict[str, object]) -> None:
    call = at_group()
    call.says(**said)  # type: ignore[arg-type]
    assert call.bot_said("card_number.ask")
    assert call.expectation.kind is Kind.CARD
    assert call.expectation.given == 0
    call.says(digits=GROUPS[1])
    assert call.bot_said("card_number.invalid", "card_number.ask")  # nothing was kept


def test_no_with_digits_at_a_group_is_the_group() -> None:
    call = at_group()
    call.says(digits="19")
    call.says(Intent.DENY, digits=GROUPS[1])
    assert charged(call) == CARD


def test_the_words_that_count_at_every_question_count_at_a_group() -> None:
    call = at_group()
    call.says(Intent.REPEAT)
    assert call.bot_said("card_number.group_second")
    call.says(Intent.HELP)
    assert call.bot_said("help.card_number", "card_number.group_second")
    call.says(Intent.CORRECT, field=Field.AMOUNT, amount="90.00")
    assert call.bot_said("corrected.amount", "card_number.group_second")
    call.says(Intent.AGENT)
    assert call.result.status is ResultName.AGENT_REQUESTED
    assert call.result.reason == "card_number"


def test_going_back_forgets_what_was_kept() -> None:
    call = at_group()
    call.says(Intent.GO_BACK)
    call.says(amount="87.50")
    assert call.bot_said("card_number.ask")


def test_silence_at_a_group_asks_for_it_in_other_words_and_names_the_keys() -> None:
    call = at_group()
    first = call.text("card_number.group_second")
    call.waits_for(TimerName.NO_INPUT)
    assert call.bot_said("no_input", "card_number.group_second")
    assert call.text("card_number.group_second") != first
    assert "keys" in call.text("card_number.group_second")
    call.says(digits=GROUPS[1])
    assert charged(call) == CARD


def test_hanging_up_at_a_group_wipes_what_was_kept() -> None:
    call = at_group()
    field = call.dialog._course.payment.card  # type: ignore[union-attr]
    group = field._group
    assert group is not None
    call.hangs_up()
    assert call.result.status is ResultName.CALLER_HUNG_UP
    assert len(group._number) == 0
    assert field._group is None


# Answers that do not do


def test_a_group_heard_unsurely_is_asked_with_the_keys_and_then_the_whole_number() -> None:
    call = at_group(PaymentSettings(max_wrong_inputs=10))
    call.says(digits=GROUPS[1], confidence=0.89)
    assert call.bot_said("not_understood", "card_number.group_second")
    assert "keys" in call.text("card_number.group_second")
    call.says(digits=GROUPS[1], confidence=0.89)
    assert call.bot_said("card_number.use_keys", "card_number.ask")
    assert call.expectation.kind is Kind.CARD


def test_a_group_that_makes_no_card_number_is_not_repaired() -> None:
    call = at_group()
    call.says_perhaps(
        reading(digits="0032", confidence=0.95),
        reading(digits=GROUPS[1], confidence=0.05, as_heard=False),
    )
    assert call.bot_said("card_number.group_invalid", "card_number.ask")
    assert call.expectation.given == 0
    assert "failed invalid-card-number" in call.steps("card_number")


@pytest.mark.parametrize("answer", ["00311", "003122"])
def test_a_group_of_the_wrong_length_is_asked_again(answer: str) -> None:
    call = at_group()
    call.says(digits=answer)
    assert call.bot_said("card_number.wrong_length", "card_number.group_second")
    call.keys(answer + "#")
    assert call.result.error is ErrorName.INVALID_CARD_NUMBER


def test_too_few_keys_for_a_group_are_asked_again() -> None:
    call = at_group()
    call.keys(GROUPS[1][:3] + "#")
    assert call.bot_said("card_number.wrong_length", "card_number.group_second")
    call.keys(GROUPS[1] + "#")
    assert charged(call) == CARD


def test_a_brand_that_is_not_taken_is_told_after_the_group_too() -> None:
    call = at_group(PaymentSettings(brands=()))
    call.says(digits=GROUPS[1])
    assert call.bot_said("card_number.type_not_allowed", "card_number.ask")


# Whatever the number, whatever comes


def numbers() -> st.SearchStrategy[tuple[str, tuple[int, ...]]]:
    """Numbers of test ranges that the check digit makes whole, with their printed groups."""

    def made(start: str, length: int, seed: int) -> tuple[str, tuple[int, ...]]:
        digits = random.Random(seed)
        body = start + "".join(digits.choice("0123456789") for _ in range(length - 1 - len(start)))
        return body + luhn.calc_check_digit(body), PRINTED[length]

    starts = {"4": 16, "41": 19, "5555": 16, "2223": 16, "3782": 15, "36": 14, "6011": 16}
    return st.builds(
        lambda start, seed: made(start, starts[start], seed),
        st.sampled_from(sorted(starts)),
        st.integers(0, 10**9),
    )


@given(numbers(), st.integers(0, 4), st.integers(0, 5), st.booleans())
def test_the_digits_kept_are_exactly_those_not_asked_again(
    number_and_sizes: tuple[str, tuple[int, ...]], position: int, place: int, keyed: bool
) -> None:
    number, sizes = number_and_sizes
    groups = list(pairwise(accumulate(sizes, initial=0)))
    first, end = groups[position % len(groups)]
    at = first + 1 + place % (end - first - 1)
    heard = number[:at] + str((int(number[at]) + 1) % 10) + number[at + 1 :]
    call = Conversation()
    call.says(amount="87.50")
    call.says_perhaps(
        reading(digits=heard, confidence=0.5, doubtful=(first, end)),
        reading(digits=number[:first] + "0" * (end - first) + number[end:], confidence=0.45),
    )
    assume(call.ever_said("card_number.nearly"))  # the digit made it no known brand's
    event(f"group {position % len(groups)} of {sizes}")
    if keyed:
        call.keys(number[first:end] + "#")
    else:
        call.says(digits=number[first:end])
    assert charged(call) == number


SAID = [*GROUPS, "0631", "9", "00", CARD, CARD[4:], CARD[:8], MISHEARD, MASTERCARD, "00311"]

ACTS = st.one_of(
    st.tuples(
        st.just("say"),
        st.lists(
            st.builds(
                reading,
                st.sampled_from([None, None, None, Intent.DENY]),
                digits=st.sampled_from(SAID),
                confidence=st.sampled_from([0.3, 0.5, 0.95]),
                as_heard=st.booleans(),
                doubtful=st.sampled_from([None, (0, 4), (4, 8), (12, 16)]),
            ),
            min_size=1,
            max_size=3,
        ),
    ),
    st.tuples(st.just("key"), st.sampled_from([*GROUPS, *SAID, "#", "12"])),
    st.tuples(st.just("doubt"), st.none()),
)


@hypothesis_settings(deadline=None)
@given(st.lists(ACTS, min_size=1, max_size=12))
def test_no_number_is_taken_that_the_caller_did_not_give_and_no_more_than_last_four_is_said(
    acts: list[tuple[str, list[Reading] | str | None]],
) -> None:
    call = Conversation(PaymentSettings(max_wrong_inputs=6))
    call.says(amount="87.50")
    given: list[str] = []
    for what, how in acts:
        if call.state is not State.CARD_NUMBER:
            break
        if what == "key" and isinstance(how, str):
            given.append(how)
            call.keys(how)
        else:
            readings = how if isinstance(how, list) else unsure()
            given += [r.digits.reveal() for r in readings if r.digits is not None]
            call.tell(SpeechStarted(), then_listen=False)
            call.tell(Heard(tuple(readings), call.expectation))
    says = [command for command in call.commands if isinstance(command, Say)]
    spoken = [value for say in says for p in say.prompts for value in p.values.values()]
    assert all(len(v.text) == 4 for v in spoken if isinstance(v, Digits))
    assert not [v for v in spoken if isinstance(v, CardNumber)]
    event(f"ends at {call.state}")
    event(f"a group was asked: {call.ever_said('card_number.group_second')}")
    if call.state is State.EXPIRY:
        card = call.dialog._course.payment.card.value  # type: ignore[union-attr]
        assert card is not None
        assert is_spelled_by(card.reveal(), given)


def is_spelled_by(number: str, given: list[str]) -> bool:
    """Whether each printed group was given: in one piece, or from pieces side by side."""
    pieces = {piece[i:j] for piece in given for i in range(len(piece)) for j in range(i + 1, 20)}
    return all(
        any(group[:cut] in pieces and group[cut:] in {*pieces, ""} for cut in range(1, 5))
        for group in (number[i : i + 4] for i in range(0, 16, 4))
    )


@given(st.lists(st.sampled_from(["0031", "00311", CARD, "9", "0631"]), min_size=30, max_size=30))
def test_a_caller_who_is_never_heard_surely_is_asked_a_bounded_number_of_times(
    answers: list[str],
) -> None:
    call = Conversation(PaymentSettings(max_wrong_inputs=8))
    call.says(amount="87.50")
    in_a_row = 0
    for answer in answers:
        if call.state is not State.CARD_NUMBER:
            break
        if call.expectation.kind is Kind.CARD:
            call.says_perhaps(*unsure())
        else:
            call.says(digits=answer, confidence=0.6)
        asks_group = call.state is State.CARD_NUMBER and call.expectation.kind is Kind.DIGITS
        in_a_row = in_a_row + 1 if asks_group else 0
        assert in_a_row <= 2
    assert call.result.status is ResultName.TOO_MANY_FAILED_ATTEMPTS
    assert len(call.all(Listen)) < 40


def test_a_key_at_a_group_stops_the_prompt_and_tells_the_recogniser() -> None:
    call = at_group()
    call.tell(KeyPressed("1"))
    assert call.expectation.given == 1
    assert TimerName.INTER_DIGIT in call.timers


# One number that fits is offered, where what is in doubt may be read back

LAST = (12, 16)
MISHEARD_LAST = CARD[:12] + "3223"


def at_offer(settings: PaymentSettings | None = None) -> Conversation:
    call = Conversation(settings or PaymentSettings())
    call.says(amount="87.50")
    call.says_perhaps(*unsure(CARD, MISHEARD_LAST, LAST))
    assert call.bot_said("card_number.offer")
    return call


def test_the_only_number_that_fits_is_offered_by_its_last_four() -> None:
    call = at_offer()
    assert call.prompt("card_number.offer").values == {"last_four": Digits("3222")}
    assert call.expectation.sensitive
    call.says(Intent.AFFIRM)
    assert charged(call) == CARD


@pytest.mark.parametrize(
    "answer", [{"intent": Intent.AFFIRM, "digits": "3222"}, {"digits": "3222"}]
)
def test_the_last_four_said_again_are_a_yes(answer: dict[str, Any]) -> None:
    call = at_offer()
    call.says(**answer)
    assert charged(call) == CARD


def test_a_no_has_only_the_last_group_asked() -> None:
    call = at_offer()
    call.says(Intent.DENY)
    assert call.bot_said("card_number.group_last")
    call.says(digits="3222")
    assert charged(call) == CARD


def test_a_no_may_carry_the_right_digits() -> None:
    other = next(
        number
        for n in range(10_000)
        if is_card_number(number := f"{CARD[:12]}{n:04d}") and n != 3222
    )
    call = at_offer()
    call.says(Intent.DENY, digits=other[12:])
    assert charged(call) == other


def test_the_key_one_agrees_and_two_does_not() -> None:
    call = at_offer()
    call.keys("1")
    assert charged(call) == CARD
    call = at_offer()
    call.keys("2")
    call.waits_for(TimerName.INTER_DIGIT)
    assert call.bot_said("card_number.group_last")


def test_a_number_that_begins_with_two_may_be_keyed_at_the_offer() -> None:
    call = at_offer()
    call.keys(CARD)
    assert charged(call) == CARD


def test_nothing_is_offered_where_the_last_four_do_not_settle_the_doubt() -> None:
    at_group()  # the second group is in doubt: it is asked for
    call = Conversation()
    call.says(amount="87.50")
    call.says_perhaps(reading(digits=CARD, confidence=0.7))
    assert call.bot_said("card_number.doubtful", "card_number.ask")


def test_where_nothing_of_a_card_is_read_back_none_is_offered() -> None:
    call = Conversation(PaymentSettings(read_back="off"))
    call.says(amount="87.50")
    call.says_perhaps(*unsure(CARD, MISHEARD_LAST, LAST))
    assert call.bot_said("card_number.nearly", "card_number.group_last")
    call.says(digits="3222")
    assert charged(call) == CARD


def test_of_two_numbers_that_fit_none_is_offered() -> None:
    twin = next(
        number
        for n in range(10_000)
        if is_card_number(number := f"{CARD[:12]}{n:04d}") and n != 3222
    )
    call = Conversation()
    call.says(amount="87.50")
    call.says_perhaps(*unsure(CARD, twin, LAST))
    assert call.bot_said("card_number.nearly", "card_number.group_last")


def test_where_all_digits_may_be_read_any_doubt_is_settled_by_reading_them() -> None:
    call = Conversation(PaymentSettings(read_back="groups"))
    call.says(amount="87.50")
    call.says_perhaps(*unsure())
    assert call.bot_said("card_number.offer_digits")
    call.says(Intent.DENY)
    assert call.bot_said("card_number.group_second")
    call.says(digits=GROUPS[1])
    assert charged(call) == CARD
