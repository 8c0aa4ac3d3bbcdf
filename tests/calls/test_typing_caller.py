import string
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from one_call import Finished, ObligingGateway, run_call

from bot.calls.typed_lines import (
    COMMANDS,
    HangUp,
    Help,
    Line,
    Nothing,
    Over,
    Press,
    Say,
    Unclear,
    Wait,
    read_line,
)
from bot.calls.typing_caller import TypingCaller
from bot.outcomes import ErrorName, ResultName
from bot.records.trace import EntryKind
from bot.settings import Settings, with_settings
from bot.understanding.understand import Understanding

CARD = "4242 4242 4242 4242#"
PAYS = ("eighty seven fifty", CARD, "oh three twenty eight", "123", "nine oh two one oh", "yes")


class Desk:
    """A person's desk: lines to be typed, hints shown."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = list(lines)
        self.hints: list[str] = []

    async def next_line(self) -> str | None:
        return self.lines.pop(0) if self.lines else None

    def caller(self) -> TypingCaller:
        return TypingCaller(self.next_line, self.hints.append)

    async def call(
        self,
        settings: Settings | None = None,
        recording: Path | None = None,
        gateway: ObligingGateway | None = None,
    ) -> Finished:
        return await run_call(
            self.caller(),
            understanding=lambda degraded: Understanding(None, degraded),
            settings=settings,
            recording=recording,
            gateway=gateway,
        )


async def typed(*lines: str) -> Finished:
    return await Desk(lines).call()


# What a line means


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("eighty seven fifty", Say("eighty seven fifty")),
        ("  $87.50 ", Say("$87.50")),
        ("04/29", Say("04/29")),
        ("4242 4242-4242\t4242#", Press("4242424242424242#")),
        ("1", Press("1")),
        ("*", Press("*")),
        ("#", Press("#")),
        ("my zip is 90210", Say("my zip is 90210")),
        ("/say 4 2", Say("4 2")),
        ("/keys 12, 3#", Press("12,3#")),
        ("/wait", Wait(None)),
        ("/wait 0.5", Wait(500)),
        ("/WAIT 600", Wait(600_000)),
        ("/over no, wait", Over(Say("no, wait"))),
        ("/over 12#", Over(Press("12#"))),
        ("/over /hangup", Over(HangUp())),
        ("/hangup", HangUp()),
        ("/help", Help()),
        ("", Nothing()),
        ("   ", Nothing()),
        ("# the card of 2030 expires", Nothing()),
    ],
)
def test_a_line_is_words_keys_a_command_or_nothing(line: str, meant: Line) -> None:
    assert read_line(line) == meant


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("/wiat 5", "/wiat: no such command; did you mean /wait?"),
        ("/sing", "/sing: no such command; /help lists them"),
        ("/4242424242424242", "no such command; /help lists them"),
        ("/keys four", "0-9 * # and ,"),
        ("/keys", "0-9 * # and ,"),
        ("/wait long", "Seconds up to 600"),
        ("/wait -1", "Seconds up to 600"),
        ("/wait 601", "Seconds up to 600"),
        ("/wait nan", "Seconds up to 600"),
        ("/say", "/say what?"),
        ("/over", "/over what?"),
        ("/over /wait 3", "/over what?"),
        ("/over /wiat", "did you mean /wait?"),
    ],
)
def test_a_line_that_means_nothing_gets_a_hint(line: str, hint: str) -> None:
    meant = read_line(line)
    assert isinstance(meant, Unclear)
    assert hint in meant.hint


@given(st.text(string.digits + "/# ,.*abkeyswiover-", max_size=40))
def test_no_line_is_refused_by_an_error_and_no_digit_is_repeated_in_a_hint(line: str) -> None:
    match read_line("/" + line):
        case Unclear(hint):
            typed_digits = "".join(c for c in line if c.isdigit())
            assert len(typed_digits) < 4 or typed_digits not in hint
        case Say() | Press() as action:
            assert "4" not in repr(action)


def test_every_command_of_the_help_is_one() -> None:
    for example in COMMANDS:
        assert not isinstance(read_line(example), Unclear), example


# A call that is typed


async def test_a_bill_is_paid_by_words_and_keys() -> None:
    finished = await typed(*PAYS)
    assert finished.end.result.status is ResultName.SUCCESS
    assert [str(asked.expiry) for asked in finished.end.asked] == ["03/28"]
    assert len(finished.of(EntryKind.KEY)) == 17 + 3


async def test_the_bot_has_finished_whenever_a_line_is_asked_for_and_the_clock_stands_still() -> (
    None
):
    first = await typed(*PAYS)
    slow = Desk([line for typed_line in PAYS for line in ("", "/help", typed_line)])
    second = await slow.call()
    assert all(entry.details["completed"] for entry in first.of(EntryKind.PROMPT))
    assert [(e.at, e.text) for e in second.entries] == [(e.at, e.text) for e in first.entries]
    assert len(slow.hints) == len(PAYS)


async def test_no_line_is_asked_for_while_the_gateway_takes_its_time() -> None:
    """The bot is silent then, but waits for nobody, though it once had waited in vain."""
    desk = Desk([*PAYS[:5], "/over yes", "/wait"])
    finished = await desk.call(gateway=ObligingGateway(delay_ms=20_000))
    assert "no_input" in finished.said()
    assert finished.end.result.status is ResultName.SUCCESS


async def test_the_bot_is_spoken_over() -> None:
    finished = await typed("/over no", *PAYS[:5], "yes")
    prompts = finished.of(EntryKind.PROMPT)
    cut = next(entry for entry in prompts if not entry.details["completed"])
    assert cut.details["id"] == "card_number.ask"
    assert cut.until is not None
    assert 0 < cut.until - cut.at < 300


async def test_keys_are_pressed_into_a_prompt_and_end_it() -> None:
    finished = await typed("eighty seven fifty", "/over 0328", CARD)
    assert any(not entry.details["completed"] for entry in finished.of(EntryKind.PROMPT))


async def test_what_is_said_over_a_prompt_that_may_not_be_interrupted_does_not_count() -> None:
    settings = with_settings(Settings(), {"payment.no_barge_in": ["card_number.ask"]})
    finished = await Desk(["/over go back", "eighty seven fifty"]).call(settings)
    assert [entry.text for entry in finished.of(EntryKind.DROPPED)] == ["speech"]
    assert all(entry.details["completed"] for entry in finished.of(EntryKind.PROMPT))


async def test_a_caller_hangs_up_in_the_middle_of_a_prompt() -> None:
    finished = await typed("/over /hangup", "eighty seven fifty")
    assert finished.end.result.status is ResultName.CALLER_HUNG_UP
    assert finished.end.result.reason == "card_number"


async def test_silence_until_the_bot_asks_again() -> None:
    finished = await typed("/wait", "/hangup")
    assert finished.said() == ["welcome", "amount.ask", "no_input", "amount.ask"]


async def test_a_long_silence_ends_the_call() -> None:
    finished = await typed("/wait 70")
    assert finished.end.result.status is ResultName.TIMEOUT
    assert finished.end.result.error is ErrorName.TIMEOUT
    assert 60_000 <= finished.entries[-1].at < 70_000


async def test_a_short_silence_is_as_long_as_it_was_asked_to_be() -> None:
    waited = await typed("/wait 2.5", "/hangup")
    at_once = await typed("/hangup")
    assert waited.end.duration - at_once.end.duration == 2.5 * 8_000


async def test_keys_that_are_not_ended_are_answered_after_a_pause_and_the_hint_says_how() -> None:
    desk = Desk(["8750", "/wait", "/hangup"])
    finished = await desk.call()
    assert desk.hints == ["the bot says nothing yet: # ends what is keyed, /wait lets time pass"]
    assert finished.said()[-1] == "card_number.ask"


async def test_words_that_are_no_answer_have_a_hint_of_their_own() -> None:
    desk = Desk(["um", "/hangup"])
    finished = await desk.call()
    [heard] = [entry for entry in finished.entries if entry.kind is EntryKind.HEARD]
    assert heard.text == "(nothing recognised)"
    assert desk.hints == [
        "the bot says nothing yet: say the rest, or say it in other words; /wait lets time pass"
    ]


@pytest.mark.parametrize("lines", [("/hangup",), ()])
async def test_hanging_up_and_the_end_of_the_input_end_the_call(lines: tuple[str, ...]) -> None:
    finished = await typed(*lines)
    assert finished.end.result.status is ResultName.CALLER_HUNG_UP
    assert finished.said() == ["welcome", "amount.ask"]


async def test_a_command_there_is_not_costs_the_call_nothing() -> None:
    desk = Desk(["/wiat", "/help", *PAYS])
    finished = await desk.call()
    assert finished.end.result.status is ResultName.SUCCESS
    assert desk.hints[0] == "/wiat: no such command; did you mean /wait?"
    assert "/hangup" in desk.hints[1]


async def test_what_is_not_understood_is_shown_as_that_and_the_bot_waits_on() -> None:
    desk = Desk(["the weather is nice", "/hangup"])
    finished = await desk.call()
    assert [entry.text for entry in finished.of(EntryKind.HEARD)] == ["(nothing recognised)"]
    assert len(desk.hints) == 1


async def test_what_was_typed_is_nowhere_in_what_is_kept(tmp_path: Path) -> None:
    spoken_card = "four two four two " * 4
    desk = Desk([PAYS[0], spoken_card, *PAYS[2:]])
    finished = await desk.call(recording=tmp_path / "call.wav")
    assert finished.end.result.status is ResultName.SUCCESS
    kept = " ".join(f"{entry.text} {dict(entry.details)}" for entry in finished.entries)
    assert "<digits>" in kept
    for secret in ("4242 4242", "42424242", "four two four two", "123", "90210"):
        assert secret not in kept
