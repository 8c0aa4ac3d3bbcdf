"""What the bot is saying on one leg, sample by sample: queued, stopped, paused, counted.

Without I/O: whoever owns the leg's clock asks for the next stretch of sound. What was really
heard is known to the sample, so that the dialog and the trace never guess.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bot.audio import CHUNK_SAMPLES, Samples, ms_to_samples, silence
from bot.speaking.levels import FADE, fade_in, quietest_place
from bot.speaking.speaker import Spoken

_REACHES_LATE = ms_to_samples(200)
"""Sound that was handed out so lately may not have been heard: it may still be on its way."""
_LOOKS_BACK = ms_to_samples(1_000)
"""So far back a gap between two words is looked for, to go on from."""


@dataclass(frozen=True, slots=True)
class PromptStarted:
    """The first sample of a prompt goes out.

    at: index of that sample on the bot's leg. source: "recording" or "tts".
    """

    say_id: int
    prompt_id: str
    attempt: int
    text: str
    source: str
    sensitive: bool
    at: int


@dataclass(frozen=True, slots=True)
class PromptEnded:
    """The last sample of a prompt went out, or it was stopped. at: the first sample after it."""

    say_id: int
    prompt_id: str
    completed: bool
    at: int


@dataclass(frozen=True, slots=True)
class Played:
    """A `say` is over.

    heard: pieces played whole, over all its prompts. heard_samples: samples gone out.
    at: index on the bot's leg of the first sample after it.
    """

    say_id: int
    completed: bool
    heard: int
    heard_samples: int
    at: int


PlaybackEvent = PromptStarted | PromptEnded | Played


@dataclass(slots=True, eq=False)
class _Saying:
    """One `say` on its way out: all its prompts in one stretch of samples."""

    say_id: int
    prompts: tuple[Spoken, ...]
    interruptible: bool
    samples: Samples
    starts: tuple[int, ...]
    next_start: int = 0
    next_end: int = 0
    position: int = 0

    @classmethod
    def of(cls, say_id: int, prompts: Sequence[Spoken], interruptible: bool) -> _Saying:
        stretches: list[Samples] = [silence(0)]
        starts: list[int] = []
        position = 0
        for index, spoken in enumerate(prompts):
            pause = prompts[index - 1].pause_after if index else 0
            stretches += [silence(pause), spoken.samples]
            starts.append(position + pause)
            position += pause + len(spoken.samples)
        samples = np.concatenate(stretches)
        return cls(say_id, tuple(prompts), interruptible, samples, tuple(starts))

    def end_of(self, prompt: int) -> int:
        return self.starts[prompt] + len(self.prompts[prompt].samples)

    @property
    def finished(self) -> bool:
        return self.position >= len(self.samples)

    @property
    def pause_after(self) -> int:
        return self.prompts[-1].pause_after if self.prompts else 0

    def step_back(self) -> None:
        """To a gap between words a moment ago: who is interrupted begins with a whole word."""
        begin = self.starts[self.next_start - 1] if self.next_start else 0
        late = max(begin, self.position - _REACHES_LATE)
        early = max(begin, self.position - _LOOKS_BACK)
        self.position = early + quietest_place(self.samples[early:late])

    def heard(self) -> int:
        return sum(
            start + piece.end <= self.position
            for start, spoken in zip(self.starts, self.prompts, strict=True)
            for piece in spoken.pieces
        )

    def events(self, now: int) -> list[PlaybackEvent]:
        """Prompts that began or ended up to the position; `now` is its place on the leg."""
        found: list[PlaybackEvent] = []
        while True:
            number = self.next_end
            ends = self.next_start > number and self.end_of(number) <= self.position
            if ends:
                at = now - (self.position - self.end_of(number))
                found.append(PromptEnded(self.say_id, self.prompts[number].prompt_id, True, at))
                self.next_end += 1
                continue
            number = self.next_start
            if number == len(self.prompts) or not self._begun(number):
                return found
            at = now - (self.position - self.starts[number])
            found.append(_started(self.say_id, self.prompts[number], at))
            self.next_start += 1

    def _begun(self, number: int) -> bool:
        """Its first sample went out; a prompt without samples begins where it stands."""
        empty = not len(self.prompts[number].samples)
        return self.position > self.starts[number] or (
            empty and self.position == self.starts[number]
        )

    def stopped(self, now: int) -> list[PlaybackEvent]:
        """The prompt under way and the say itself, cut off here."""
        found: list[PlaybackEvent] = [
            PromptEnded(self.say_id, spoken.prompt_id, False, now)
            for spoken in self.prompts[self.next_end : self.next_start]
        ]
        return [*found, Played(self.say_id, False, self.heard(), self.position, now)]


def _started(say_id: int, spoken: Spoken, at: int) -> PromptStarted:
    return PromptStarted(
        say_id=say_id,
        prompt_id=spoken.prompt_id,
        attempt=spoken.attempt,
        text=spoken.text,
        source=spoken.source,
        sensitive=spoken.sensitive,
        at=at,
    )


class Playback:
    """The bot's voice on one leg. `position` counts every sample handed out, silence too."""

    def __init__(self) -> None:
        self.position = 0
        self._queue: deque[_Saying] = deque()
        self._paused = False
        self._tail: Samples = silence(0)
        self._fade_in_next = False
        self._rest = 0

    def say(self, say_id: int, spoken: Sequence[Spoken], interruptible: bool = True) -> None:
        """Queue these prompts, after what is queued already."""
        self._queue.append(_Saying.of(say_id, spoken, interruptible))

    def stop(self) -> list[PlaybackEvent]:
        """Silence from the next sample on (after a fade of 5 ms), and nothing left in the queue.

        Returns, for each `say` that was not over, its `Played`.
        """
        events: list[PlaybackEvent] = []
        for index, saying in enumerate(self._queue):
            if index == 0 and not self._paused:
                self._tail = _fading(saying)
            events += saying.stopped(self.position)
        self._queue.clear()
        self._paused = False
        self._fade_in_next = False
        self._rest = 0
        return events

    def pause(self) -> None:
        """Silence from the next sample on (after a fade of 5 ms); nothing is lost. What is said
        later is not paused."""
        if self._paused or not self._queue:
            return
        self._paused = True
        self._tail = _fading(self._queue[0])
        self._fade_in_next = self._queue[0].position > 0

    def resume(self) -> None:
        """Go on where it was paused, from the gap between words before it, with a fade of 5 ms."""
        if self._paused and self._queue:
            self._queue[0].step_back()
        self._paused = False

    @property
    def current(self) -> int | None:
        """The id of the `say` under way or next, None when nothing is queued."""
        return self._queue[0].say_id if self._queue else None

    @property
    def speaking(self) -> bool:
        """Something is being said; not while it is paused."""
        return bool(self._queue) and not self._paused

    @property
    def interruptible(self) -> bool:
        """Whether speech may stop what is being said; True when nothing is."""
        return self._queue[0].interruptible if self._queue else True

    @property
    def sensitive(self) -> bool:
        """The `say` under way says card digits."""
        return bool(self._queue) and any(p.sensitive for p in self._queue[0].prompts)

    def next_chunk(self, samples: int = CHUNK_SAMPLES) -> tuple[Samples, list[PlaybackEvent]]:
        """The next stretch of the leg, silence where nothing is said, and what happened in it."""
        out = silence(samples)
        filled = self._play_tail(out)
        events: list[PlaybackEvent] = []
        while self._queue and not self._paused:
            resting = min(self._rest, samples - filled)
            self._rest -= resting
            filled += resting
            if self._rest:
                break
            saying = self._queue[0]
            taken = saying.samples[saying.position : saying.position + samples - filled]
            if self._fade_in_next and len(taken):
                taken = _faded_in(taken)
                self._fade_in_next = False
            out[filled : filled + len(taken)] = taken
            filled += len(taken)
            saying.position += len(taken)
            now = self.position + filled
            events += saying.events(now)
            if not saying.finished:
                break
            events.append(Played(saying.say_id, True, saying.heard(), saying.position, now))
            self._queue.popleft()
            self._rest = saying.pause_after
        if not self._queue:
            self._rest = max(0, self._rest - (samples - filled))
        self.position += samples
        return out, events

    def _play_tail(self, out: Samples) -> int:
        """The end of a fade after `stop` or `pause`; returns how many samples it took."""
        length = min(len(self._tail), len(out))
        out[:length] = self._tail[:length]
        self._tail = self._tail[length:]
        return length


def _fading(saying: _Saying) -> Samples:
    """The next 5 ms of a saying that was under way, going down to nothing."""
    if saying.position == 0:
        return silence(0)
    upcoming = saying.samples[saying.position : saying.position + FADE]
    ramp = 1 - np.arange(len(upcoming)) / FADE
    return np.asarray(np.round(upcoming * ramp), dtype=np.int16)


def _faded_in(taken: Samples) -> Samples:
    return np.concatenate([fade_in(taken[: 2 * FADE]), taken[2 * FADE :]])
