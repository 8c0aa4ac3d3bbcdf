"""Which field a change of a part is about, by what there is to change.

A named field is it. A contrast that names none ("nine, not five") is about what is being given, or
about what was read back; where it could be about two things, the caller is asked.
"""

from __future__ import annotations

from bot.dialog.meaning import Amendment
from bot.dialog.payment import Payment
from bot.expectations import Field, Reading, Source

_READ_BACK = (Field.AMOUNT, Field.CARD_NUMBER, Field.EXPIRY)


def amendment_in(reading: Reading, payment: Payment, asked: Field | None) -> Amendment | None:
    """None where the changes mean nothing in what there is, or would change nothing."""
    field = _named(reading)
    if field is not None:
        return _amendment(reading, field, named=True) if _fits(reading, payment, field) else None
    if asked is not None and _fits(reading, payment, asked, named=False):
        return _amendment(reading, asked, named=False)
    if any(change.place is not None for change in reading.changes):
        # Digits by their place, and no word of whose: only a card number has so many.
        fits = _fits(reading, payment, Field.CARD_NUMBER, named=False)
        return _amendment(reading, Field.CARD_NUMBER, named=False) if fits else None
    fitting = [field for field in _READ_BACK if _fits(reading, payment, field, named=False)]
    if not fitting:
        return None
    return _amendment(reading, fitting[0] if len(fitting) == 1 else None, named=False)


def _named(reading: Reading) -> Field | None:
    """As the words say beside the number; else as Rasa understood."""
    if reading.change_of is not None:
        return reading.change_of
    return None if reading.field in (Field.CARD, Field.EVERYTHING) else reading.field


def _fits(reading: Reading, payment: Payment, field: Field, *, named: bool = True) -> bool:
    machine = payment.machines.get(field)
    return machine is not None and machine.can_amend(reading.changes, named=named)


def _amendment(reading: Reading, field: Field | None, *, named: bool) -> Amendment:
    by_rasa = reading.source is Source.RASA
    return Amendment(field, reading.changes, named, reading.confidence, by_rasa)
