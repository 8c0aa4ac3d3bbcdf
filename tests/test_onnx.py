"""What the network library does besides running networks: nothing."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

_HEAR = """
import numpy as np
from bot.audio import AudioChunk
from bot.expectations import Expectation, Kind
from bot.hearing.embedded.engine import EmbeddedEngine
from pathlib import Path

recogniser = EmbeddedEngine(Path("models/numbers")).recogniser()
recogniser.begin(Expectation(Kind.CARD))
noise = np.random.default_rng(1).integers(-3000, 3000, 8000).astype(np.int16)
recogniser.accept(AudioChunk(noise, 0))
recogniser.finish()
"""


def test_hearing_tells_nobody_that_it_was_used(tmp_path: Path) -> None:
    """onnxruntime would leave an identifier of the machine in the home folder and send it home."""
    home = tmp_path / "home"
    home.mkdir()
    environment = {"PATH": os.environ["PATH"], "HOME": str(home)}
    done = subprocess.run(  # noqa: S603 - our own interpreter and words
        [sys.executable, "-c", _HEAR],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert [path for path in home.rglob("*") if path.is_file()] == []
