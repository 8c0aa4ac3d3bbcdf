"""The dialog and the catalogue know the same prompts."""

from __future__ import annotations

import re
from pathlib import Path

from conversation import CATALOGUE

from bot.charges import DeclineReason
from bot.dialog.flow import FIELD_ORDER, QUESTIONS

ROOM = Path(__file__).parents[2] / "bot" / "dialog"

FIELDS = [field.value for field in FIELD_ORDER]

MADE_FROM_NAMES = {
    *(f"help.{state}" for state in QUESTIONS),
    *(f"not_available.{field}" for field in FIELDS),
    *(f"corrected.{field}" for field in FIELDS),
    *(f"charge.declined.{reason}" for reason in DeclineReason),
}
"""Ids the dialog builds from the name of a field, a question or a reason."""


def ids_in_the_code() -> set[str]:
    text = "\n".join(path.read_text("utf-8") for path in ROOM.rglob("*.py"))
    named = set(re.findall(r'"((?:[a-z_]+\.)?[a-z_]+)"', text))
    return named & set(CATALOGUE)


def test_every_prompt_of_the_catalogue_is_said_somewhere() -> None:
    assert set(CATALOGUE) - ids_in_the_code() - MADE_FROM_NAMES == set()


def test_every_prompt_that_the_dialog_names_is_in_the_catalogue() -> None:
    text = "\n".join(path.read_text("utf-8") for path in ROOM.rglob("*.py"))
    named = set(re.findall(r'Prompt\(\s*"([^"]+)"', text)) | MADE_FROM_NAMES
    assert named - set(CATALOGUE) == set()


def test_no_variant_says_what_another_says() -> None:
    for prompt_id, variants in CATALOGUE.items():
        assert len(set(variants)) == len(variants), prompt_id


QUESTION = re.compile(r"\.(ask|ask_\w+|question|pay_question|confirm_given|offer\w*)$")


def test_after_two_failures_every_question_names_the_keys_and_goes_on_naming_them() -> None:
    questions = [variants for name, variants in CATALOGUE.items() if QUESTION.search(name)]
    assert len(questions) == 18
    for variants in questions:
        assert len(variants) == 4, variants
        for variant in variants[2:]:
            assert re.search(r"keys?\b|[Pp]ress", variant), variant


ONCE = re.compile(r"welcome|not_available\..*|end\..*|charge\.(approved.*|no_more_cards|un.*)")
"""Said once in a call: after them it ends, or they are not said again."""


def test_whatever_is_said_again_has_other_words_for_it() -> None:
    one_wording = {name for name, variants in CATALOGUE.items() if len(variants) == 1}
    a_list = {"amount.choice"}
    assert {name for name in one_wording if not ONCE.fullmatch(name)} == a_list
