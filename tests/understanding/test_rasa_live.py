"""The trained model behind a real server: corrections in words no keyword list would catch.

The first run makes Rasa's environment and trains, which takes minutes; later runs only start it.
"""

import contextlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from bot.cards import Expiry, SecretDigits, SecretText
from bot.errors import NluUnavailable
from bot.expectations import Expectation, Field, Hypothesis, Intent, Kind, Reading, Source
from bot.money import Money
from bot.settings import UnderstandingSettings
from bot.understanding.laboratory import parse_line
from bot.understanding.rasa_client import UNHURRIED, Parsed, RasaClient
from bot.understanding.rasa_environment import prepare
from bot.understanding.rasa_server import running_rasa
from bot.understanding.understand import Understanding

pytestmark = pytest.mark.asyncio(loop_scope="module")

CONFIRM = Expectation(Kind.YES_NO)
CODE = Expectation(Kind.DIGITS, (3,), Field.SECURITY_CODE, sensitive=True)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[str, str, Path]]:
    """URL, token, folder of its log."""
    logs = tmp_path_factory.mktemp("rasa")
    async with running_rasa(prepare(UnderstandingSettings()), logs) as (url, token):
        yield url, token, logs


class ListeningClient(RasaClient):
    """The real client; keeps what it sends."""

    def __init__(self, url: str, token: str) -> None:
        super().__init__(url, token, patience=UNHURRIED)
        self.sent: list[str] = []

    async def parse(self, text: str) -> Parsed:
        self.sent.append(text)
        return await super().parse(text)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(server: tuple[str, str, Path]) -> AsyncIterator[ListeningClient]:
    url, token, _ = server
    client = ListeningClient(url, token)
    yield client
    await client.aclose()


async def understood(client: RasaClient, text: str, asked: Expectation = CONFIRM) -> Reading:
    degraded: list[str] = []
    readings = await Understanding(client, degraded.append).understand(
        [Hypothesis(SecretText(text), 0.9)], asked, currency="USD", this_year=2026
    )
    assert degraded == []
    return readings[0]


CORRECTIONS = [
    ("that's when my old one ran out it's oh four twenty nine", Field.EXPIRY),
    ("no the plastic lasts till april twenty twenty nine", Field.EXPIRY),
    ("oh hang on they renewed it so it's oh four twenty nine now", Field.EXPIRY),
    ("it's good through april twenty twenty nine actually", Field.EXPIRY),
    ("uh the exploration date's off", Field.EXPIRY),
    ("you're a year early there", Field.EXPIRY),
    ("you've got the wrong plastic", Field.CARD),
    ("i read you the number off my wife's card sorry", Field.CARD),
    ("no the second group is four five three nine", Field.CARD_NUMBER),
    ("one of those sixteen digits is off", Field.CARD_NUMBER),
    ("the thing on the back is off", Field.SECURITY_CODE),
    ("the three on the back aren't right", Field.SECURITY_CODE),
    ("see vee vee's wrong", Field.SECURITY_CODE),
    ("that little number by the signature should be one two three", Field.SECURITY_CODE),
    ("i moved the zip's different", Field.POSTAL_CODE),
    ("that's where we used to live it's nine oh two one oh now", Field.POSTAL_CODE),
    ("the zip coat is wrong", Field.POSTAL_CODE),
    ("that's not how much i owe it's eighty seven fifty", Field.AMOUNT),
    ("you're taking way too much money", Field.AMOUNT),
    ("make it ninety dollars instead", Field.AMOUNT),
    ("you got every bit of that wrong", Field.EVERYTHING),
    ("none of what you said is right", Field.EVERYTHING),
]


@pytest.mark.parametrize(("text", "field"), CORRECTIONS)
async def test_a_correction_is_understood_by_rasa_with_its_field(
    client: ListeningClient, text: str, field: Field
) -> None:
    reading = await understood(client, text)
    assert (reading.intent, reading.field) == (Intent.CORRECT, field)
    assert reading.source is Source.RASA
    assert reading.intent_confidence >= 0.5


async def test_the_value_comes_along_with_the_correction(client: ListeningClient) -> None:
    expiry = await understood(client, "that's when my old one ran out it's oh four twenty nine")
    assert expiry.expiry == Expiry(4, 2029)
    amount = await understood(client, "that's not how much i owe it's eighty seven fifty")
    assert amount.amount == Money(8750)
    code = await understood(client, "that little number by the signature should be one two three")
    assert code.digits == SecretDigits("123")


WISHES = [
    ("yep that's the one", Intent.AFFIRM),
    ("sounds good to me go for it", Intent.AFFIRM),
    ("nah that ain't right", Intent.DENY),
    ("no that is not what i told you", Intent.DENY),
    ("eh what was that love", Intent.REPEAT),
    ("you're going far too quick for me", Intent.SLOWER),
    ("which number do you mean", Intent.HELP),
    ("can we go back to the one before", Intent.GO_BACK),
    ("let's begin again from scratch", Intent.START_OVER),
    ("put me through to a real person would you", Intent.AGENT),
    ("oh forget it i'll pay another day", Intent.CANCEL),
    ("my card hasn't got one of those", Intent.NOT_AVAILABLE),
    ("hang on while i find my glasses", Intent.HOLD_ON),
    ("i'd like to settle my bill please", Intent.PAY_BILL),
    ("how much is it that i owe you", Intent.BALANCE),
    ("i'll clear the whole balance", Intent.PAY_FULL),
    ("just the smallest amount you'll take", Intent.PAY_MINIMUM),
    ("could you take forty dollars off it", Intent.PAY_AMOUNT),
    ("that's all bye now", Intent.GOODBYE),
    ("do you know if it'll rain tomorrow", Intent.OUT_OF_SCOPE),
]


@pytest.mark.parametrize(("text", "intent"), WISHES)
async def test_a_wish_is_understood(client: ListeningClient, text: str, intent: Intent) -> None:
    assert (await understood(client, text)).intent is intent


async def test_at_a_card_question_the_caller_may_say_that_there_is_none(
    client: ListeningClient,
) -> None:
    reading = await understood(client, "i can't make it out it's rubbed off", CODE)
    assert reading.intent is Intent.NOT_AVAILABLE


async def test_the_laboratory_shows_intent_field_and_numbers(client: ListeningClient) -> None:
    parsed = await parse_line("no the expiry is wrong it's oh four twenty nine", client)
    assert (parsed["intent"], parsed["entities"]) == ("correct", {"field": "expiry"})
    assert parsed["numbers"]["expiry"] == "04/29"


async def test_nothing_rasa_was_sent_or_logged_holds_a_digit_of_the_caller(
    client: ListeningClient, server: tuple[str, str, Path]
) -> None:
    for text in (
        f"no that card is wrong it is four{15 * ' one'}",
        "that isn't my card it's 4111 1111 1111 1111",
        "the little number should be nine eight seven",
    ):
        await understood(client, text)
    assert client.sent
    for sent in client.sent:
        assert not any(character.isdigit() for character in sent)
        assert "one one" not in sent
    log = (server[2] / "rasa.log").read_text()
    assert "4111" not in log
    assert "one one" not in log


async def test_inside_rasa_numbers_are_entities_too(server: tuple[str, str, Path]) -> None:
    """What a designer sees who types into `rasa shell nlu`."""
    url, token, _ = server
    async with httpx.AsyncClient(base_url=url, params={"token": token}, timeout=60) as raw:
        answer = await raw.post("/model/parse", json={"text": "no it's eighty seven fifty"})
    parsed: dict[str, Any] = answer.json()
    assert parsed["text"] == "no it's <amount>"
    amounts = [e for e in parsed["entities"] if e["entity"] == "amount"]
    assert [(a["value"], a["start"], a["end"]) for a in amounts] == [("87.50", 8, 16)]


async def test_without_the_token_rasa_does_not_answer(server: tuple[str, str, Path]) -> None:
    async with RasaClient(server[0], "guessed", patience=UNHURRIED) as stranger:
        with pytest.raises(NluUnavailable, match="401"):
            await stranger.parse("yes")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_a_server_of_this_pipeline_runs_without_tensorflow(
    server: tuple[str, str, Path], client: ListeningClient
) -> None:
    await client.parse("it runs out in <date>")  # whatever an answer needs is loaded by now
    libraries = _libraries_of_the_server_at(str(httpx.URL(server[0]).port))
    assert "sklearn" in libraries
    assert "tensorflow" not in libraries


def _libraries_of_the_server_at(port: str) -> str:
    [process] = [
        folder
        for folder in Path("/proc").glob("[0-9]*")
        if {"components.serve", port} <= set(_arguments(folder))
    ]
    return (process / "maps").read_text()


def _arguments(process: Path) -> list[str]:
    with contextlib.suppress(OSError):  # it may end while we look
        return (process / "cmdline").read_text(errors="replace").split("\0")
    return []
