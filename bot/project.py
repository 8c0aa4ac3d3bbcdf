"""Where the project lies."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[1]
"""The folder of run_bot.py: nlu_data/, audio/ and models/ lie in it."""
