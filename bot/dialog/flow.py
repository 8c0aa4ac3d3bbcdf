"""The flow of a payment as a table: which question may follow which."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from bot.expectations import Field


class State(StrEnum):
    WAITING = "waiting"
    """For the call to start."""
    AMOUNT = "amount"
    AMOUNT_CONFIRMATION = "amount_confirmation"
    """An amount was given to us, or the balance is offered: yes or no?"""
    CARD_NUMBER = "card_number"
    EXPIRY = "expiry"
    SECURITY_CODE = "security_code"
    POSTAL_CODE = "postal_code"
    CONFIRMATION = "confirmation"
    """Everything is read back: yes or no?"""
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

FIELD_QUESTIONS = frozenset(STATE_OF.values())

QUESTIONS = FIELD_QUESTIONS | {State.AMOUNT_CONFIRMATION, State.CONFIRMATION, State.WHICH}
"""States in which the caller is expected to answer."""

# The rules, which the table below only writes down:
#
# (A) A call begins with the amount: with a question, or with the confirmation of the one given.
#     A given amount that cannot be paid and may not be changed closes the payment at once.
# (B) After an answer comes the first field that is missing, in FIELD_ORDER; when none is missing,
#     the confirmation. A correction empties a field, so it needs no path of its own: from every
#     question any other may be next, and what was not corrected is never asked again.
# (C) Only the confirmation leads to the charge. So no card is charged that was not read back.
# (D) A charge leads to the next card (declined) or to the end; never back to the confirmation.
# (E) Closing leads to the end and nowhere else: a result that stands is never taken back.
# (F) A caller may hang up in every state.

_ANY_QUESTION = QUESTIONS | {State.CLOSING, State.ENDED}

FLOW: Mapping[State, frozenset[State]] = MappingProxyType(
    {
        State.WAITING: frozenset(
            {State.AMOUNT, State.AMOUNT_CONFIRMATION, State.CLOSING, State.ENDED}
        ),
        State.AMOUNT: _ANY_QUESTION,
        State.AMOUNT_CONFIRMATION: _ANY_QUESTION,
        State.CARD_NUMBER: _ANY_QUESTION,
        State.EXPIRY: _ANY_QUESTION,
        State.SECURITY_CODE: _ANY_QUESTION,
        State.POSTAL_CODE: _ANY_QUESTION,
        State.CONFIRMATION: _ANY_QUESTION | {State.CHARGING},
        State.WHICH: _ANY_QUESTION,
        State.CHARGING: frozenset({State.CARD_NUMBER, State.CLOSING, State.ENDED}),
        State.CLOSING: frozenset({State.ENDED}),
        State.ENDED: frozenset(),
    }
)
