"""How a payment ends: last words and where the call goes, for each result."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bot.outcomes import Destination, ResultName
from bot.prompts import Prompt
from bot.settings import PaymentSettings

_LAST_WORDS: Mapping[ResultName, str] = MappingProxyType(
    {
        ResultName.TOO_MANY_FAILED_ATTEMPTS: "end.too_many",
        ResultName.CALLER_CANCELLED: "end.cancelled",
        ResultName.TIMEOUT: "end.timeout",
        ResultName.DECLINED: "charge.no_more_cards",
        ResultName.GATEWAY_UNAVAILABLE: "charge.unavailable",
        ResultName.OUTCOME_UNKNOWN: "charge.unknown",
    }
)

_FAREWELL: Mapping[Destination, str] = MappingProxyType(
    {
        Destination.AGENT: "end.to_agent",
        Destination.IVR: "end.to_menu",
        Destination.HANG_UP: "end.goodbye",
    }
)


def destination_of(status: ResultName, settings: PaymentSettings) -> Destination:
    """Where the call goes. Nobody is put through who cancelled or fell silent."""
    match status:
        case ResultName.SUCCESS:
            return settings.after_success
        case ResultName.AGENT_REQUESTED:
            return Destination.AGENT
        case ResultName.CALLER_CANCELLED | ResultName.TIMEOUT | ResultName.CALLER_HUNG_UP:
            return Destination.HANG_UP
        case _:
            return settings.after_failure


def last_words(status: ResultName, to: Destination) -> tuple[Prompt, ...]:
    why = (Prompt(_LAST_WORDS[status]),) if status in _LAST_WORDS else ()
    return (*why, Prompt(_FAREWELL[to]))
