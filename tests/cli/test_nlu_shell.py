from datetime import date

from rich.console import Console
from rich.table import Table

from bot.cli.nlu_shell import HELP, Shell
from bot.errors import NluUnavailable
from bot.expectations import Field, Intent
from bot.settings import PaymentSettings
from bot.understanding.rasa_client import Parsed

PARSED = Parsed(
    Intent.CORRECT,
    0.97,
    Field.EXPIRY,
    0.91,
    ranking=(("correct", 0.97), ("deny", 0.02), ("affirm", 0.006), ("agent", 0.001)),
)


class OneAnswer:
    async def parse(self, text: str) -> Parsed:
        if "weather" in text:
            raise NluUnavailable("away")
        return PARSED


class Given:
    def __init__(self, lines: tuple[str, ...]) -> None:
        self._lines = list(lines)

    async def read(self) -> str | None:
        return self._lines.pop(0) if self._lines else None


async def shown(*lines: str, question: str = "open") -> str:
    """What a terminal of a hundred columns shows."""
    console = Console(width=100, highlight=False, force_terminal=False)
    pieces: list[str | Table] = []
    shell = Shell(OneAnswer(), PaymentSettings(), date(2026, 11, 22), question, pieces.append)
    await shell.run(Given(lines))
    with console.capture() as captured:
        for piece in pieces:
            console.print(piece)
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


async def test_a_sentence_is_shown_with_who_understood_what() -> None:
    assert await shown("That one ran out, it's oh four twenty nine") == (
        "That one ran out, it's oh four twenty nine\n"
        "  masked      that one ran out, it's <date>\n"
        "  Rasa        correct 97 %, deny 2 %, affirm 1 %; field: expiry 91 %\n"
        "  numbers     0429 as digits, 04/29 as expiry\n"
        "  understood  correct, expiry, 04/29: Rasa, 97 % sure\n"
        "  at open     a correction of: expiry, to 04/29"
    )


async def test_another_question_can_be_opened() -> None:
    text = await shown("/expect expiry", "oh four twenty nine", question="card")
    assert "expiry: When does the card expire?" in text
    assert "understood  04/29: numbers, 100 % sure" in text
    assert "at expiry   the answer: 04/29" in text


async def test_what_rasa_would_not_be_asked_in_a_call_says_so() -> None:
    assert "(a call would not ask)" in await shown("yes")


async def test_rasa_that_does_not_answer_and_words_nobody_understands_are_said_to_be() -> None:
    text = await shown("the weather is nice")
    assert "Rasa        gave no answer" in text
    assert "understood  nothing" in text
    assert "at open     nothing; the bot asks again" in text


async def test_a_command_there_is_not_gets_a_hint_and_a_note_nothing() -> None:
    text = await shown("/expect pin", "/sing", "# a note", "", "/help")
    assert text.startswith("/expect which? amount, yes_no, card, expiry")
    assert "no such command; /help lists them" in text
    assert text.endswith(HELP)
    assert "note to oneself" in text.splitlines()[-1]


async def test_quitting_reads_no_further() -> None:
    assert await shown("/quit", "yes") == ""


async def test_markup_in_a_sentence_stays_text() -> None:
    assert "[bold]yes[/]" in await shown("[bold]yes[/]")
