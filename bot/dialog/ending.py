"""How a payment ends: last words and where the call goes, for each result."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bot.dialog.commands import End, HandOver
from bot.dialog.floor import Floor
from bot.outcomes import Destination, PaymentResult, ResultName
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
        case ResultName.DECLINED:
            return settings.after_declines
        case ResultName.AGENT_REQUESTED:
            return Destination.AGENT
        case ResultName.CALLER_CANCELLED | ResultName.TIMEOUT | ResultName.CALLER_HUNG_UP:
            return Destination.HANG_UP
        case _:
            return settings.after_failure


def last_words(status: ResultName, to: Destination) -> tuple[Prompt, ...]:
    why = (Prompt(_LAST_WORDS[status]),) if status in _LAST_WORDS else ()
    return (*why, Prompt(_FAREWELL[to]))


class Ending:
    """The end of one payment: its result, once it stands, and where the call goes then."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._say_id = 0
        self._to = Destination.HANG_UP
        self.result: PaymentResult | None = None

    def begin(self, result: PaymentResult, to: Destination, *lead: Prompt) -> None:
        """The result stands; say the last words."""
        self.result, self._to = result, to
        prompts = self._floor.pick(*lead, *last_words(result.status, to))
        self._say_id = self._floor.say(prompts, interruptible=False)

    def waits_for(self, say_id: int) -> bool:
        return self.result is not None and say_id == self._say_id

    def hand_over(self) -> None:
        if self.result is not None:
            self._floor.do(HandOver(self._to, self.result))

    def finish(self, result: PaymentResult) -> None:
        self._floor.do(End(result))
