"""The pieces a prompt is put together from, and the quiet left between them.

A piece is one recording: a stretch of a prompt's own text ("Your payment is"), or an atom of a
value (a digit, a number below a hundred, a letter, a month, a unit). Its id is the path of its
recording under `audio/prompts/<language>/`, without the suffix.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Pause(IntEnum):
    """Milliseconds of quiet after a piece, by what it parts.

    Read by ear from people who say such sentences: words of one number run on, digits are
    separate, groups of digits breathe, a sentence ends.
    """

    NONE = 0
    WORD = 15
    JOIN = 45
    DIGIT = 75
    PHRASE = 160
    GROUP = 250
    SENTENCE = 280


class Ending(StrEnum):
    """What follows a value in its prompt; decides how its last atom is intoned."""

    MID = "mid"
    """More of the same phrase: "{amount} was declined"."""
    COMMA = "comma"
    """A comma, colon, semicolon or dash: the phrase breathes but goes on."""
    FINAL = "final"
    """The end of a sentence, or of the prompt."""

    @property
    def pause(self) -> Pause:
        return {
            Ending.MID: Pause.JOIN,
            Ending.COMMA: Pause.PHRASE,
            Ending.FINAL: Pause.SENTENCE,
        }[self]


class Form(StrEnum):
    """How an atom was intoned when it was recorded."""

    MID = "mid"
    """The voice goes on to the next word."""
    GROUP = "group"
    """At the end of a group of digits or letters, with more to come."""
    FINAL = "final"
    """The voice falls: nothing comes after it."""


PHRASES = "phrases"
VALUES = "values"
"""Folders of the recordings under `audio/prompts/<language>/`."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One recording to play, or, where it is missing, one text to synthesise.

    id: the recording's path without suffix, such as "values/digit.7.mid".
    text: what the recording says.
    pause: quiet after it, when something follows.
    """

    id: str
    text: str
    pause: Pause = Pause.NONE


def atom(kind: str, name: str | int, form: Form, text: str, pause: Pause = Pause.WORD) -> Piece:
    return Piece(f"{VALUES}/{kind}.{name}.{form.value}", text, pause)
