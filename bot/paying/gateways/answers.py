"""Which answers are believed: pure functions, the same for every gateway.

Only a well-formed answer for the very key, amount and currency that were sent is believed.
Nothing of a body is quoted in an error: a gateway may echo what it was sent. For the same reason
errors are returned, not raised: a traceback would keep the body among the locals of its frames.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.charges import ChargeStatus, DeclineReason
from bot.money import Money
from bot.paying.gateway import GatewayAnswer, OutcomeUnknown

_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class Statement:
    """What an answer says about one charge, as it stands there; of any type, for it may be wrong.

    status: None for what is neither approved nor declined. minor_units: an int for a good one.
    """

    status: ChargeStatus | None
    key: object
    minor_units: object
    currency: object
    reference: object = None
    reason: DeclineReason = DeclineReason.DECLINED


def believed(
    statement: Statement, key: str, amount: Money, delay_ms: int
) -> GatewayAnswer | OutcomeUnknown:
    """The statement as an answer, when it is one for exactly this charge."""
    doubt = _doubt(statement, key, amount)
    if doubt is not None:
        return OutcomeUnknown(f"the gateway's answer {doubt}", delay_ms)
    if statement.status is ChargeStatus.APPROVED:
        return GatewayAnswer(ChargeStatus.APPROVED, str(statement.reference), None, delay_ms)
    return GatewayAnswer(ChargeStatus.DECLINED, None, statement.reason, delay_ms)


def _doubt(statement: Statement, key: str, amount: Money) -> str | None:
    """Why a statement is not to be believed; None for a good one."""
    reference = statement.reference
    if statement.key != key:
        return "is for another request"
    if type(statement.minor_units) is not int or statement.minor_units != amount.minor_units:
        return "names another amount"
    if statement.currency != amount.currency:
        return "names another currency"
    if statement.status not in (ChargeStatus.APPROVED, ChargeStatus.DECLINED):
        return "is neither approved nor declined"
    is_usable = isinstance(reference, str) and _REFERENCE.fullmatch(reference)
    if statement.status is ChargeStatus.APPROVED and not is_usable:
        return "approves without a usable reference"
    return None
