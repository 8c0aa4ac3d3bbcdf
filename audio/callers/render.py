"""Renders the recorded callers of callers.yml that are missing or have changed.

    uv run --group voices python audio/callers/render.py [FOLDER WITH KOKORO'S VOICES]

Without the folder, the voices are got with npm into out/voices/.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parents[1]
sys.path.insert(0, str(ROOT))

from bot.speaking.callers import main  # noqa: E402
from bot.speaking.kokoro import Kokoro, fetch_voices  # noqa: E402


def kokoro() -> Kokoro:
    voices = Path(sys.argv[1]) if len(sys.argv) > 1 else fetch_voices(ROOT / "out" / "voices")
    return Kokoro(voices)


if __name__ == "__main__":
    sys.exit(main(FOLDER, kokoro, partial(print, flush=True)))
