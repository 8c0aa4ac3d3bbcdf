"""Words that ask for a person, besides what understanding knows: `payment.agent_words`.

A company calls its people what it likes ("concierge", "front desk"). Such a word counts where it is
all that was said, a polite or wishing word or two aside; "my real estate agent" asks for nobody.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.expectations import Reading
from bot.settings import PaymentSettings

_AROUND = frozenset(
    {
        "a", "an", "the", "to", "with", "me", "my", "your", "i", "i'd", "i'll", "want", "need",
        "like", "would", "can", "could", "may", "please", "now", "just", "get", "give", "call",
        "speak", "talk", "connect", "put", "through", "transfer", "hello", "yes",
    }
)  # fmt: skip


def asks_for_agent(readings: Sequence[Reading], settings: PaymentSettings) -> bool:
    """Whether what was surely heard is one of the agent words."""
    return any(
        reading.confidence >= settings.accept_confidence and _is_agent_word(reading, settings)
        for reading in readings
    )


def _is_agent_word(reading: Reading, settings: PaymentSettings) -> bool:
    said = " ".join(re.findall(r"[\w'<>-]+", reading.masked_text.lower()))
    for word in settings.agent_words:
        rest, times = re.subn(rf"\b{re.escape(word.lower())}\b", " ", said)
        if times and _AROUND.issuperset(rest.split()):
            return True
    return False
