"""What the pages, the API and the lines of one server share."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from babel import Locale

from bot.calls.live.calls import LiveCalls
from bot.settings import Settings
from bot.web.access import Access
from bot.web.doors import Doors

WAITING_FOR_HELLO = 32
"""Connections that have not said which call they are; more are turned away."""


@dataclass(frozen=True, slots=True)
class Site:
    """languages: code -> its own name, of those that can be spoken.

    demo: whether the page may prepare a demo bill for itself. doors: to calls that other processes
    behind the same port have; None where there are no others.
    """

    settings: Settings
    calls: LiveCalls
    access: Access
    languages: Mapping[str, str]
    demo: bool
    doors: Doors | None = None
    strangers: asyncio.Semaphore = field(
        default_factory=lambda: asyncio.Semaphore(WAITING_FOR_HELLO)
    )


def languages(*codes: str) -> Mapping[str, str]:
    """By code, each by its own name: "fr" -> "Français"."""
    return {code: (Locale.parse(code).get_display_name() or code).capitalize() for code in codes}
