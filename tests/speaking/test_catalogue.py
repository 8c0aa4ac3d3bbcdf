"""Loading what the bot says, and refusing what it could not say."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.cards import Expiry
from bot.errors import CatalogueError
from bot.money import Money
from bot.prompts import Prompt
from bot.speaking.catalogue import Catalogue, Slot, load_catalogue
from bot.speaking.pieces import Ending, Pause, Piece

SHIPPED = Path(__file__).parents[2] / "audio" / "prompts" / "en"


def catalogue_of(tmp_path: Path, prompts: str) -> Catalogue:
    indented = "\n".join("  " + line for line in prompts.strip().splitlines())
    text = f"version: 1\nlanguage: en\nprompts:\n{indented}\n"
    (tmp_path / "catalogue.yml").write_text(text, "utf-8")
    return load_catalogue(tmp_path)


def test_a_text_is_cut_into_phrases_and_slots(tmp_path: Path) -> None:
    catalogue = catalogue_of(
        tmp_path, 'confirm:\n  - "Thank you. You pay {amount}, until {expiry}. Is that right?"'
    )
    assert catalogue.prompts["confirm"][0].parts == (
        Piece("phrases/confirm.1.1", "Thank you.", Pause.SENTENCE),
        Piece("phrases/confirm.1.2", "You pay", Pause.JOIN),
        Slot("amount", Ending.COMMA),
        Piece("phrases/confirm.1.3", "until", Pause.JOIN),
        Slot("expiry", Ending.FINAL),
        Piece("phrases/confirm.1.4", "Is that right?", Pause.SENTENCE),
    )


def test_punctuation_alone_is_not_a_phrase(tmp_path: Path) -> None:
    catalogue = catalogue_of(tmp_path, 'only:\n  - "{amount}."')
    assert catalogue.prompts["only"][0].parts == (Slot("amount", Ending.FINAL),)


def test_after_the_last_variant_the_last_two_take_turns(tmp_path: Path) -> None:
    catalogue = catalogue_of(tmp_path, "ask:\n  - How much?\n  - Say an amount.\n  - Use the keys.")
    texts = [catalogue.variant(Prompt("ask", attempt=n)).text for n in range(8)]
    first, second, last = "How much?", "Say an amount.", "Use the keys."
    assert texts == [first, first, second, last, second, last, second, last]


def test_a_single_variant_serves_all_attempts(tmp_path: Path) -> None:
    catalogue = catalogue_of(tmp_path, "ask:\n  - How much?")
    assert {catalogue.variant(Prompt("ask", attempt=n)).text for n in range(5)} == {"How much?"}


@pytest.mark.parametrize(
    ("prompts", "problem"),
    [
        ("ask: []", "ask: must be a list of texts"),
        ("ask: How much?", "ask: must be a list of texts"),
        ("ask:\n  - ''", "ask: text 1 is empty"),
        ("ask:\n  - '...'", "ask: text 1 is empty"),
        ("ask:\n  - 5", "ask: text 1 must be text in quotes"),
        ("ask:\n  - Pay {sum}.", r"ask: text 1 has an unknown placeholder \{sum\}.*\{amount\}"),
        ("ask:\n  - Pay {amount.", "ask: text 1 has a brace that belongs to no placeholder"),
        ("ask:\n  - Press 1.", "ask: text 1 has digits in it"),
        ("ask:\n  - Yes?\n  - Yes?", "ask: text 2 is written twice"),
        ("ask:\n  - Yes?\nask:\n  - No?", "ask: written twice"),
        ("Ask!:\n  - Yes?", "Ask!: an id is lower-case words"),
        ("../ask:\n  - Yes?", "an id is lower-case words"),
    ],
)
def test_a_fault_is_named_with_its_prompt(tmp_path: Path, prompts: str, problem: str) -> None:
    with pytest.raises(CatalogueError, match=problem):
        catalogue_of(tmp_path, prompts)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError) as caught:
        catalogue_of(tmp_path, "one: []\ntwo:\n  - ''")
    assert "one: must be" in str(caught.value)
    assert "two: text 1 is empty" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("version: 2\nlanguage: en\nprompts: {a: [b]}", "version must be 1, not 2"),
        ("version: 1\nlanguage: xx\nprompts: {a: [b]}", "language must be one of en, not 'xx'"),
        ("version: 1\nlanguage: en\nprompts: {}", "prompts must be a table"),
        ("version: 1\nlanguage: en\nprompts: {a: [b]}\nvoice: x", "no such key: voice"),
        ("- a", "must be a table"),
        ("a: [", "not a YAML file"),
    ],
)
def test_a_file_that_is_no_catalogue_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "catalogue.yml").write_text(text, "utf-8")
    with pytest.raises(CatalogueError, match=problem):
        load_catalogue(tmp_path)


def test_a_missing_catalogue_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"catalogue\.yml: cannot be read"):
        load_catalogue(tmp_path)


def test_an_unknown_prompt_is_named(tmp_path: Path) -> None:
    catalogue = catalogue_of(tmp_path, "ask:\n  - How much?")
    with pytest.raises(CatalogueError, match="tell: no such prompt"):
        catalogue.variant(Prompt("tell"))


def test_a_missing_or_wrong_value_is_named(tmp_path: Path) -> None:
    catalogue = catalogue_of(tmp_path, "ask:\n  - Pay {amount}?")
    with pytest.raises(CatalogueError, match=r"ask: its text has \{amount\}, but no value"):
        catalogue.variant(Prompt("ask"))
    with pytest.raises(CatalogueError, match=r"ask: \{amount\} takes a Money, not a Expiry"):
        catalogue.variant(Prompt("ask", {"amount": Expiry(4, 2029)}))
    assert catalogue.variant(Prompt("ask", {"amount": Money(100)})).text == "Pay {amount}?"


def test_the_shipped_catalogue_loads() -> None:
    assert load_catalogue(SHIPPED).prompts
