"""Numbers out, placeholders in: the first step of the pipeline, in training and live.

`it's oh four twenty nine` becomes `it's <date>`, by the same code the bot uses on live text
(design law 2), and the number is reported as an entity `amount`, `digits` or `date`. What the bot
sends holds placeholders already; those stay as they are and carry no value.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.tokenizers.tokenizer import Token
from rasa.nlu.tokenizers.whitespace_tokenizer import WhitespaceTokenizer
from rasa.shared.nlu.constants import (
    ENTITIES,
    ENTITY_ATTRIBUTE_END,
    ENTITY_ATTRIBUTE_START,
    ENTITY_ATTRIBUTE_TYPE,
    ENTITY_ATTRIBUTE_VALUE,
    EXTRACTOR,
    TEXT,
)
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

import bot.understanding
from bot.understanding.numbers import (
    FoundNumber,
    NumberKind,
    read_amounts,
    read_digits,
    read_expiries,
    replace_numbers,
)

_PLACEHOLDER = re.compile(r"<(amount|digits|date)>")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class SpokenNumbersTokenizer(WhitespaceTokenizer):
    """A whitespace tokenizer for which a spoken number is one token, `<date>`."""

    @classmethod
    def fingerprint_addon(cls, config: Dict[str, Any]) -> Optional[str]:
        """The number reading is part of what makes a trained model: its source counts."""
        digest = hashlib.sha256()
        for source in sorted(Path(bot.understanding.__path__[0]).glob("number*.py")):
            digest.update(source.read_bytes())
        return digest.hexdigest()

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        for example in training_data.training_examples:
            _replace(example)
        return super().process_training_data(training_data)

    def process(self, messages: List[Message]) -> List[Message]:
        for message in messages:
            numbers = _replace(message)
            message.set(ENTITIES, message.get(ENTITIES, []) + numbers, add_to_output=True)
        return super().process(messages)

    def tokenize(self, message: Message, attribute: str) -> List[Token]:
        """As the whitespace tokenizer does, which would take the brackets off `<amount>` and make
        it the word "amount"."""
        text = message.get(attribute)
        if attribute != TEXT or not _PLACEHOLDER.search(text):
            return super().tokenize(message, attribute)
        tokens: List[Token] = []
        done = 0
        for match in _PLACEHOLDER.finditer(text):
            tokens += self._words(text, done, match.start(), attribute)
            tokens.append(Token(f"number{match[1]}", match.start(), match.end()))
            done = match.end()
        return tokens + self._words(text, done, len(text), attribute)

    def _words(self, text: str, start: int, end: int, attribute: str) -> List[Token]:
        part = text[start:end]
        if not any(character.isalnum() for character in part):
            return []
        tokens = super().tokenize(Message({attribute: part}), attribute)
        return [Token(t.text, t.start + start, t.end + start) for t in tokens]


def _replace(message: Message) -> List[Dict[str, Any]]:
    """Replace the numbers of a message's text, move its annotations along, return the numbers."""
    text = message.get(TEXT)
    if not text:
        return []
    replaced = replace_numbers(text)
    if replaced.text == text:
        return []
    edits = [
        (number.start, number.end, number.at, number.at + len(number.kind.placeholder))
        for number in replaced.found
    ]
    if message.get(ENTITIES):
        message.set(
            ENTITIES,
            [_moved(entity, edits, text, replaced.text) for entity in message.get(ENTITIES)],
        )
    message.set(TEXT, replaced.text, add_to_output=True)
    return [
        {
            ENTITY_ATTRIBUTE_TYPE: number.kind.value,
            ENTITY_ATTRIBUTE_VALUE: _value(number),
            ENTITY_ATTRIBUTE_START: number.at,
            ENTITY_ATTRIBUTE_END: number.at + len(number.kind.placeholder),
            EXTRACTOR: SpokenNumbersTokenizer.__name__,
        }
        for number in replaced.found
    ]


def _moved(
    entity: Dict[str, Any], edits: List[Tuple[int, int, int, int]], old: str, new: str
) -> Dict[str, Any]:
    """An annotation of the old text where it lies in the new one."""

    def move(position: int) -> int:
        if position >= len(old):
            return len(new)
        shift = 0
        for start, end, new_start, new_end in edits:
            if position <= start:
                break
            if position < end:  # inside a number: its nearer edge
                return new_start if position - start < end - position else new_end
            shift = new_end - end
        return position + shift

    return {
        **entity,
        ENTITY_ATTRIBUTE_START: move(entity[ENTITY_ATTRIBUTE_START]),
        ENTITY_ATTRIBUTE_END: move(entity[ENTITY_ATTRIBUTE_END]),
    }


def _value(number: FoundNumber) -> str:
    """The likeliest reading as text: 87.50, 04/29, 5541."""
    if number.kind is NumberKind.AMOUNT:
        for amount in read_amounts(number.words):
            return f"{amount.minor_units // 100}.{amount.minor_units % 100:02d}"
    if number.kind is NumberKind.DATE:
        for date in read_expiries(number.words):
            month = "??" if date.month is None else f"{date.month:02d}"
            year = "??" if date.year is None else f"{date.year % 100:02d}"
            return f"{month}/{year}"
    for digits in read_digits(number.words):
        return digits.digits
    return number.words
