"""What one process counts of its charges since it started, for whoever shows figures."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from bot.charges import ChargeStatus


@dataclass(slots=True)
class Figures:
    """told: outcomes that calls were given, an unknown one included. settled: outcomes that became
    known when no call waited for them. given_up: charges handed to a person."""

    told: Counter[ChargeStatus] = field(default_factory=Counter)
    settled: Counter[ChargeStatus] = field(default_factory=Counter)
    given_up: int = 0
