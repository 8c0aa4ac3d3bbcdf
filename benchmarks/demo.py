"""What does a demo cost, and where does its time go?

    python -m benchmarks.demo [NAME] [--out out/profile]     everything prepared before
    python -m benchmarks.demo [NAME] --cold                  a fresh clone, an empty uv cache

Prints the whole command's time as one types it, then the parts of a run in this process, with CPU
time (this is what compares; other work on the machine lengthens the rest), memory, and peers: real
time, Rasa as it comes, free Whisper on the same sound. The picture is demo.svg in the out folder.
Linux: reads /proc.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import numpy as np

from benchmarks.stopwatch import Part, ProcessCost, StepWatch, Stopwatch, child_with
from bot.audio import SAMPLE_RATE
from bot.calls import run_call
from bot.calls.recording import Recording
from bot.calls.run_call import Files
from bot.calls.scenarios.run import run_scenario
from bot.calls.scenarios.scenario import SCENARIO_DAY, load_scenario
from bot.calls.services import running_services
from bot.calls.telling import Telling
from bot.dialog.dialog import Dialog
from bot.hearing.ear import Ear
from bot.hearing.embedded import utterance
from bot.hearing.embedded.engine import EmbeddedRecogniser, resampled
from bot.hearing.embedded.whisper import TEXT_PADDING_SECONDS, Sound, Whisper
from bot.hearing.keys.tones import ToneDetector
from bot.hearing.numbers.head import NumberHead
from bot.hearing.voice.activity import VoiceActivity
from bot.logs import configure_logs
from bot.processes import Child, started_server
from bot.project import ROOT
from bot.records.store import Store
from bot.settings import UnderstandingSettings, load_settings
from bot.speaking.playback import Playback
from bot.speaking.speaker import Speaker
from bot.understanding.rasa_environment import prepare


def say(line: str = "") -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


@dataclass(frozen=True, slots=True)
class Cost:
    """cpu_seconds: user and system, of the command and of all it started."""

    wall_seconds: float
    cpu_seconds: float

    def __str__(self) -> str:
        return f"{self.wall_seconds:.1f} s, CPU {self.cpu_seconds:.1f} s"


def cost_of(command: Sequence[str], cwd: Path, environment: dict[str, str] | None = None) -> Cost:
    """Raises CalledProcessError when it fails."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(  # noqa: S603 - our own command lines
        command, cwd=cwd, env=environment, check=True, stdout=subprocess.DEVNULL
    )
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(wall, cpu)


# --- cold: what a newcomer waits for ---------------------------------------------------------


def cold(name: str) -> None:
    with tempfile.TemporaryDirectory(prefix="cold-demo-") as folder:
        clone = Path(folder) / "clone"
        git = shutil.which("git") or "git"
        subprocess.run([git, "clone", "-q", str(ROOT), str(clone)], check=True)  # noqa: S603
        environment = {
            key: value
            for key, value in os.environ.items()
            if key not in {"VIRTUAL_ENV", "UV", "UV_NO_SYNC", "PYTHONPATH"}
        }
        environment["UV_CACHE_DIR"] = str(Path(folder) / "cache")
        command = [shutil.which("uv") or "uv", "run", "run_bot.py", "demo", name]
        say(f"fresh clone, empty cache: {cost_of(command, clone, environment)}")
        say(f"once more, prepared: {cost_of(command, clone, environment)}")
        size = sum(file.stat().st_size for file in clone.rglob("*") if not file.is_symlink())
        say(f"clone, environments and model: {size / 1e9:.1f} GB")


# --- warm: the command, then its parts -------------------------------------------------------


@dataclass(slots=True)
class Measured:
    """call_seconds: on the call's own clock. rasa: up to its first answer, then at the end."""

    call_seconds: float = 0.0
    call_wall_seconds: float = 0.0
    rasa_started: ProcessCost | None = None
    rasa_ended: ProcessCost | None = None
    whisper_cpu_seconds: float = 0.0
    utterances: int = 0


def warm(name: str, out: Path) -> None:
    command = [sys.executable, "run_bot.py", "demo", name, "--out", str(out / "whole")]
    whole = cost_of(command, ROOT)
    preparing, calling = Stopwatch(), Stopwatch()
    preparing.parts["imports"] = import_cost()
    measured = asyncio.run(run_parts(name, out / "parts", preparing, calling))
    peer = stock_rasa(out / "rasa")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

    say(f"`demo {name}`, everything prepared: {whole}")
    say(f"its call: {measured.call_seconds:.1f} s; beside real time {measured.call_seconds / whole.wall_seconds:.1f} x, "  # noqa: E501
        f"the call alone {measured.call_seconds / measured.call_wall_seconds:.1f} x")  # fmt: skip
    say()
    table("before the call", preparing)
    table("in the call", calling)
    hearing = sum(calling.parts[part].cpu_seconds for part in HEARING if part in calling.parts)
    say("| beside a peer, on the same input | here | peer |")
    say("|---|---|---|")
    say(f"| hearing {measured.utterances} utterances, CPU s; free Whisper once on each, beam of 5 "
        f"| {hearing:.2f} | {measured.whisper_cpu_seconds:.2f} |")  # fmt: skip
    if measured.rasa_started is not None:
        say("| Rasa until it answers, CPU s; `rasa run` as it comes "
            f"| {measured.rasa_started.cpu_seconds:.1f} | {peer.cpu_seconds:.1f} |")  # fmt: skip
        say("| Rasa's peak memory by then, MiB; `rasa run` as it comes "
            f"| {measured.rasa_started.peak_mib} | {peer.peak_mib} |")  # fmt: skip
    say()
    if measured.rasa_ended is not None and measured.rasa_started is not None:
        answering = measured.rasa_ended.cpu_seconds - measured.rasa_started.cpu_seconds
        say(f"Rasa's answers in the call: CPU {answering:.1f} s (loading the sentence encoder "
            f"included); its peak at the end: {measured.rasa_ended.peak_mib} MiB")  # fmt: skip
    say(f"peak memory of the bot, this measuring included: {peak} MiB")
    picture = out / "demo.svg"
    picture.write_text(drawn([("before", preparing), ("call", calling)]), "utf-8")
    say(f"picture: {picture}")


def import_cost() -> Part:
    """What a demo imports, in a Python of its own, without what the Python itself takes."""
    modules = "bot.cli.show, bot.calls.services, bot.calls.play_demo"
    whole = cost_of([sys.executable, "-c", f"import {modules}"], ROOT)
    bare = cost_of([sys.executable, "-c", "pass"], ROOT)
    return Part(1, whole.cpu_seconds - bare.cpu_seconds, whole.wall_seconds - bare.wall_seconds)


HEARING = (
    "mel frames and encoder",
    "number head",
    "word search",
    "number search",
    "decoder",
    "rest of recognition",
)


def watch_the_call(stopwatch: Stopwatch) -> None:
    """Names the parts of a call. Only here: the bot itself is not measured."""

    parts: tuple[tuple[Any, str, str], ...] = (
        (ToneDetector, "feed", "key tones"),
        (VoiceActivity, "feed", "voice activity"),
        (Ear, "feed", "rest of the ear"),
        (Whisper, "encode", "mel frames and encoder"),
        (Whisper, "text", "decoder"),
        (NumberHead, "__call__", "number head"),
        (utterance, "search_words", "word search"),
        (utterance, "digit_answers", "number search"),
        (utterance, "value_answers", "number search"),
        (EmbeddedRecogniser, "preliminary", "rest of recognition"),
        (Dialog, "handle", "dialog"),
        (Speaker, "speak", "prompts joined"),
        (Playback, "next_chunk", "playback"),
        (Recording, "add", "recording"),
        (run_call, "write_call_page", "page"),
        (Store, "begin_call", "records"),
        (Store, "finish_call", "records"),
        (Store, "add_segments", "records"),
        (Telling, "heard", "trace"),
    )
    for owner, function, name in parts:
        stopwatch.watch(owner, function, name)


async def run_parts(name: str, out: Path, preparing: Stopwatch, calling: Stopwatch) -> Measured:

    measured = Measured()
    heard: list[Sound] = []
    path = ROOT / "tests" / "scenarios" / f"demo-{name}.yml"
    scenario = load_scenario(path)
    settings = load_settings(None, [])
    configure_logs(out / "logs" / "bot.log", settings.log_level)
    watch_the_call(calling)
    collect_utterances(heard)
    steps = StepWatch(preparing, say)
    async with running_services(settings, out, steps, SCENARIO_DAY) as services:
        rasa = child_with(os.getpid(), "components.serve")
        measured.rasa_started = ProcessCost.of(rasa) if rasa else None
        began = time.perf_counter()
        with calling.part("everything else"):
            outcome = await run_scenario(scenario, path, services, Files(out))
        measured.call_wall_seconds = time.perf_counter() - began
        measured.call_seconds = outcome.finished.end.duration / SAMPLE_RATE
        measured.rasa_ended = ProcessCost.of(rasa) if rasa else None
        if outcome.misses:
            raise SystemExit(f"not as promised: {[str(miss) for miss in outcome.misses]}")
    measured.utterances = len(heard)
    whisper = Whisper()
    began = time.process_time()
    for sound in heard:
        whisper.text(whisper.encode(sound, TEXT_PADDING_SECONDS), 5)
    measured.whisper_cpu_seconds = time.process_time() - began
    return measured


def collect_utterances(heard: list[Sound]) -> None:
    """The sound of every finished utterance, for the peer."""

    finish = EmbeddedRecogniser.finish

    def collecting(recogniser: EmbeddedRecogniser) -> Any:
        heard.append(resampled(np.frombuffer(bytes(recogniser._sound), dtype=np.int16)))
        return finish(recogniser)

    setattr(EmbeddedRecogniser, "finish", collecting)  # noqa: B010 - as `Stopwatch.watch` does


def stock_rasa(logs: Path) -> ProcessCost:
    """`rasa run` with the same model, as anyone would start it, until it answers."""

    prepared = prepare(UnderstandingSettings())

    def on_port(port: int) -> Child:
        arguments = ["run", "--enable-api", "--interface", "127.0.0.1", "--port", str(port)]
        command = [str(prepared.python), "-m", "rasa", *arguments, "--model", str(prepared.model)]
        environment = {**prepared.environment, "OMP_NUM_THREADS": "1"}
        return Child(
            "stock Rasa", command, logs / "stock.log", cwd=prepared.project, env=environment
        )

    async def measure() -> ProcessCost:
        child, _ = await started_server(on_port, "/status", 600)
        try:
            return ProcessCost.of(child.pid)
        finally:
            await child.ended()

    return asyncio.run(measure())


# --- what is shown ---------------------------------------------------------------------------


def table(title: str, stopwatch: Stopwatch) -> None:
    parts = sorted(stopwatch.parts.items(), key=lambda item: -item[1].cpu_seconds)
    cpu = sum(part.cpu_seconds for _, part in parts)
    wall = sum(part.wall_seconds for _, part in parts)
    say(f"| {title} | times | CPU s | s |")
    say("|---|---|---|---|")
    for name, part in parts:
        say(f"| {name} | {part.calls} | {part.cpu_seconds:.2f} | {part.wall_seconds:.2f} |")
    say(f"| together | | {cpu:.2f} | {wall:.2f} |")
    say()


_BAR, _ROW, _LABEL = 600, 22, 330


def drawn(groups: Sequence[tuple[str, Stopwatch]]) -> str:
    """One bar for each part, CPU time, longest first, as SVG."""
    rows = [
        (f"{group}: {name}", part.cpu_seconds)
        for group, stopwatch in groups
        for name, part in sorted(stopwatch.parts.items(), key=lambda item: -item[1].cpu_seconds)
    ]
    longest = max(seconds for _, seconds in rows) or 1.0
    lines = []
    for index, (label, seconds) in enumerate(rows):
        y = index * _ROW
        width = max(1.0, _BAR * seconds / longest)
        lines.append(
            f'<text x="{_LABEL - 8}" y="{y + 15}" text-anchor="end">{escape(label)}</text>'
            f'<rect x="{_LABEL}" y="{y + 3}" width="{width:.1f}" height="{_ROW - 6}"/>'
            f'<text x="{_LABEL + width + 6:.1f}" y="{y + 15}">{seconds:.2f} s</text>'
        )
    size = f'width="{_LABEL + _BAR + 80}" height="{len(rows) * _ROW + 4}"'
    style = "<style>text{font:13px sans-serif}rect{fill:#3b6ea5}</style>"
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{style}{"".join(lines)}</svg>\n'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("name", nargs="?", default="pay", help="of the gallery (demo --list)")
    parser.add_argument("--cold", action="store_true", help="a fresh clone, an empty uv cache")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "profile")
    arguments = parser.parse_args()
    if arguments.cold:
        cold(arguments.name)
    else:
        arguments.out.mkdir(parents=True, exist_ok=True)
        warm(arguments.name, arguments.out)


if __name__ == "__main__":
    main()
