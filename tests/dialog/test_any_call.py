"""Rules that hold in every call, whatever the caller does and in whatever order."""

from __future__ import annotations

import os
from typing import Any

from conversation import (
    AMEX,
    MASTERCARD,
    TODAY,
    VISA,
    Conversation,
    change,
    digits,
    group,
    reading,
    text_of,
)
from hypothesis import event, given, settings
from hypothesis import strategies as st

from bot.cards import Brand, CardNumber, SecretDigits
from bot.changes import Place, Unit
from bot.charges import CardStanding, ChargeStatus, DeclineReason
from bot.dialog.commands import Charge, End, HandOver, Say
from bot.dialog.events import (
    ChargeAnswered,
    Heard,
    HungUp,
    KeyPressed,
    LineBack,
    Looked,
    PromptPlayed,
    SpeechStarted,
    TimerFired,
    TimerName,
)
from bot.dialog.flow import FIELD_ORDER, FLOW, State, every_way
from bot.expectations import Field, Intent, Source
from bot.outcomes import CallType
from bot.prompts import Count, Digits, Prompt, PromptValue, Reference
from bot.settings import BrandSettings, PaymentSettings

EXAMPLES = int(os.environ.get("VOICEBOT_EXAMPLES", "400"))
"""Random calls in one run; benchmarks/README.md says how many a long run had."""

INTENTS = st.none() | st.sampled_from([i for i in Intent if i not in {Intent.CANCEL, Intent.AGENT}])
AMOUNTS = st.sampled_from(["0.10", "42.00", "87.50", "6000.00"])
DIGITS = st.sampled_from(
    [MASTERCARD, VISA, AMEX, MASTERCARD[:8], MASTERCARD[8:], "123", "1234", "94110", "7", "0429"]
)
EXPIRIES = st.sampled_from(["04/20", "04/29", "11/26"])
CONFIDENCES = st.sampled_from([0.1, 0.4, 0.95, 0.95, 0.95])

CHANGES = st.builds(
    change,
    st.sampled_from([None, "4444", "0005", "5", "29", "November", "90"]),
    place=st.none()
    | st.builds(group, st.sampled_from([0, 1, -1, None, 7]))
    | st.builds(digits, st.integers(-5, 20), st.integers(0, 6))
    | st.sampled_from([Place(Unit.MONTH), Place(Unit.YEAR)]),
    old=st.sampled_from([None, "1111", "4444", "5", "28", "87"]),
)
"""Parts put right, whether or not there is such a part."""

SIMPLE = st.builds(
    reading,
    field=st.sampled_from([Field.EXPIRY, Field.POSTAL_CODE, Field.AMOUNT, Field.CARD_NUMBER]),
    expiry=st.none() | EXPIRIES,
)

READINGS = st.builds(
    reading,
    INTENTS,
    amount=st.none() | AMOUNTS,
    digits=st.none() | DIGITS,
    expiry=st.none() | EXPIRIES,
    field=st.none() | st.sampled_from(Field),
    confidence=CONFIDENCES,
    source=st.sampled_from(Source),
    as_heard=st.booleans(),
    rival=st.none() | AMOUNTS,
    changes=st.lists(CHANGES, max_size=2).map(tuple),
    change_of=st.none() | st.sampled_from(FIELD_ORDER),
    also=st.lists(SIMPLE, max_size=2).map(tuple),
)

ANSWERS = st.tuples(
    st.sampled_from([ChargeStatus.DECLINED, *ChargeStatus]), st.sampled_from(DeclineReason)
)

STANDINGS = st.none() | st.builds(
    CardStanding, valid=st.booleans(), brand=st.sampled_from([None, Brand.VISA, Brand.MAESTRO])
)

# What a caller, the line or the gateway may do next. "answer" gives what is being asked, so that
# calls get anywhere at all; everything else is thrown in between.
ACTS = st.one_of(
    *[st.tuples(st.just("answer"), st.none())] * 5,
    st.tuples(st.just("say"), st.lists(READINGS, max_size=2)),
    st.tuples(st.just("say late"), st.lists(READINGS, max_size=1)),
    st.tuples(st.just("key"), st.text("0123456789#*", min_size=1, max_size=3)),
    st.tuples(st.just("card keys"), st.sampled_from([MASTERCARD, VISA + "#", AMEX])),
    st.tuples(st.just("speech starts"), st.none()),
    st.tuples(st.just("prompt over"), st.booleans()),
    st.tuples(st.just("all heard"), st.none()),
    st.tuples(st.just("line back"), st.none()),
    st.tuples(st.just("timer"), st.sampled_from([TimerName.NO_INPUT, TimerName.INTER_DIGIT])),
    st.tuples(st.just("timer"), st.just(TimerName.SECOND_THOUGHT)),
    st.tuples(st.just("gateway"), ANSWERS),
    st.tuples(st.just("looked"), STANDINGS),
)

SETTINGS = st.builds(
    PaymentSettings,
    confirmation=st.sampled_from(["at_end", "each_field"]),
    read_back=st.sampled_from(["last_four", "groups", "off"]),
    card_check=st.sampled_from(["off", "off", "gateway"]),
    below_minimum=st.sampled_from(["ask", "offer"]),
    caller_may_change_amount=st.booleans(),
    max_wrong_inputs=st.sampled_from([10, 2]),
    max_declines=st.sampled_from([1, 3]),
    star_cancels=st.sampled_from([False, False, True]),
    barge_in=st.booleans(),
    brand=st.sampled_from([{}, {Brand.VISA: BrandSettings(security_code=False)}]),
)

CALLS = st.fixed_dictionaries(
    {
        "given": st.none() | AMOUNTS,
        "balance": st.none() | AMOUNTS,
        "call": st.sampled_from([{}, {}, {"call_type": CallType.CONFERENCE}]),
    }
)


BINDING = {
    "confirm.read_back", "confirm.read_back_brand", "confirm.slow_amount", "confirm.slow_card",
    "confirm.slow_brand", "confirm.card_digits",
}  # fmt: skip
"""Prompts that say what a yes at the end agrees to."""

TAKING_BACK = {
    Intent.CORRECT, Intent.DENY, Intent.START_OVER, Intent.GO_BACK, Intent.PAY_FULL,
    Intent.PAY_MINIMUM,
}  # fmt: skip


def takes_back(event: object, state: State) -> bool:
    """Whether an event may cost a field that was given: the caller takes it back, or the bank does
    not take the card."""
    match event:
        case Heard(readings):
            return any(r.intent in TAKING_BACK or r.field or r.numbers for r in readings)
        case KeyPressed("2"):
            return state in {State.FIELD_CONFIRMATION, State.WHICH}
        case KeyPressed():
            # A card keyed in place of one that was given may need another security code.
            return state in {State.WHICH, State.CARD_NUMBER}
        case TimerFired(TimerName.INTER_DIGIT) | LineBack():
            return state is State.CARD_NUMBER
        case ChargeAnswered() | Looked():
            return True
        case _:
            return False


def plain(value: PromptValue) -> str:
    """What is said of it."""
    match value:
        case CardNumber() | SecretDigits():
            return value.reveal()
        case Digits(text) | Reference(text):
            return text
        case Count(number):
            return str(number)
        case _:
            return str(value)


class WatchedCall(Conversation):
    """Keeps, beside what every conversation checks, what a charge needs to be allowed."""

    def __post_init__(self) -> None:
        self.read_back: dict[str, str] = {}
        """Amount, brand and digits of the card as last read back, once that was played to its
        end."""
        self.field_read_backs: dict[str, str] = {}
        """The same of each field."""
        self.said: dict[int, dict[str, str]] = {}
        self.sentences: dict[str, list[str]] = {}
        self.agreed = False
        self.succeeded_or_unknown = False
        super().__post_init__()

    def tell(self, event: Any, *, then_listen: bool = True) -> None:
        before, had = self.dialog.state, self.given_fields()
        self.agreed = self.is_yes(event)
        if isinstance(event, PromptPlayed) and event.completed and event.say_id in self.said:
            heard = self.said[event.say_id]
            self.read_back = heard if "amount" in heard else self.read_back
            self.field_read_backs |= {k: v for k, v in heard.items() if k.startswith("each_field")}
        if isinstance(event, ChargeAnswered) and event.outcome.status in {
            ChargeStatus.APPROVED,
            ChargeStatus.UNKNOWN,
        }:
            self.succeeded_or_unknown = True
        super().tell(event, then_listen=then_listen)
        over = {State.CLOSING, State.ENDED}
        lost = set() if self.dialog.state in over else had - self.given_fields()
        assert not lost or takes_back(event, before), f"{lost} lost at {before} by {event}"

    def is_yes(self, event: Any) -> bool:
        """Whether an event is one, or leaves one as it is: the generator's affirmations, the key
        1. Any words take one back, and any key that is no yes."""
        match event:
            case KeyPressed("#"):
                return self.agreed
            case KeyPressed(key):
                return key == "1"
            case Heard(()) | SpeechStarted() | PromptPlayed() | Looked():
                return self.agreed
            case Heard(readings):
                return any(r.intent is Intent.AFFIRM for r in readings)
            case TimerFired(name):
                return self.agreed and name is TimerName.SECOND_THOUGHT
            case _:
                return False

    def given_fields(self) -> set[Field]:
        course = self.dialog._course if hasattr(self, "dialog") else None
        machines = course.payment.machines if course is not None else {}
        return {field for field, machine in machines.items() if machine.is_given}

    def _obey(self, commands: list[Any]) -> None:
        for command in commands:
            if isinstance(command, Say):
                self._note_read_back(command)
            if isinstance(command, Charge):
                self._check_charge(command)
        super()._obey(commands)

    def _note_read_back(self, say: Say) -> None:
        noted: dict[str, str] = {}
        for prompt in say.prompts:
            if prompt.id in BINDING:
                noted |= {name: plain(value) for name, value in prompt.values.items()}
            if prompt.id.startswith("each_field.") and prompt.values:
                noted[prompt.id] = plain(list(prompt.values.values())[-1])
            self._note_sentence(prompt)
        if "amount" in noted:
            self.read_back = {}
        self.said[say.say_id] = noted

    def _note_sentence(self, prompt: Prompt) -> None:
        """Nothing is said three times in a row in the same words, values included."""
        said = self.sentences.setdefault(prompt.id, [])
        said.append(text_of(prompt) + repr({k: plain(v) for k, v in prompt.values.items()}))
        if prompt.id != "amount.choice":  # a list
            assert len(said) < 3 or len(set(said[-3:])) > 1, prompt.id

    def _check_charge(self, charge: Charge) -> None:
        request = charge.request
        assert self.agreed, "charged without a yes"
        assert not self.succeeded_or_unknown, "charged again after a success or an unknown outcome"
        number, told = request.card.reveal(), self.read_back
        assert told.get("amount") == str(request.amount), "another amount than was read back"
        assert told.get("last_four", number[-4:]) == number[-4:], "another card than was read back"
        assert told.get("card_number", number) == number, "another card than was read back"
        assert told.get("brand") == self.brand_of(number), "another card than was read back"
        if self.settings.confirmation == "each_field":
            fields = self.field_read_backs
            assert fields["each_field.expiry"] == str(request.expiry)
            if request.security_code is not None:
                assert fields["each_field.security_code"] == str(len(request.security_code))
            if request.postal_code is not None:
                assert fields["each_field.postal_code"] == request.postal_code
        elif self.policy == "groups":
            assert "card_number" in told
        elif self.policy == "last_four":
            assert "last_four" in told
        assert not request.expiry.is_past(TODAY.month, TODAY.year)
        assert request.card.is_valid

    @property
    def policy(self) -> str:
        automated = self.call.get("call_type", CallType.AUTOMATED) is CallType.AUTOMATED
        return self.settings.read_back if automated else "last_four"

    def brand_of(self, number: str) -> str:
        course = self.dialog._course
        assert course is not None
        by_service = course.payment._brand_by_service
        return str(by_service or CardNumber(number).brand)

    def act(self, what: str, how: Any) -> None:  # noqa: PLR0912 - one for each kind of act
        match what:
            case "answer":
                self.answer()
            case "say":
                self.tell(SpeechStarted(), then_listen=False)
                self.tell(Heard(tuple(how), self.expectation), then_listen=False)
            case "say late":
                expectation = self.expectation
                self.answer()
                self.tell(Heard(tuple(how), expectation), then_listen=False)
            case "key" | "card keys":
                for key in how:
                    self.tell(KeyPressed(key), then_listen=False)
            case "speech starts":
                self.tell(SpeechStarted(), then_listen=False)
            case "prompt over" if self.playing:
                self.tell(PromptPlayed(self.playing[0].say_id, completed=how), then_listen=False)
            case "all heard":
                self.hears_all()
            case "line back":
                self.tell(LineBack(), then_listen=False)
            case "timer":
                if self.timers.pop(how, None) is not None:
                    self.tell(TimerFired(how), then_listen=False)
            case "gateway" if self.open_charge is not None:
                status, reason = how
                declined = status is ChargeStatus.DECLINED
                self.answers(status, reason if declined else None, reference="AB12")
            case "looked":
                self.tell(Looked(how), then_listen=False)

    def answer(self) -> None:
        """What a willing caller answers to the question that is open."""
        self.hears_all()
        values: dict[State, dict[str, Any]] = {
            State.AMOUNT: {"amount": "87.50"},
            State.CARD_NUMBER: {"digits": VISA},
            State.EXPIRY: {"expiry": "04/29"},
            State.SECURITY_CODE: {"digits": "123"},
            State.POSTAL_CODE: {"digits": "94110"},
            State.AMOUNT_CONFIRMATION: {"intent": Intent.AFFIRM},
            State.FIELD_CONFIRMATION: {"intent": Intent.AFFIRM},
            State.CONFIRMATION: {"intent": Intent.AFFIRM},
            State.WHICH: {"field": Field.EXPIRY},
        }
        if self.dialog.state is State.CARD_CHECK:
            self.tell(Looked(CardStanding(valid=True)), then_listen=False)
        if self.dialog.state in values:
            self.tell(SpeechStarted(), then_listen=False)
            said = reading(**values[self.dialog.state])
            self.tell(Heard((said,), self.expectation), then_listen=False)


@settings(max_examples=EXAMPLES, deadline=None)
@given(SETTINGS, CALLS, st.integers(0, 16), st.lists(ACTS, min_size=5, max_size=30), st.booleans())
def test_whatever_happens_the_rules_of_a_payment_hold(
    payment: PaymentSettings,
    start: dict[str, Any],
    answers: int,
    acts: list[tuple[str, Any]],
    hangs_up: bool,
) -> None:
    call = WatchedCall(payment, listens=False, **start)
    for _ in range(answers):
        call.answer()
    for what, how in acts:
        if call.dialog.state == State.ENDED:
            break
        call.act(what, how)
    event(f"reached {call.dialog.state}")
    event(f"{len(call.charges)} charges")
    finish(call, hangs_up=hangs_up)
    assert len(call.all(End)) == 1
    assert len(call.all(HandOver)) <= 1


def finish(call: WatchedCall, *, hangs_up: bool) -> None:
    """Nothing more comes but silence, or the hang-up: the call ends, and soon."""
    if hangs_up:
        call.tell(HungUp(), then_listen=False)
        return
    for _ in range(8):
        if call.dialog.state == State.CHARGING:
            call.answers(ChargeStatus.UNAVAILABLE)
        if call.dialog.state != State.ENDED:
            call.timers.pop(TimerName.SILENCE)
            call.tell(TimerFired(TimerName.SILENCE), then_listen=False)
    assert call.is_at(State.ENDED)


def test_only_the_confirmation_leads_to_the_charge_and_closing_only_to_the_end() -> None:
    ways = list(every_way())
    assert {start for start, _, way in ways if way.to is State.CHARGING} == {State.CONFIRMATION}
    assert {way.to for start, _, way in ways if start is State.CLOSING} == {State.ENDED}
    assert FLOW[State.ENDED] == {}


GIVEN = {"amount": "87.50", "card_number": MASTERCARD, "expiry": "04/29",
         "security_code": "123", "postal_code": "94110"}  # fmt: skip
OTHER = {"amount": "90.00", "card_number": VISA, "expiry": "05/30",
         "security_code": "321", "postal_code": "10001"}  # fmt: skip


@given(st.lists(st.sampled_from(sorted(GIVEN)), max_size=6))
def test_correcting_field_after_field_loses_none(fields: list[str]) -> None:
    call = Conversation()
    call.to_confirmation()
    now = dict(GIVEN)
    for field in fields:
        now[field] = OTHER[field] if now[field] == GIVEN[field] else GIVEN[field]
        value: dict[str, Any] = {field if field in {"amount", "expiry"} else "digits": now[field]}
        call.says(Intent.CORRECT, field=Field(field), **value)
        assert call.is_at(State.CONFIRMATION)
    call.says(Intent.AFFIRM)
    request = call.open_charge
    assert request is not None
    assert request.security_code is not None
    assert now == {
        "amount": str(request.amount),
        "card_number": request.card.reveal(),
        "expiry": str(request.expiry),
        "security_code": request.security_code.reveal(),
        "postal_code": request.postal_code,
    }
