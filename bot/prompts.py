"""What the bot says, by name: the words the dialog and the speaking room share.

The text of a prompt lives in the catalogue (`audio/prompts/<lang>/catalogue.yml`); the dialog
knows only its id and the values to put into it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from bot.cards import Brand, CardNumber, Expiry, SecretDigits
from bot.money import Money

_LONGEST_SAID = 16


@dataclass(frozen=True, slots=True)
class Reference:
    """A payment reference or order number: letters and digits, read one by one."""

    text: str

    @property
    def is_sayable(self) -> bool:
        """Short enough to be said and written down; some gateways have none but a UUID. What is
        left of one that held a card number ("…4242") is none to be told by."""
        if self.text.startswith("…"):
            return False
        return 0 < sum(c.isalnum() for c in self.text) <= _LONGEST_SAID


@dataclass(frozen=True, slots=True)
class Digits:
    """Digits that may be spoken and shown (the last four of a card)."""

    text: str


@dataclass(frozen=True, slots=True)
class Count:
    """A whole number spoken as a number ("three digits")."""

    value: int


PromptValue = Money | Expiry | Digits | Reference | Brand | Count | CardNumber | SecretDigits
"""A card number and secret digits are said one by one, shown masked, and never recorded."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt of the catalogue with its values.

    attempt: 1 for the first time this is asked, 2 for the second …; picks the variant.
    """

    id: str
    values: Mapping[str, PromptValue] = field(default_factory=lambda: MappingProxyType({}))
    attempt: int = 1
