"""The laboratory's shell: sentence by sentence, what was understood, by whom and how surely."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Protocol

from rich.markup import escape
from rich.table import Table

from bot.calls.laboratory.sentences import QUESTIONS, Sentence, try_sentence, values_of
from bot.console import console
from bot.records.wording import plain, sure_of

if TYPE_CHECKING:
    from bot.settings import PaymentSettings
    from bot.understanding.understand import Nlu

COMMANDS = ("/expect", "/help", "/quit")

HELP = "\n".join(
    [
        "A line is a sentence of a caller. What it is taken for depends on the question:",
        *(f"/expect {name:<14} {question}" for name, question in QUESTIONS.items()),
        "/help                  show this",
        "/quit                  leave, as the end of the input does (Ctrl-D)",
        "A line that begins with # is a note to oneself.",
    ]
)

_RANKED = 3
_READINGS_SHOWN = 4


class Lines(Protocol):
    async def read(self) -> str | None:
        """The next line, None at the end."""


class Shell:
    """question: the one of QUESTIONS that is open at first. show: prints a line, in rich's
    markup, or a table."""

    def __init__(
        self,
        nlu: Nlu | None,
        settings: PaymentSettings,
        today: date,
        question: str,
        show: Callable[[str | Table], None] = console.print,
    ) -> None:
        self._nlu = nlu
        self._settings = settings
        self._today = today
        self._question = question
        self._show = show

    async def run(self, lines: Lines) -> None:
        """To the end of the lines."""
        while (line := await lines.read()) is not None:
            match line.split():
                case []:
                    pass
                case ["/quit"]:
                    return
                case ["/help"]:
                    self._tell(HELP)
                case ["/expect", question] if question in QUESTIONS:
                    self._question = question
                    self._tell(f"{question}: {QUESTIONS[question]}")
                case ["/expect", *_]:
                    self._tell(f"/expect which? {', '.join(QUESTIONS)}")
                case [word, *_] if word.startswith("/"):
                    self._tell("no such command; /help lists them")
                case [word, *_] if word.startswith("#"):
                    pass
                case _:
                    await self._try(line.strip())

    async def _try(self, text: str) -> None:
        sentence = await try_sentence(text, self._question, self._nlu, self._settings, self._today)
        self._show(f"[bold]{escape(text)}[/]")
        self._show(table_of(sentence, self._question))

    def _tell(self, hint: str) -> None:
        self._show(f"[dim]{escape(hint)}[/]")


def table_of(sentence: Sentence, question: str) -> Table:
    """One sentence, compactly."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column()

    def row(name: str, value: str) -> None:
        table.add_row(f"  {name}", escape(value))

    row("masked", sentence.sent)
    row("Rasa", rasa_words(sentence))
    if sentence.numbers:
        numbers = (f"{value} as {plain(kind)}" for kind, value in sentence.numbers.items())
        row("numbers", ", ".join(numbers))
    shown = [_reading_words(sentence, i) for i in range(len(sentence.readings))]
    for i, words in enumerate(dict.fromkeys(shown[:_READINGS_SHOWN])):
        row("or" if i else "understood", words)
    if not shown:
        row("understood", "nothing")
    table.add_row(f"  at {question}", f"[green]{escape(sentence.taken_as)}[/]")
    return table


def rasa_words(sentence: Sentence) -> str:
    """'correct 97 %, deny 2 %, affirm 0 %; field: expiry 99 %'."""
    parsed = sentence.rasa
    if parsed is None:
        return "gave no answer"
    ranking = parsed.ranking[:_RANKED] or ((parsed.intent.value, parsed.confidence),)
    words = ", ".join(f"{plain(name)} {sure * 100:.0f} %" for name, sure in ranking)
    if parsed.field is not None:
        words += f"; field: {plain(parsed.field)} {parsed.field_confidence * 100:.0f} %"
    return words if sentence.rasa_decided else f"{words} (a call would not ask)"


def _reading_words(sentence: Sentence, i: int) -> str:
    reading = sentence.readings[i]
    what = [plain(each) for each in (reading.intent, reading.field) if each is not None]
    sure = reading.intent_confidence if reading.intent is not None else reading.confidence
    what += values_of(reading)
    return f"{', '.join(what) or 'words'}: {sure_of(reading.source, sure)}"
