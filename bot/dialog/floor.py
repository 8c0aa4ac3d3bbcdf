"""Who has the floor: what is being said, whether the caller speaks, which timers run.

Everything the dialog wants done goes through here and comes out as commands, in order.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import replace

from bot.dialog.commands import (
    Command,
    Listen,
    Notify,
    PauseSaying,
    ResumeSaying,
    Say,
    SetTimer,
    StopSaying,
)
from bot.dialog.events import PromptPlayed, TimerName
from bot.expectations import Expectation
from bot.prompts import Prompt
from bot.settings import PaymentSettings

_KEYS_VARIANT = 3
"""By the catalogue's custom, from the third variant on a question names the keys."""


class Floor:
    """slow: the caller asked for it. keys_only: an agent listens, so questions ask for keys.

    caller_speaks: an utterance began and was not understood yet; there may be several.
    is_paused: that utterance made the bot fall silent in the middle of what it says.
    """

    def __init__(self, settings: PaymentSettings) -> None:
        self._settings = settings
        self._commands: list[Command] = []
        self._times_said: Counter[str] = Counter()
        self._to_be_heard: deque[Say] = deque()
        self._last_say_id = 0
        self._timers: set[TimerName] = set()
        self._patient = False
        self._reminders = 0
        self.slow = False
        self.keys_only = False
        self._utterances = 0
        self.is_paused = False

    def do(self, command: Command) -> None:
        self._commands.append(command)

    def take_commands(self) -> list[Command]:
        commands, self._commands = self._commands, []
        return commands

    # Saying

    @property
    def is_saying(self) -> bool:
        return bool(self._to_be_heard)

    def pick(self, *prompts: Prompt) -> tuple[Prompt, ...]:
        """The prompts in the variant that is due: the first time, the second time …"""
        self._times_said.update(prompt.id for prompt in prompts)
        return tuple(replace(p, attempt=self._times_said[p.id]) for p in prompts)

    def pick_question(self, prompt: Prompt) -> tuple[Prompt, ...]:
        (picked,) = self.pick(prompt)
        sooner = _KEYS_VARIANT - 1 if self.keys_only else 0
        return (replace(picked, attempt=picked.attempt + sooner),)

    def say(self, prompts: tuple[Prompt, ...], *, interruptible: bool = True) -> int:
        """Queue prompts that were picked; returns the id under which they will be reported."""
        if self.is_paused:
            self.stop_saying()  # what was paused is overtaken
        interruptible = interruptible and self.voice_may_interrupt(*prompts)
        self.stop_timer(TimerName.NO_INPUT)
        self._last_say_id += 1
        say = Say(self._last_say_id, prompts, interruptible, self.slow)
        self._to_be_heard.append(say)
        self.do(say)
        return say.say_id

    def voice_may_interrupt(self, *prompts: Prompt) -> bool:
        settings = self._settings
        return settings.barge_in and not any(p.id in settings.no_barge_in for p in prompts)

    def played(self, event: PromptPlayed) -> bool:
        """A Say is over. False when it was stopped, or never said: nothing changes then."""
        if not any(say.say_id == event.say_id for say in self._to_be_heard):
            return False
        while self._to_be_heard.popleft().say_id != event.say_id:
            pass  # played in order: what stood before it is over too
        self.is_paused = self.is_paused and self.is_saying
        return True

    def stop_saying(self) -> None:
        if self._to_be_heard:
            self._to_be_heard.clear()
            self.is_paused = False
            self.do(StopSaying())

    def go_on_saying(self) -> bool:
        """What the caller's voice made wait is said on. False when nothing waits."""
        if not self.is_paused:
            return False
        self.is_paused = False
        self.do(ResumeSaying())
        return True

    def stop_saying_for_voice(self) -> bool:
        """As `stop_saying`, if voice may interrupt what is being said. False if it may not."""
        if self._to_be_heard and not self._to_be_heard[0].interruptible:
            return False
        self.stop_saying()
        return True

    # Listening

    def listen(self, expectation: Expectation) -> None:
        self.do(Listen(expectation))

    def speech_started(self) -> None:
        """The bot falls silent at once, and knows only later whether that was anything."""
        if self._to_be_heard and not self._to_be_heard[0].interruptible:
            return  # what is said during such a prompt is dropped: no answer will come of it
        if self.is_saying and not self.is_paused:
            self.is_paused = True
            self.do(PauseSaying())
        self._utterances += 1
        self.stop_timer(TimerName.NO_INPUT, TimerName.INTER_DIGIT, TimerName.SECOND_THOUGHT)

    @property
    def caller_speaks(self) -> bool:
        return self._utterances > 0

    def understood(self) -> None:
        """One utterance; the next may have begun while words were made of it."""
        self._utterances = max(0, self._utterances - 1)

    def speech_ended(self) -> None:
        """Nothing that was said is waited for any more."""
        self._utterances = 0

    # Timers

    def had_input(self) -> None:
        """The caller gave a sign: 60 s (configurable) until silence ends the payment."""
        self._patient = False
        self._reminders = 0
        self._start_timer(TimerName.SILENCE, int(self._settings.silence_timeout_seconds * 1000))

    def remind(self) -> int:
        """How often, with this time, nothing came since the last input."""
        self._reminders += 1
        return self._reminders

    def be_patient(self) -> None:
        """The caller asked to wait: the next reminder comes half-way to the silence limit."""
        self._patient = True

    def wait_for_answer(self) -> None:
        half_way = int(self._settings.silence_timeout_seconds * 500)
        ms = max(half_way, self._settings.no_input_ms) if self._patient else None
        self._start_timer(TimerName.NO_INPUT, ms or self._settings.no_input_ms)

    def wait_for_next_piece(self) -> None:
        """The caller is in the middle of a number: stay silent until they wait for a word."""
        self._start_timer(
            TimerName.NO_INPUT, min(self._settings.go_on_ms, self._settings.no_input_ms)
        )

    def wait_for_key(self) -> None:
        self.stop_timer(TimerName.NO_INPUT)
        self._start_timer(TimerName.INTER_DIGIT, self._settings.inter_digit_ms)

    def wait_for_second_thought(self) -> None:
        """Not while the caller speaks: that may be one, and is understood first."""
        if not self.caller_speaks:
            self._start_timer(TimerName.SECOND_THOUGHT, self._settings.second_thought_ms)

    def wait_for_end_of_speech(self) -> None:
        """Silence is no silence while the caller speaks; but not for ever."""
        self._start_timer(TimerName.SILENCE, self._settings.no_input_ms)

    def timer_fired(self, name: TimerName) -> bool:
        """False for a timer that was stopped when it fired."""
        was_running = name in self._timers
        self._timers.discard(name)
        return was_running

    def stop_timer(self, *names: TimerName) -> None:
        for name in names:
            if name in self._timers:
                self._timers.discard(name)
                self.do(SetTimer(name, None))

    def _start_timer(self, name: TimerName, ms: int) -> None:
        self._timers.add(name)
        self.do(SetTimer(name, ms))

    # Telling others

    def notify(self, step: str, state: str, detail: str = "") -> None:
        self.do(Notify(step, state, detail))
