"""One leg of a call: what is heard from it and what is played to it.

An automated call has one leg and the bot; a call table of several legs says who hears whom.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.audio import Samples
from bot.hearing.ear import Ear
from bot.hearing.recogniser import Recogniser
from bot.speaking.playback import Playback

Listener = Callable[[Samples, Samples], Awaitable[None]]
"""Given each chunk that came from a leg and the one played to it; the call waits until it is done.
What it hears is the call as it is, card data and all: never to be kept."""


@dataclass(slots=True)
class Leg:
    """name: "caller" or "agent". pre_roll: samples the ear reaches back before a speech start.

    listener: someone who listens in.
    """

    name: str
    ear: Ear
    recogniser: Recogniser
    playback: Playback
    pre_roll: int
    listener: Listener | None = None
