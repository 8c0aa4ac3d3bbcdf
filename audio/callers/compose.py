"""Puts the turns of the spoken demo on one tape, at the moments the demo's call took them.

    uv run python audio/callers/compose.py

writes whole-call.wav: a caller who is one whole recording at its own pace, as `run_bot.py call`
plays it. To be run again when prompts or turns change their length.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parents[1]
sys.path.insert(0, str(ROOT))

from bot.audio import SAMPLE_RATE, Samples, ms_to_samples  # noqa: E402
from bot.calls.run_call import Files  # noqa: E402
from bot.calls.scenarios.scenario import load_scenario, make_caller  # noqa: E402
from bot.calls.services import running_services  # noqa: E402
from bot.console import Progress  # noqa: E402
from bot.settings import Settings  # noqa: E402


async def main() -> None:
    path = ROOT / "tests" / "scenarios" / "demo-pay.yml"
    scenario = load_scenario(path)
    caller = make_caller(scenario.caller, path.parent)
    tape: list[Samples] = []

    async def keep(from_caller: Samples, _from_bot: Samples) -> None:
        tape.append(from_caller)

    with tempfile.TemporaryDirectory() as out:
        async with running_services(Settings(), Path(out), Progress(), scenario.today) as services:
            await services.call(
                caller, scenario.parameters, Files(Path(out)), today=scenario.today, listener=keep
            )
    whole = np.concatenate(tape)
    last = int(np.flatnonzero(whole)[-1]) + ms_to_samples(500)
    soundfile.write(FOLDER / "whole-call.wav", whole[:last], SAMPLE_RATE, subtype="ULAW")
    print(f"{last / SAMPLE_RATE:.0f} s")  # noqa: T201 - a script says what it did


if __name__ == "__main__":
    asyncio.run(main())
