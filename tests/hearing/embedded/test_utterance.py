"""What the head and Whisper make of one utterance together. Whisper is a stand-in that writes."""

from __future__ import annotations

import pytest
from lattices import VOCABULARY, lattice

from bot.expectations import AmountLimits, Expectation, Field, Hypothesis, Kind
from bot.hearing.embedded.utterance import Utterance, Written
from bot.hearing.embedded.whisper import FreeText
from bot.hearing.numbers.confidence import Calibration
from bot.money import Money
from bot.project import ROOT
from bot.settings import PaymentSettings

CALIBRATION = Calibration.read(ROOT / "models" / "numbers" / "calibration.json")
NEEDED = PaymentSettings().accept_confidence


class Pen:
    """Writes one text, and counts how often it was asked to."""

    def __init__(self, text: str, probability: float = 0.9) -> None:
        self.asked = 0
        self._written = Written(text, probability)

    def __call__(self) -> Written:
        self.asked += 1
        return self._written


def hear(said: str, pen: Pen, expectation: Expectation, seconds: float = 2.0) -> list[Hypothesis]:
    return Utterance(lattice(said), seconds, expectation, VOCABULARY, CALIBRATION, pen).hypotheses()


def test_whisper_is_not_asked_about_an_amount_that_is_clear() -> None:
    pen = Pen("$87.50")
    (best, *_) = hear("eighty seven fifty", pen, Expectation(Kind.AMOUNT))

    assert pen.asked == 0
    assert (best.said.reveal(), best.fits, best.as_heard) == ("eighty seven fifty", True, True)
    assert best.confidence > 0.9


def test_whisper_is_asked_once_in_doubt_and_its_word_counts() -> None:
    said = "nineteen|ninety:0.45 dollars"
    for wrote, first in (("$19", "nineteen dollars"), ("$90", "ninety dollars")):
        pen = Pen(wrote)
        best, second = hear(said, pen, Expectation(Kind.AMOUNT))[:2]

        assert pen.asked == 1
        assert best.said.reveal() == first
        assert best.confidence > second.confidence


def test_a_date_the_head_is_sure_of_comes_before_what_whisper_made_of_it() -> None:
    said = "oh four|five:0.1 twenty nine"
    (best, *_) = hear(said, Pen("when i go for 29", 0.6), Expectation(Kind.EXPIRY))

    assert (best.said.reveal(), best.fits) == ("oh four twenty nine", True)


def test_numbers_that_were_words_come_after_what_whisper_wrote() -> None:
    (best, *_) = hear("two eight|<f>:0.2", Pen("to pay the bill 8"), Expectation(Kind.AMOUNT))

    assert best.said.reveal().startswith("to pay the bill")


def test_agreement_raises_the_confidence_of_a_number_in_a_sentence() -> None:
    said = "<f> eighty dollars"
    opened = Expectation(Kind.OPEN, field=Field.AMOUNT)

    (agreed, *_) = hear(said, Pen("make it $80"), opened)
    denied = hear(said, Pen("make it $18"), opened)

    assert agreed.said.reveal() == denied[0].said.reveal() == "make it eighty dollars"
    assert agreed.confidence > denied[0].confidence
    assert denied[1].said.reveal() == "make it $18"
    assert denied[0].confidence + denied[1].confidence <= 1 + 1e-9


def test_of_two_sure_ears_that_disagree_both_are_believed_so_that_the_caller_is_asked() -> None:
    opened = Expectation(Kind.OPEN, field=Field.AMOUNT)

    first, other = hear("<f> eighty dollars", Pen("make it $18", 0.99), opened)

    assert first.confidence >= other.confidence >= NEEDED


def test_a_number_that_whisper_wrote_twice_over_is_no_other_number() -> None:
    opened = Expectation(Kind.OPEN, field=Field.AMOUNT)
    said = "<f> fifty four dollars and eighty cents"

    heard = hear(said, Pen("pay $54 fifty four dollars and eighty cents fifty"), opened)

    assert [one.said.reveal() for one in heard] == ["pay fifty four dollars and eighty cents"]


def test_where_neither_ear_is_sure_neither_is_believed() -> None:
    opened = Expectation(Kind.OPEN, field=Field.AMOUNT)

    heard = hear("<f> eighty|fifteen:0.45 dollars", Pen("make it 18", 0.2), opened)

    assert [one.confidence for one in heard[:2] if one.confidence >= NEEDED] == []


def test_two_doubtful_ears_that_disagree_are_not_believed() -> None:
    opened = Expectation(Kind.OPEN, field=Field.AMOUNT)

    heard = hear("<f> eighty|fifteen:0.3 dollars", Pen("make it 18", 0.4), opened)

    assert heard[0].confidence < 0.5


def test_a_date_the_calendar_does_not_know_is_kept_as_heard_beside_the_one_that_fits() -> None:
    heard = hear("fourteen|four:0.2 twenty nine", Pen("4 29"), Expectation(Kind.EXPIRY))

    assert {(one.said.reveal(), one.fits, one.as_heard) for one in heard} == {
        ("four twenty nine", True, False),
        ("fourteen twenty nine", False, True),
    }
    assert heard[0].said.reveal() == "four twenty nine"


def test_an_amount_outside_the_limits_is_heard_and_does_not_fit() -> None:
    limits = AmountLimits(Money.parse("20.00"), Money.parse("500.00"))
    expectation = Expectation(Kind.AMOUNT, amounts=limits)

    (best, *_) = hear("fifteen dollars", Pen("$15"), expectation)

    assert (best.said.reveal(), best.fits, best.as_heard) == ("fifteen dollars", False, True)
    assert best.confidence >= NEEDED


@pytest.mark.parametrize(("said", "text"), [("yes", "yes"), ("no", "no"), ("yes yes", "yes yes")])
def test_a_plain_answer_needs_no_whisper(said: str, text: str) -> None:
    pen = Pen("")
    (best, *_) = hear(said, pen, Expectation(Kind.YES_NO))

    assert (pen.asked, best.said.reveal()) == (0, text)
    assert best.confidence > 0.9


def test_no_with_more_behind_it_is_never_taken_for_a_plain_no() -> None:
    (best, *_) = hear("no <f>", Pen("know the expiry is wrong"), Expectation(Kind.YES_NO))

    assert best.said.reveal() == "no the expiry is wrong"


def test_a_yes_that_whisper_wrote_as_something_else_comes_after_its_words() -> None:
    heard = hear("<f> yes", Pen("i'm yet ashore", 0.3), Expectation(Kind.YES_NO))

    assert [one.said.reveal() for one in heard] == ["i'm yet ashore", "yes"]
    assert heard[1].confidence >= NEEDED


def test_a_yes_against_words_that_whisper_is_sure_of_is_not_believed() -> None:
    heard = hear("<f> yes", Pen("another address", 0.9), Expectation(Kind.YES_NO))

    assert heard[1].confidence < NEEDED


def test_the_month_may_be_whispers_and_the_year_the_heads() -> None:
    said = "<f> twenty twenty nine"
    (best, *_) = hear(said, Pen("on april 20 1929"), Expectation(Kind.EXPIRY))

    assert best.said.reveal() == "on april twenty twenty nine"


def test_a_two_that_whisper_wrote_as_to_is_part_of_the_date() -> None:
    said = "<f> two|zero:0.1 twenty nine"
    (best, *_) = hear(said, Pen("it expires to 29", 0.6), Expectation(Kind.EXPIRY))

    assert (best.said.reveal(), best.fits) == ("two twenty nine", True)


@pytest.mark.parametrize("kind", list(Kind))
def test_what_holds_no_word_is_no_answer(kind: Kind) -> None:
    pen = Pen("thank you")

    assert hear("", pen, Expectation(kind)) == []
    assert pen.asked == 0


def test_a_text_of_several_pieces_is_as_sure_as_its_least_sure_piece() -> None:
    written = Written.of([FreeText("My card.", -0.1), FreeText("It's $5.", -1.0)])

    assert written.text == "my card it's $5"
    assert written.probability == pytest.approx(0.3679, abs=1e-4)


def test_the_repr_of_what_whisper_wrote_shows_none_of_it() -> None:
    assert "4242" not in repr(Written("4242", 0.5))


AFTER_THE_READ_BACK = Expectation(Kind.OPEN)


@pytest.mark.parametrize("wrote", ["yes", "yeah", "yes yeah", "yes please", "uh yeah"])
def test_a_yes_that_pays_is_sure_when_the_head_and_whisper_hear_it(wrote: str) -> None:
    (best, *_) = hear("yes", Pen(wrote, 0.3), AFTER_THE_READ_BACK)

    assert best.said.reveal() == "yes"
    assert best.confidence > 0.7


def test_a_yes_that_whisper_hardly_wrote_is_the_heads_when_it_is_certain() -> None:
    (best, *_) = hear("yes", Pen("here", 0.4), AFTER_THE_READ_BACK)
    assert best.said.reveal() == "yes"

    (best, *_) = hear("yes|no:0.06", Pen("let me", 0.05), AFTER_THE_READ_BACK)
    assert best.said.reveal() == "let me"
    assert best.confidence < NEEDED


@pytest.mark.parametrize(
    ("wrote", "probability"),
    [
        ("no", 0.4),
        ("nope wrong", 0.4),
        ("stop", 0.8),
        ("yes but the date is wrong", 0.4),
        ("i moved house", 0.3),
    ],
)
def test_a_yes_of_the_head_alone_never_pays_against_what_whisper_wrote(
    wrote: str, probability: float
) -> None:
    heard = hear("yes", Pen(wrote, probability), AFTER_THE_READ_BACK)
    assert "yes" not in {one.said.reveal() for one in heard}


def test_an_open_question_about_the_amount_has_no_yes_of_the_heads() -> None:
    (best, *_) = hear("yes", Pen("here", 0.4), Expectation(Kind.OPEN, field=Field.AMOUNT))
    assert best.said.reveal() == "here"
