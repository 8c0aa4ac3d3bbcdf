"""The flow of a payment as a table: where each trigger leads from each state.

The dialog takes every step from this table (`Course`), and `run_bot.py flow` draws it: the picture
cannot differ from what the bot does. The rules, which the table only writes down:

(A) A call begins with the amount: with a question, or with the confirmation of the one given.
    A given amount that cannot be paid and may not be changed closes the payment at once.
(B) After an answer comes what is next (`Junction.NEXT`): the first field that is missing, or not
    yet confirmed, in FIELD_ORDER; when there is none, the confirmation. A correction empties a
    field, so it needs no path of its own: what was not corrected is never asked again.
(C) Only the confirmation leads to the charge. So no card is charged without a yes to it. A spoken
    yes can be taken back for a moment more (`charging.py`).
(D) A charge leads to the next card (declined) or to the end; never back to the confirmation.
(E) Closing leads to the end and nowhere else: a result that stands is never taken back.
(F) A caller may hang up in every state.
(G) A wrong input leads back to its question while tries are left, and then to the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from bot.expectations import Field
from bot.outcomes import ErrorName, ResultName


class State(StrEnum):
    WAITING = "waiting"
    """For the call to start."""
    AMOUNT = "amount"
    AMOUNT_CONFIRMATION = "amount_confirmation"
    """An amount was given to us, or one is offered: yes or no?"""
    CARD_NUMBER = "card_number"
    CARD_CHECK = "card_check"
    """A service is asked whether the card is valid and of which brand."""
    EXPIRY = "expiry"
    SECURITY_CODE = "security_code"
    POSTAL_CODE = "postal_code"
    FIELD_CONFIRMATION = "field_confirmation"
    """One field is read back: yes or no?"""
    CONFIRMATION = "confirmation"
    """Card and amount, or everything, is read back: yes or no?"""
    WHICH = "which"
    """Something is wrong: what?"""
    CHARGING = "charging"
    CLOSING = "closing"
    """The result stands; the last words are being said."""
    ENDED = "ended"


FIELD_ORDER = (
    Field.AMOUNT,
    Field.CARD_NUMBER,
    Field.EXPIRY,
    Field.SECURITY_CODE,
    Field.POSTAL_CODE,
)
"""The order of asking; also the keys 1 to 5 of the "what is wrong?" menu."""

STATE_OF: Mapping[Field, State] = MappingProxyType({f: State(f.value) for f in FIELD_ORDER})

FIELD_OF: Mapping[State, Field] = MappingProxyType({s: f for f, s in STATE_OF.items()})

FIELD_QUESTIONS = frozenset(FIELD_OF)

YES_NO_QUESTIONS = frozenset({State.AMOUNT_CONFIRMATION, State.FIELD_CONFIRMATION})
"""About one value, which "no, …" may replace."""

QUESTIONS = FIELD_QUESTIONS | YES_NO_QUESTIONS | {State.CONFIRMATION, State.WHICH}
"""States in which the caller is expected to answer."""


class Junction(StrEnum):
    """Where the flow forks without waiting for anything: the first way whose guard holds."""

    BEGIN = "begin"
    NEXT = "next"


class Trigger(StrEnum):
    """What makes the flow go on, in the words of the picture. Errors have their names of R1."""

    STARTED = "the call starts"
    ANSWERED = "answered"
    OFFERED = "the balance, or one of two"
    YES = "yes, or key 1"
    NOTHING_WRONG = "nothing is wrong"
    CORRECTED = "a field is corrected"
    WRONG = "“that is wrong”"
    GO_BACK = "go back"
    START_OVER = "start over"
    ASIDE = "repeat, help, slower, hold on, balance"
    NOT_AVAILABLE = "“I don't have it”"
    NO_INPUT = "no input"
    AGENT = "agent"
    CANCELLED = "cancel, or *"
    SILENCE = "silence to the limit"
    HUNG_UP = "hang-up"
    CARD_IS_GOOD = "the card is good, or nobody knows"
    APPROVED = "approved"
    UNAVAILABLE = "gateway away"
    UNKNOWN = "outcome unknown"
    SAID = "last words said"
    INVALID_CARD_NUMBER = ErrorName.INVALID_CARD_NUMBER.value
    INVALID_CARD_TYPE = ErrorName.INVALID_CARD_TYPE.value
    INVALID_DATE = ErrorName.INVALID_DATE.value
    INVALID_SECURITY_CODE = ErrorName.INVALID_SECURITY_CODE.value
    INVALID_POSTAL_CODE = ErrorName.INVALID_POSTAL_CODE.value
    INVALID_AMOUNT = ErrorName.INVALID_AMOUNT.value
    NOT_UNDERSTOOD = ErrorName.NOT_UNDERSTOOD.value
    NOT_CONFIRMED = ErrorName.NOT_CONFIRMED.value
    CARD_DECLINED = ErrorName.CARD_DECLINED.value


ERRORS = frozenset(Trigger(error.value) for error in ErrorName if error is not ErrorName.TIMEOUT)
"""A timeout is two triggers: NO_INPUT asks again, SILENCE ends the payment."""

STAYING = ERRORS | {Trigger.ASIDE, Trigger.NOT_AVAILABLE, Trigger.NO_INPUT}
"""Where one of these leads back to the state it came in, the same question is still open."""


class Guard(StrEnum):
    """When a way may be taken, in the words of the picture; `Course` judges."""

    GIVEN_CAN_BE_PAID = "an amount came along and can be paid"
    GIVEN_IS_FINAL = "it cannot be paid, nor changed"
    MINIMUM_IS_OFFERED = "the minimum is offered instead"
    AMOUNT_MAY_CHANGE = "the amount may change"
    AMOUNT_MISSING = "no amount"
    CARD_MISSING = "no card"
    CARD_UNCHECKED = "the card is to be checked"
    UNCONFIRMED = "a field is to be confirmed"
    EXPIRY_MISSING = "no expiry date"
    CODE_MISSING = "no security code"
    POSTAL_CODE_MISSING = "no postal code"
    NAMED = "it was named"
    BEFORE = "it was before"
    TRIES_LEFT = "tries left"
    CARDS_LEFT = "another card allowed"
    FIRST_TIME = "the first time"


@dataclass(frozen=True, slots=True)
class Way:
    """Where a trigger leads. when: None where nothing else is left. result: of a payment that
    this way closes."""

    to: State | Junction
    when: Guard | None = None
    result: ResultName | None = None


Ways = tuple[Way, ...]
"""The first whose guard holds is taken."""


def _closes(result: ResultName, when: Guard | None = None) -> Way:
    return Way(State.CLOSING, when, result)


MISSING: Mapping[Guard, Field] = MappingProxyType(
    {
        Guard.AMOUNT_MISSING: Field.AMOUNT,
        Guard.CARD_MISSING: Field.CARD_NUMBER,
        Guard.EXPIRY_MISSING: Field.EXPIRY,
        Guard.CODE_MISSING: Field.SECURITY_CODE,
        Guard.POSTAL_CODE_MISSING: Field.POSTAL_CODE,
    }
)

JUNCTIONS: Mapping[Junction, Ways] = MappingProxyType(
    {
        Junction.BEGIN: (
            Way(State.AMOUNT_CONFIRMATION, Guard.GIVEN_CAN_BE_PAID),
            _closes(ResultName.TOO_MANY_FAILED_ATTEMPTS, Guard.GIVEN_IS_FINAL),
            Way(State.AMOUNT_CONFIRMATION, Guard.MINIMUM_IS_OFFERED),
            Way(State.AMOUNT),
        ),
        Junction.NEXT: (
            Way(State.CARD_CHECK, Guard.CARD_UNCHECKED),
            Way(State.FIELD_CONFIRMATION, Guard.UNCONFIRMED),
            *(Way(STATE_OF[field], guard) for guard, field in MISSING.items()),
            Way(State.CONFIRMATION),
        ),
    }
)
"""Also in the order of asking: a field that was given is checked and confirmed before the next one
that is missing is asked for."""

_BEFORE: Mapping[State, tuple[State, ...]] = MappingProxyType(
    {
        State.CARD_NUMBER: (State.AMOUNT,),
        State.EXPIRY: (State.CARD_NUMBER,),
        State.SECURITY_CODE: (State.EXPIRY,),
        State.POSTAL_CODE: (State.EXPIRY, State.SECURITY_CODE),
        State.FIELD_CONFIRMATION: tuple(STATE_OF.values()),
        State.CONFIRMATION: (State.EXPIRY, State.SECURITY_CODE, State.POSTAL_CODE),
    }
)
"""What may have been asked before: some brands have no security code, some no postal code."""

_WRONG_ANSWERS: Mapping[State, Trigger] = MappingProxyType(
    {
        State.CARD_NUMBER: Trigger.INVALID_CARD_NUMBER,
        State.EXPIRY: Trigger.INVALID_DATE,
        State.SECURITY_CODE: Trigger.INVALID_SECURITY_CODE,
        State.POSTAL_CODE: Trigger.INVALID_POSTAL_CODE,
    }
)


def _again(state: State) -> Ways:
    """Asked again, while tries are left."""
    return (Way(state, Guard.TRIES_LEFT), _closes(ResultName.TOO_MANY_FAILED_ATTEMPTS))


def _any_time(state: State) -> dict[Trigger, Ways]:
    """What counts at every question (R1 step 9)."""
    others = (field for field in STATE_OF.values() if field is not state)
    return {
        Trigger.NOT_UNDERSTOOD: _again(state),
        Trigger.NO_INPUT: (Way(state),),
        Trigger.ASIDE: (Way(state),),
        Trigger.CORRECTED: tuple(Way(field, Guard.NAMED) for field in others),
        Trigger.START_OVER: (Way(Junction.BEGIN),),
        Trigger.AGENT: (_closes(ResultName.AGENT_REQUESTED),),
        Trigger.CANCELLED: (_closes(ResultName.CALLER_CANCELLED),),
        Trigger.SILENCE: (_closes(ResultName.TIMEOUT),),
        Trigger.HUNG_UP: (Way(State.ENDED),),
    }


def _question(state: State) -> dict[Trigger, Ways]:
    ways = _any_time(state)
    if state in _BEFORE:
        ways[Trigger.GO_BACK] = tuple(Way(one, Guard.BEFORE) for one in _BEFORE[state])
    if state not in YES_NO_QUESTIONS | {State.WHICH}:
        ways[Trigger.WRONG] = (Way(State.WHICH),)
    return ways


def _field_question(state: State) -> dict[Trigger, Ways]:
    ways = {Trigger.ANSWERED: (Way(Junction.NEXT),), **_question(state)}
    if state in _WRONG_ANSWERS:
        ways[_WRONG_ANSWERS[state]] = _again(state)
    ways[Trigger.NOT_AVAILABLE] = (
        Way(state, Guard.FIRST_TIME),
        _closes(ResultName.AGENT_REQUESTED),
    )
    return ways


_UNDER_WAY: dict[Trigger, Ways] = {Trigger.HUNG_UP: (Way(State.ENDED),)}

FLOW: Mapping[State, Mapping[Trigger, Ways]] = MappingProxyType(
    {
        State.WAITING: {Trigger.STARTED: (Way(Junction.BEGIN),), **_UNDER_WAY},
        State.AMOUNT: {
            **_field_question(State.AMOUNT),
            Trigger.OFFERED: (Way(State.AMOUNT_CONFIRMATION),),
            Trigger.INVALID_AMOUNT: (
                Way(State.AMOUNT_CONFIRMATION, Guard.MINIMUM_IS_OFFERED),
                *_again(State.AMOUNT),
            ),
        },
        State.AMOUNT_CONFIRMATION: {
            **_question(State.AMOUNT_CONFIRMATION),
            Trigger.YES: (Way(Junction.NEXT),),
            Trigger.OFFERED: (Way(State.AMOUNT_CONFIRMATION),),
            Trigger.NOT_CONFIRMED: (
                Way(State.AMOUNT, Guard.AMOUNT_MAY_CHANGE),
                _closes(ResultName.CALLER_CANCELLED),
            ),
        },
        State.CARD_NUMBER: {
            **_field_question(State.CARD_NUMBER),
            Trigger.INVALID_CARD_TYPE: _again(State.CARD_NUMBER),
        },
        State.CARD_CHECK: {
            Trigger.CARD_IS_GOOD: (Way(Junction.NEXT),),
            Trigger.INVALID_CARD_NUMBER: _again(State.CARD_NUMBER),
            Trigger.INVALID_CARD_TYPE: _again(State.CARD_NUMBER),
            Trigger.CANCELLED: (_closes(ResultName.CALLER_CANCELLED),),
            **_UNDER_WAY,
        },
        State.EXPIRY: _field_question(State.EXPIRY),
        State.SECURITY_CODE: _field_question(State.SECURITY_CODE),
        State.POSTAL_CODE: _field_question(State.POSTAL_CODE),
        State.FIELD_CONFIRMATION: {
            **_question(State.FIELD_CONFIRMATION),
            Trigger.YES: (Way(Junction.NEXT),),
            Trigger.NOT_CONFIRMED: (
                *(Way(field, Guard.TRIES_LEFT) for field in STATE_OF.values()),
                _closes(ResultName.TOO_MANY_FAILED_ATTEMPTS),
            ),
        },
        State.CONFIRMATION: {
            **_question(State.CONFIRMATION),
            Trigger.YES: (Way(State.CHARGING),),
            Trigger.NOT_CONFIRMED: (Way(State.WHICH),),
        },
        State.WHICH: {
            **_question(State.WHICH),
            Trigger.NOTHING_WRONG: (Way(Junction.NEXT),),
        },
        State.CHARGING: {
            Trigger.APPROVED: (_closes(ResultName.SUCCESS),),
            Trigger.CARD_DECLINED: (
                Way(State.CARD_NUMBER, Guard.CARDS_LEFT),
                _closes(ResultName.DECLINED),
            ),
            Trigger.UNAVAILABLE: (_closes(ResultName.GATEWAY_UNAVAILABLE),),
            Trigger.UNKNOWN: (_closes(ResultName.OUTCOME_UNKNOWN),),
            **_UNDER_WAY,
        },
        State.CLOSING: {Trigger.SAID: (Way(State.ENDED),), **_UNDER_WAY},
        State.ENDED: {},
    }
)


def every_way() -> Iterator[tuple[State | Junction, Trigger | None, Way]]:
    """Each line of the table: from where, by what (None out of a junction), and the way."""
    for junction, ways in JUNCTIONS.items():
        for way in ways:
            yield junction, None, way
    for state, triggers in FLOW.items():
        for trigger, ways in triggers.items():
            for way in ways:
                yield state, trigger, way
