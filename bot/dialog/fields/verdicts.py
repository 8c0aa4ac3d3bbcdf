"""What a field makes of an answer."""

from __future__ import annotations

from dataclasses import dataclass

from bot.cards import SecretDigits
from bot.money import Money
from bot.outcomes import ErrorName
from bot.prompts import Prompt


@dataclass(frozen=True, slots=True)
class Taken:
    """The field has its value.

    detail: what may be shown of it. typed_ahead: keys pressed beyond its end, for what follows.
    """

    detail: str = ""
    typed_ahead: SecretDigits | None = None


@dataclass(frozen=True, slots=True)
class Partial:
    """A piece of the answer was kept; more is to come."""


@dataclass(frozen=True, slots=True)
class Refused:
    """An answer that cannot be right: counts as a wrong input.

    say: why. instead: an amount that is offered in its place.
    """

    error: ErrorName
    say: tuple[Prompt, ...]
    instead: Money | None = None


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Nothing in it that answers this question."""


@dataclass(frozen=True, slots=True)
class Told:
    """Not an answer, but a question or wish of the caller that `say` replies to; no error."""

    say: tuple[Prompt, ...]


@dataclass(frozen=True, slots=True)
class Offered:
    """An amount the caller may mean and has to confirm: the balance, or one of two heard.

    prompt: id of the question. otherwise: offered when this one is refused.
    """

    amount: Money
    prompt: str
    otherwise: Money | None = None


Verdict = Taken | Partial | Refused | Unanswered | Told | Offered
