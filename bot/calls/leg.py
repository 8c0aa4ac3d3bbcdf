"""One leg of a call: what is heard from it and what is played to it.

An automated call has one leg and the bot; a call table of several legs says who hears whom.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.hearing.ear import Ear
from bot.hearing.recogniser import Recogniser
from bot.speaking.playback import Playback


@dataclass(slots=True)
class Leg:
    """name: "caller" or "agent". pre_roll: samples the ear reaches back before a speech start."""

    name: str
    ear: Ear
    recogniser: Recogniser
    playback: Playback
    pre_roll: int
