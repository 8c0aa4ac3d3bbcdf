"""What gateways' codes for a decline mean to a caller.

Sources: Stripe's decline codes and error codes, ISO 8583 (field 39, with the card brands'
common additions), and the words of our own REST format. What tells of theft, loss or suspected
fraud is no caller's business (the caller may be the thief): such codes are not in the table, and
nothing that is not in the table is told as more than DECLINED.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bot.charges import DeclineReason

_CODES: Mapping[DeclineReason, str] = {
    DeclineReason.INSUFFICIENT_FUNDS: "insufficient_funds 51 116",
    DeclineReason.LIMIT_EXCEEDED: (
        "card_velocity_exceeded limit_exceeded withdrawal_count_limit_exceeded amount_too_large "
        "61 65 121 123"
    ),
    DeclineReason.EXPIRED_CARD: "expired_card 54 101",
    DeclineReason.WRONG_CARD_NUMBER: (
        "incorrect_number invalid_number invalid_account incorrect_card_number 14 15 111"
    ),
    DeclineReason.WRONG_EXPIRY: "invalid_expiry_month invalid_expiry_year incorrect_expiry",
    DeclineReason.WRONG_SECURITY_CODE: (
        "incorrect_cvc invalid_cvc incorrect_security_code 82 N7 CVV"
    ),
    DeclineReason.WRONG_POSTAL_CODE: "incorrect_zip incorrect_address incorrect_postal_code",
    DeclineReason.NOT_PERMITTED: (
        "card_not_supported currency_not_supported transaction_not_allowed not_permitted "
        "service_not_allowed 57 58 119"
    ),
    DeclineReason.CONFIRMATION_NEEDED: (
        "authentication_required authentication_not_handled 1A offline_pin_required "
        "online_or_offline_pin_required"
    ),
    DeclineReason.BANK_UNAVAILABLE: (
        "issuer_not_available processing_error reenter_transaction try_again_later "
        "bank_unavailable 91 92 96 907 909"
    ),
}

REASONS: Mapping[str, DeclineReason] = MappingProxyType(
    {code.lower(): reason for reason, codes in _CODES.items() for code in codes.split()}
)
"""By code in small letters."""


def reason_for(code: object) -> DeclineReason:
    """What to tell of a decline with this code, whatever it is."""
    if not isinstance(code, str):
        return DeclineReason.DECLINED
    return REASONS.get(code.strip().lower(), DeclineReason.DECLINED)
