"""The demos by name. Imports nothing heavy: tab completion reads it."""

from __future__ import annotations

from enum import StrEnum


class Demo(StrEnum):
    PAY = "pay"
    KEYS = "keys"
    UNKNOWN = "unknown"

    @property
    def heading(self) -> str:
        return _TITLES[self]


_TITLES = {
    Demo.PAY: "A caller pays by speaking, and corrects the expiry date in the same breath",
    Demo.KEYS: "A caller only presses keys: a wrong card, a declined card, then a good one",
    Demo.UNKNOWN: "The gateway's line drops after it took the money",
}
