"""How soon the bot falls silent when a key is pressed while it speaks.

    python -m benchmarks.key_interruption [--calls 40]

Over Twilio's protocol, measured on sound, at the phone: from the 20 ms in which the key is pressed
to the end of the last in which the interrupted prompt is heard, each call at another moment of the
prompt. The network and its delays are simulated, and so is time: what the machine itself needs
comes on top.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
from pathlib import Path

import numpy as np
import structlog

from bot.audio import CHUNK_MS
from bot.console import console
from bot.project import ROOT

sys.path.extend(str(ROOT / "tests" / folder) for folder in ("", "calls", "web"))
from telephone_server import LongSpeaker, Server
from telephony.network import Weather
from telephony.person import HangsUp, Keys, Person
from test_twilio_line import call

WEATHERS = {"none": Weather(), "up to 80 ms late": Weather(jitter_ms=80)}


def stopped_after(spoken_ms: int, weather: Weather) -> int:
    """Milliseconds. spoken_ms: of the prompt, before the key is pressed."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder), speaker=LongSpeaker())
        person = Person([Keys("1"), HangsUp()], quiet_ms=spoken_ms, impatient=[0])
        call(server, person, weather=weather)
    moments = person.moments
    pressed = next(i for i, moment in enumerate(moments) if moment.keys)
    level = np.max(np.abs(moments[pressed - 1].heard))
    heard = [i for i, moment in enumerate(moments) if level in np.abs(moment.heard)]
    return (max(heard) + 1 - pressed) * CHUNK_MS


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--calls", type=int, default=40)
    given = options.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    console.print("| network | calls | p50, ms | p95, ms | most, ms |\n|---|---|---|---|---|")
    for name, weather in WEATHERS.items():
        moments = np.linspace(200, 2_600, given.calls).astype(int)
        found = [stopped_after(int(ms), weather) for ms in moments]
        shown = " | ".join(f"{np.percentile(found, q):.0f}" for q in (50, 95, 100))
        console.print(f"| {name} | {len(found)} | {shown} |")


if __name__ == "__main__":
    main()
