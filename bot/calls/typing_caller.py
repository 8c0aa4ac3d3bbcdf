"""A caller who types: for a designer at a desk, and for scripts of lines.

The next line is asked for when the bot waits for the caller, and until it is there the call's
clock stands still. In between the line is silent and time runs as fast as the machine can.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot.audio import CHUNK_SAMPLES, Samples, ms_to_samples, silence, whole_chunk
from bot.calls.callers import Caller, Gone, Received, Sound, Typed, keys_sound
from bot.calls.typed_lines import (
    COMMANDS,
    Action,
    HangUp,
    Help,
    Nothing,
    Over,
    Press,
    Say,
    Unclear,
    Wait,
    read_line,
)

_INTO_PROMPT = ms_to_samples(200)
"""How much of a prompt has been said when it is spoken over."""

_KEYS_UNANSWERED = "the bot says nothing yet: # ends what is keyed, /wait lets time pass"
_WORDS_UNANSWERED = (
    "the bot says nothing yet: say the rest, or say it in other words; /wait lets time pass"
)
_HELD = "will be done while the bot's next prompt is being said"

HELP = "\n".join(
    [
        "Words are said; a line of digits, * and # alone is pressed on the keys of a telephone.",
        *(f"{example:<12}  {what}" for example, what in COMMANDS.items()),
        "# a note      a line that begins with # and has words in it is for yourself",
    ]
)


class TypingCaller(Caller):
    """next_line: the next line typed, None when there are no more: the caller hangs up.

    tell: shows a hint to who types; several lines for the help.
    """

    def __init__(
        self, next_line: Callable[[], Awaitable[str | None]], tell: Callable[[str], None]
    ) -> None:
        self._next_line = next_line
        self._tell = tell
        self._sounding: Samples = silence(0)
        self._waits_for_prompt = False
        self._unanswered = ""
        """The hint where something was said or keyed, and the bot has said nothing since."""
        self._held: Action | None = None
        self._until_held: int | None = None
        """Samples until what is held is done; None until a prompt begins."""

    async def receive(self, bot_waits: bool) -> Received:
        if not len(self._sounding):
            if self._held is not None and self._until_held is not None and self._until_held <= 0:
                action, self._held, self._until_held = self._held, None, None
                return self._do(action)
            if bot_waits and not self._waits_for_prompt:
                return self._do(await self._next_action())
        return self._next_sound()

    def prompt_started(self, prompt_id: str, text: str) -> None:
        self._waits_for_prompt = False
        self._unanswered = ""
        if self._held is not None and self._until_held is None:
            self._until_held = _INTO_PROMPT

    async def _next_action(self) -> Action:
        if self._unanswered:
            self._tell(self._unanswered)
        while (line := await self._next_line()) is not None:
            match read_line(line):
                case Nothing():
                    pass
                case Help():
                    self._tell(HELP)
                case Unclear(hint):
                    self._tell(hint)
                case Over(action):
                    self._held = action
                    self._tell(_HELD)
                case action:
                    return action
        return HangUp()

    def _do(self, action: Action) -> Received:
        match action:
            case Say(text):
                self._unanswered = _WORDS_UNANSWERED
                return Typed(text)
            case Press(keys):
                self._unanswered = _KEYS_UNANSWERED
                self._sounding = keys_sound(keys)
            case Wait(None):
                self._waits_for_prompt = True
            case Wait(int(ms)):
                self._sounding = silence(ms_to_samples(ms))
                self._unanswered = ""
            case HangUp():
                return Gone()
        return self._next_sound()

    def _next_sound(self) -> Sound:
        chunk = self._sounding[:CHUNK_SAMPLES]
        self._sounding = self._sounding[CHUNK_SAMPLES:]
        if self._until_held is not None:
            self._until_held -= CHUNK_SAMPLES
        return Sound(whole_chunk(chunk))
