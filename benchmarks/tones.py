"""Key tones: our detector beside spandsp and multimon-ng, on the same sound.

    uv run python -m benchmarks.tones                   the test sequences, speed, the clamp
    uv run python -m benchmarks.tones --talk-off 5      false keys in so many hours of speech

The peers are Debian's: apt-get install libspandsp2 multimon-ng. Speech is rendered by whatever
engines are there (`benchmarks/long_speech.py`) into --rendered, where a run that was broken off
goes on; human speech is taken from --data (folders of WAVs of 8 kHz) and audio/callers.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import soundfile
import soxr
from rich.console import Console
from rich.table import Table

from benchmarks import tone_sequences as sequences
from benchmarks.long_speech import long_speech
from benchmarks.tone_peers import Peer, missing, peers, spandsp_with_dial_tone_filter
from benchmarks.tone_sequences import ALL_KEYS, LEVEL, Hears, on_line, pulse, train
from bot.audio import CHUNK_SAMPLES, SAMPLE_RATE, AudioChunk, Samples, silence
from bot.hearing.keys.clamp import ToneClamp

SNRS_DB = (24, 18, 12, 9, 6)
CLAMP_EVERY = 9
"""The clamp works frame by frame, as in a call, and so hears only every ninth sound; with eleven
voices in turn that is all of them."""

LOUD_PEAK = 29000
"""A loud talker: a clip's peak, 1 dB below full scale."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--talk-off", type=float, metavar="HOURS")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--rendered", type=Path, default=Path(tempfile.gettempdir()) / "talk-off")
    given = parser.parse_args()
    console = Console(width=110)
    for peer in missing():
        console.print(f"Not measured beside it: {peer}")
    if given.talk_off:
        console.print(talk_off(given.talk_off, given.data, given.rendered))
        return
    for table in (sequence_table(), bandwidth_table(), speed_table(), clamp_table()):
        console.print(table)


# The sequences


def sequence_table() -> Table:
    receivers: dict[str, Hears] = {p.name: p.hears for p in peers()}
    if "spandsp" in receivers:
        receivers["spandsp, dial tone filter"] = spandsp_with_dial_tone_filter
    table = Table(title="Test sequences")
    for column in ("test", *receivers):
        table.add_column(column)
    for name, measure in measures():
        table.add_row(name, *(measure(hears) for hears in receivers.values()))
    return table


def measures() -> Iterator[tuple[str, Callable[[Hears], str]]]:
    yield "16 keys, ten times each: decoded of 160", lambda h: str(sequences.decoded(h))
    yield (
        "twist: high weaker, stronger by up to, dB (8, 4)",
        lambda h: "{:.1f}, {:.1f}".format(*sequences.twists(h)),
    )
    yield "level: all keys from, to, dBm0 (0, -25)", lambda h: _pair(sequences.dynamic_range(h))
    yield (
        "length: all heard from, none up to, ms (40, 23)",
        lambda h: _pair(sequences.guard_time(h)),
    )
    yield (
        "pause: one key up to, two from, ms (10, 40)",
        lambda h: _pair(sequences.pauses(h)),
    )
    for snr in SNRS_DB:
        yield (
            f"1,000 bursts in noise {snr} dB below: heard, too much",
            partial(_bursts, snr_db=snr),
        )
    yield (
        "noise: all of 1,000 heard down to, dB below",
        lambda h: str(sequences.acceptable_snr(h)),
    )
    for name, hz in sequences.DIAL_TONES.items():
        yield (
            f"dial tone {name}: all keys up to, dB above each tone",
            partial(_dial_tone, hz=hz),
        )
    for below in (20, 15, 10):
        yield (
            f"speech {below} dB below: heard of 160",
            partial(_in_speech, below_db=below),
        )


def _pair(found: tuple[float, float]) -> str:
    return f"{found[0]:g}, {found[1]:g}"


def _bursts(hears: Hears, snr_db: float) -> str:
    return _pair(sequences.bursts_in_noise(hears, snr_db))


def _dial_tone(hears: Hears, hz: tuple[float, ...]) -> str:
    return str(sequences.dial_tone_tolerance(hears, hz))


def _in_speech(hears: Hears, below_db: float) -> str:
    return str(sequences.keys_in_speech(hears, own_speech(), below_db)[0])


def bandwidth_table() -> Table:
    table = Table(title="Recognition bandwidth: taken from, to, % off (within 1.5, refused at 3.5)")
    table.add_column("Hz")
    columns = {p.name: sequences.bandwidths(p.hears) for p in peers()}
    for name in columns:
        table.add_column(name)
    for row in zip(*columns.values(), strict=True):
        table.add_row(str(row[0].hz), *(f"-{100 * b.below:.1f}, +{100 * b.above:.1f}" for b in row))
    return table


# Speed


def speed_table() -> Table:
    rng = np.random.default_rng(7)
    speech = on_line(np.resize(own_speech() * 4, 600 * SAMPLE_RATE))
    sounds = {
        "line noise, -50 dBFS": on_line(rng.normal(0, 100, 600 * SAMPLE_RATE)),
        "speech": speech,
        "keys without end": on_line(np.resize(train(pulse(k) for k in ALL_KEYS), len(speech))),
    }
    table = Table(title="x real time, CPU time of one core (multimon-ng: resampling included)")
    for column in ("ten minutes of", "fed", *(p.name for p in peers())):
        table.add_column(column)
    for name, sound in sounds.items():
        for fed, chunk in (("at once", 0), ("20 ms at a time", CHUNK_SAMPLES)):
            table.add_row(name, fed, *(f"{speed(peer, sound, chunk):,.0f}" for peer in peers()))
    return table


def speed(peer: Peer, sound: Samples, chunk: int) -> float:
    """The best of three."""
    best = min(_cpu_seconds(lambda: peer.keys(sound, chunk)) for _ in range(3))
    return len(sound) / SAMPLE_RATE / best


def _cpu_seconds(what: Callable[[], object]) -> float:
    def used() -> float:
        both = (
            resource.getrusage(resource.RUSAGE_SELF),
            resource.getrusage(resource.RUSAGE_CHILDREN),
        )
        return sum(usage.ru_utime + usage.ru_stime for usage in both)

    began = used()
    what()
    return used() - began


# The clamp


def clamp_table() -> Table:
    table = Table(title="The clamp: keys heard before, after; sound power left, dB")
    columns = [p.name for p in peers()]
    for column in ("320 keys, 50 ms each", *columns, "power left"):
        table.add_column(column)
    pressed = ALL_KEYS * 20
    plain = train(pulse(key) for key in pressed)
    sounds = {
        "clean": plain,
        "without pauses": np.concatenate([pulse(key) for key in pressed]),
        "-40 dBm0": train(pulse(key, low_dbm0=-40, high_dbm0=-40) for key in pressed),
        **{
            f"noise {snr} dB below": plain
            + sequences.white_noise(len(plain), LEVEL + 3 - snr, seed=snr)
            for snr in (20, 15, 12)
        },
    }
    for name, sound in sounds.items():
        before = on_line(sound)
        after = clamped(before)
        heard = (f"{len(p.hears(before))}, {len(p.hears(after))}" for p in peers())
        left = np.square(after.astype(np.float64)).sum() / np.square(before.astype(float)).sum()
        table.add_row(name, *heard, f"{10 * np.log10(left):.0f}" if left else "nothing")
    return table


def clamped(sound: Samples) -> Samples:
    clamp = ToneClamp()
    passed = clamp.feed(AudioChunk(sound, 0)) + clamp.flush()
    return np.concatenate([chunk.samples for chunk in passed])


# Talk-off


def talk_off(hours: float, data: Path, rendered: Path) -> Table:
    """False keys where people and engines only speak, and what the clamp takes of it."""
    receivers = peers()
    table = Table(title="Talk-off: false keys, and an hour (95 % upper bound)")
    for column in ("speech", "hours", *(p.name for p in receivers), "clamp silences"):
        table.add_column(column)
    for name, sounds in sources(hours, data, rendered):
        samples = clamp_heard = changed = 0
        keys = dict.fromkeys((p.name for p in receivers), 0)
        for number, sound in enumerate(sounds):
            samples += len(sound)
            if number % CLAMP_EVERY == 0:
                clamp_heard += len(sound)
                changed += int(np.count_nonzero(clamped(sound) != sound))
            for peer in receivers:
                keys[peer.name] += len(peer.hears(sound))
        if samples:
            spoken = samples / SAMPLE_RATE / 3600
            rates = (f"{n}: {n / spoken:.1f} ({_at_most(n) / spoken:.1f})" for n in keys.values())
            table.add_row(name, f"{spoken:.2f}", *rates, f"{100 * changed / clamp_heard:.2f} %")
    return table


def _at_most(count: int) -> float:
    """The upper end of the 95 % interval of a Poisson count, by Byar's approximation."""
    more = count + 1
    return float(more * (1 - 1 / (9 * more) + 1.96 / (3 * more**0.5)) ** 3)


def sources(hours: float, data: Path, rendered: Path) -> Iterator[tuple[str, Iterator[Samples]]]:
    yield "rendered", (sound for _, sound in long_speech(hours, rendered))
    callers = Path(__file__).parent.parent / "audio" / "callers"
    for folder in (data / "human-digits", data / "speech-commands", callers):
        if not folder.is_dir():
            Console().print(f"No recordings at {folder}: not measured.")
            continue
        yield folder.name, clips(folder, loud=False)
        yield f"{folder.name}, loud", clips(folder, loud=True)


def clips(folder: Path, *, loud: bool) -> Iterator[Samples]:
    """The folder's recordings, many in one sound with pauses, so that no peer starts for each."""
    gap = silence(SAMPLE_RATE // 10)
    parts: list[Samples] = []
    for path in sorted(folder.rglob("*.wav")):
        samples, rate = soundfile.read(path, dtype="int16", always_2d=True)
        sound = (
            samples[:, 0]
            if rate == SAMPLE_RATE
            else soxr.resample(samples[:, 0], rate, SAMPLE_RATE)
        )
        if loud:
            sound = on_line(sound * (LOUD_PEAK / max(1, np.abs(sound.astype(np.int32)).max())))
        parts += [np.asarray(sound, dtype=np.int16), gap]
        if len(parts) >= 1000:
            yield np.concatenate(parts)
            parts = []
    if parts:
        yield np.concatenate(parts)


def own_speech() -> sequences.Sound:
    """The recorded phrases of the tests, which are in the repository."""
    folder = Path(__file__).parent.parent / "tests" / "hearing" / "recordings"
    return np.concatenate([s.astype(np.float64) for s in clips(folder, loud=False)])


if __name__ == "__main__":
    main()
