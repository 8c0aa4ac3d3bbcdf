"""The recogniser that ships, loaded once."""

from __future__ import annotations

import pytest

from bot.hearing.embedded.engine import EmbeddedEngine
from bot.project import ROOT


@pytest.fixture(scope="session")
def engine() -> EmbeddedEngine:
    return EmbeddedEngine(ROOT / "models" / "numbers")
