"""Somebody on the phone: listens, and speaks or presses keys once the bot is quiet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from bot.audio import CHUNK_MS, CHUNK_SAMPLES, Samples, silence

KEY_EVERY_MS = 200
_AUDIBLE = 100
"""Full scale 32768. Below it, a line is quiet."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Pressed one after the other."""

    keys: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Says:
    samples: Samples


@dataclass(frozen=True, slots=True)
class HangsUp:
    pass


Action = Keys | Says | HangsUp


@dataclass(slots=True)
class Moment:
    """20 ms of a person: what was heard of the bot, what was said, the keys pressed."""

    heard: Samples
    said: Samples
    keys: str = field(repr=False)


class Person:
    """Acts when the bot has spoken and then been quiet for `quiet_ms`.

    impatient: indexes of actions that begin while the bot still speaks, `quiet_ms` after it began.
    """

    def __init__(
        self, actions: Sequence[Action], *, quiet_ms: int = 600, impatient: Sequence[int] = ()
    ) -> None:
        self._actions = list(enumerate(actions))
        self._impatient = set(impatient)
        self._quiet_needed = quiet_ms // CHUNK_MS
        self._quiet = self._spoken = 0
        self._to_say: Samples = silence(0)
        self._to_press = ""
        self._since_key = KEY_EVERY_MS
        self.moments: list[Moment] = []
        self.hung_up = False

    @property
    def actions_left(self) -> int:
        return len(self._actions)

    def live(self, heard: Samples) -> Moment:
        """The next 20 ms. heard: what the telephone plays in them, shape (CHUNK_SAMPLES,)."""
        if np.any(np.abs(heard.astype(np.int32)) >= _AUDIBLE):
            self._quiet = 0
            self._spoken += 1
        else:
            self._quiet += 1
        if self._is_idle and self._wants_to_act:
            self._act()
        said, self._to_say = self._to_say[:CHUNK_SAMPLES], self._to_say[CHUNK_SAMPLES:]
        moment = Moment(heard, np.pad(said, (0, CHUNK_SAMPLES - len(said))), self._next_key())
        self.moments.append(moment)
        return moment

    @property
    def heard(self) -> Samples:
        return np.concatenate([moment.heard for moment in self.moments])

    @property
    def said(self) -> Samples:
        return np.concatenate([moment.said for moment in self.moments])

    @property
    def _is_idle(self) -> bool:
        return not len(self._to_say) and not self._to_press and not self.hung_up

    @property
    def _wants_to_act(self) -> bool:
        if not self._actions:
            return False
        if self._actions[0][0] in self._impatient:
            return self._spoken >= self._quiet_needed
        return self._spoken > 0 and self._quiet >= self._quiet_needed

    def _act(self) -> None:
        self._spoken = 0
        match self._actions.pop(0)[1]:
            case Keys(keys):
                self._to_press = keys
                self._since_key = KEY_EVERY_MS
            case Says(samples):
                self._to_say = samples
            case HangsUp():
                self.hung_up = True

    def _next_key(self) -> str:
        self._since_key += CHUNK_MS
        if not self._to_press or self._since_key < KEY_EVERY_MS:
            return ""
        self._since_key = 0
        key, self._to_press = self._to_press[0], self._to_press[1:]
        return key
