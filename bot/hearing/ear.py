"""One leg's sound in; key presses, speech and turns out.

Works in frames of 20 ms on a grid of its own, so that the same sound gives the same events
however it was cut into chunks. There is no time but the samples.

Keys come first. What a key tone sounds like is not voice, neither for the turn nor for the
recogniser: a key is certain about 40 ms after it began, the sound of an utterance is passed on
60 ms late, and in between the tone is taken out of it.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from bot.audio import CHUNK_MS, CHUNK_SAMPLES, AudioChunk, Samples, ms_to_samples, silence
from bot.expectations import Expectation, Kind
from bot.hearing.events import EarEvent, SpeechBegan, SpeechPaused, SpeechSound, TurnEnded
from bot.hearing.frames import Framer
from bot.hearing.keys.tones import ToneDetector
from bot.hearing.turns import IGNORED_PAUSE_MS, LOOKS_MS, Completeness, rule_for
from bot.hearing.voice.activity import NOTICED_WITHIN_MS, VoiceActivity, VoiceState
from bot.hearing.voice.echo import EchoCanceller
from bot.hearing.voice.silero import load_silero
from bot.settings import HearingSettings, VoiceDetector

PRE_ROLL_MS: Final = 500
"""Sound passed on from before the voice: soft beginnings ("four") are noticed late."""

_HELD_FRAMES: Final = 60 // CHUNK_MS
_HISTORY_FRAMES: Final = (PRE_ROLL_MS + NOTICED_WITHIN_MS) // CHUNK_MS + _HELD_FRAMES
"""Pre-roll, the time within which voice is noticed, and what is held back."""


def load_ears(settings: HearingSettings) -> None:
    """Load what all ears of the process share, so that no call waits for it. Raises ModelError."""
    if settings.voice_detector is VoiceDetector.BOTH:
        load_silero()


class Ear:
    """Listens to one leg of one call. Deterministic; `feed` takes chunks of any length."""

    def __init__(self, settings: HearingSettings) -> None:
        """Raises ModelError when the settings want Silero and its file is not what it should be."""
        self._times = settings.end_of_turn
        self._longest = ms_to_samples(settings.longest_utterance_ms)
        self._rule = rule_for(Expectation(Kind.OPEN), self._times)
        self._framer = Framer(CHUNK_SAMPLES)
        self._tones = ToneDetector()
        self._echo = EchoCanceller()
        silero = load_silero() if settings.voice_detector is VoiceDetector.BOTH else None
        self._voice = VoiceActivity(settings.voice_activity, silero)
        self._not_passed_on: deque[AudioChunk] = deque()
        self._utterance_open = False
        self._ignoring = False
        self._now = 0
        self._paused_at: int | None = None
        self._looks = 0
        self._completeness = Completeness.UNKNOWN

    @property
    def tone_sounding(self) -> bool:
        """A key tone is on right now, or was a moment ago."""
        return self._tones.sounding

    @property
    def ignoring(self) -> bool:
        """An utterance was dropped and its speaker still speaks."""
        return self._ignoring

    def expect(self, expectation: Expectation) -> None:
        """From now on, also within an utterance, this question's rule ends the turn."""
        self._rule = rule_for(expectation, self._times)
        self._completeness = Completeness.UNKNOWN

    def played(self, samples: Samples) -> None:
        """What goes out on this leg, in step with what is fed: its echo is no voice."""
        self._echo.played(samples)

    def feed(self, chunk: AudioChunk) -> list[EarEvent]:
        """What happened by the end of the last whole frame. Raises ValueError on a gap."""
        return [event for frame in self._framer.feed(chunk) for event in self._hear(frame)]

    def judge(self, completeness: Completeness, paused_at: int) -> list[EarEvent]:
        """What recognition thinks of the answer as far as the pause reported at `paused_at`.

        Forgotten when voice goes on, and of no account when it has gone on already: on a live line
        the caller may speak again while recognition thinks. Where the silence was long enough for
        such an answer the turn ends now.
        """
        if not self.still_pauses(paused_at):
            return []
        self._completeness = completeness
        return self._end_turn() if self._silent_for_long_enough() else []

    def still_pauses(self, paused_at: int) -> bool:
        """Nothing was said since the pause reported at `paused_at`, and its turn is not over."""
        return paused_at == self._paused_at

    def drop(self) -> None:
        """Forget the utterance under way, and what the caller still says of it.

        Listening begins anew after a pause, or after the longest time an utterance may take.
        """
        if self._utterance_open:
            self._utterance_open = False
            self._ignoring = True
            self._not_passed_on.clear()

    def cut(self) -> int | None:
        """The sound breaks off here, and what is fed next was said later: forget the utterance
        under way. Returns where it began; None when nothing was being said."""
        began = self._voice.start if self._utterance_open else None
        self._utterance_open = self._ignoring = False
        self._voice.settle()
        self._not_passed_on.clear()
        self._no_pause()
        return began

    def flush(self) -> list[EarEvent]:
        """The leg's sound is over, nothing is fed any more.

        Reports a key that was almost certain and ends an open turn.
        """
        events: list[EarEvent] = []
        rest = self._framer.flush()
        if rest is not None:
            events.extend(self._tones.feed(rest))
            self._not_passed_on.append(rest)
        events.extend(self._tones.flush())
        if self._tones.sounding_since is not None:
            self._take_out_tone(self._tones.sounding_since)
        events.extend(self._end_turn())
        return events

    def _hear(self, frame: AudioChunk) -> list[EarEvent]:
        keys = self._tones.feed(frame)
        since = self._tones.sounding_since
        self._not_passed_on.append(frame)
        if since is not None:
            self._take_out_tone(since)
            self._voice.was_no_voice(since, frame.position)
        self._now = frame.end
        samples, only_echo = self._echo.take_out(frame.samples)
        without_echo = AudioChunk(samples, frame.position)
        state = self._voice.feed(without_echo, key=since is not None, echo=only_echo)
        return [*keys, *self._turn_events(state, frame.end)]

    def _turn_events(self, state: VoiceState, now: int) -> list[EarEvent]:
        match state:
            case VoiceState.QUIET | VoiceState.STARTING:
                while len(self._not_passed_on) > _HISTORY_FRAMES:
                    self._not_passed_on.popleft()
                return []
            case VoiceState.SPEAKING:
                events = self._begin() if not (self._utterance_open or self._ignoring) else []
                self._no_pause()
                events.extend(self._pass_on(_HELD_FRAMES))
            case VoiceState.STOPPING:
                events = self._pass_on(_HELD_FRAMES)
                if self._silent_for_long_enough():
                    return [*events, *self._end_turn()]
                events.extend(self._look(now))
        if now - self._voice.start >= self._longest:
            events.extend(self._end_turn())
        return events

    def _look(self, now: int) -> list[EarEvent]:
        """Time to ask the recogniser, for the first time in this pause or once more."""
        if self._looks == len(LOOKS_MS) or now - self._voice.end < ms_to_samples(
            LOOKS_MS[self._looks]
        ):
            return []
        self._looks += 1
        if self._paused_at is None:
            self._paused_at = now
        known = self._completeness is Completeness.CERTAIN
        return [SpeechPaused(self._paused_at)] if self._utterance_open and not known else []

    def _silent_for_long_enough(self) -> bool:
        needed = self._rule.silence_ms(self._completeness)
        if self._ignoring:
            needed = IGNORED_PAUSE_MS
        return self._now - self._voice.end >= ms_to_samples(needed)

    def _begin(self) -> list[EarEvent]:
        self._utterance_open = True
        first = self._voice.start - ms_to_samples(PRE_ROLL_MS)
        while self._not_passed_on[0].end <= first:
            self._not_passed_on.popleft()
        return [SpeechBegan(self._voice.start)]

    def _pass_on(self, keep: int) -> list[EarEvent]:
        """The utterance's sound, but for the last `keep` frames, which may yet prove a tone."""
        events: list[EarEvent] = []
        while len(self._not_passed_on) > keep:
            frame = self._not_passed_on.popleft()
            if self._utterance_open:
                events.append(SpeechSound(frame))
        return events

    def _end_turn(self) -> list[EarEvent]:
        events: list[EarEvent] = []
        if self._utterance_open:
            events = self._pass_on(0)
            events.append(TurnEnded(self._voice.start, self._voice.end))
        if self._utterance_open or self._ignoring:
            self._voice.settle()
            self._not_passed_on.clear()
        self._utterance_open = self._ignoring = False
        self._no_pause()
        return events

    def _no_pause(self) -> None:
        self._paused_at = None
        self._looks = 0
        self._completeness = Completeness.UNKNOWN

    def _take_out_tone(self, since: int) -> None:
        """Silence in what is not yet passed on, from sample `since`."""
        for i, frame in enumerate(self._not_passed_on):
            if frame.end <= since:
                continue
            samples = frame.samples.copy()
            begin = max(0, since - frame.position)
            samples[begin:] = silence(len(samples) - begin)
            self._not_passed_on[i] = AudioChunk(samples, frame.position)
