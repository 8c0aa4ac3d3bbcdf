"""Why a call is not taken."""

from __future__ import annotations

from bot.errors import BotError


class NotTakenError(BotError):
    """A call that is not taken. The message may be told to the other end."""


class Busy(NotTakenError):
    """As many calls as there is room for."""


class UnderWay(NotTakenError):
    """A call of this id is there already: its other end came twice."""


class Draining(NotTakenError):
    """The process is about to end."""


class TooManyWaiting(NotTakenError):
    """As many prepared calls as there is room for."""

    def __init__(self) -> None:
        super().__init__("too many prepared calls wait for their callers; try again soon")
