"""When a turn ends: callers who were cut off, and how long the others waited, beside peers.

    uv run python -m benchmarks.turns [--strings N] [--callers N] [--data DIR] [--half choose]
                                      [--bot-only]

Card numbers, dates, postal and security codes are spliced from single digits of real people
(`DIR/human-digits`), in groups with pauses of 0.3 to 1.5 s. Answers to all questions come from the
rendered callers of `audio/callers`; where they read digits, their pauses between groups are
replaced by such ones. All go over mu-law, in quiet and with white noise 15 dB below. The waits of
the settings were chosen on one half of the people and callers (`--half choose`); the figures are of
the other (`--half report`).

Cut off: a turn ended before the last word had begun, or 0.3 s before its end. Waiting: from the end
of the last word to the end of the turn it is in. The bot is the ear and the recogniser of the
settings, which is asked in each pause as in a call; the peers end a turn after a fixed silence.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from benchmarks.noises import NOISE_FLOOR_DBFS, Wave, at_level, line, white
from benchmarks.telephone import DIGITS, read_clips
from benchmarks.voice import VOICE_DBFS, Stretch, silero, webrtc
from bot.audio import CHUNK_SAMPLES, SAMPLE_RATE, AudioChunk, Samples, ms_to_samples, silence
from bot.calls.laboratory.bench import proportion
from bot.calls.wav import read_wav
from bot.cards import Expiry
from bot.expectations import Expectation, ExpiryLimits, Field, Kind
from bot.hearing.ear import Ear
from bot.hearing.engines import load_engine
from bot.hearing.events import EarEvent, SpeechBegan, SpeechPaused, SpeechSound, TurnEnded
from bot.hearing.recogniser import Recogniser
from bot.hearing.turns import completeness
from bot.project import ROOT
from bot.settings import HearingSettings, PaymentSettings
from bot.understanding.ends import is_whole

_T = TypeVar("_T")

SEED = 15
PAUSES_S = (0.3, 1.5)
NOISE_DB = 15
CARD_LENGTHS = (12, 13, 14, 15, 16, 17, 18, 19)
CARDS = ("4242424242424242", "5555555555554444", "6011111111111117", "378282246310005")
GROUPS = {15: (4, 6, 5), 16: (4, 4, 4, 4)}
CODES = {"postal code": ((3, 2), (5,)), "security code": ((3,), (1, 2)), "expiry": ((2, 2),)}
HALVES = {"choose": 0, "report": 1}
_HALF_A_WORD = ms_to_samples(300)
_ROUND = ms_to_samples(20)


@dataclass(frozen=True, slots=True)
class Answer:
    """sound: one answer with silence around it. last_word, end: where its last word (or group of
    words without a pause) begins and ends."""

    what: str
    who: str
    expectation: Expectation
    sound: Samples = field(repr=False)
    last_word: int
    end: int


@dataclass(frozen=True, slots=True)
class Ending:
    """cut_off: before the last word. waited_ms: after it; None when cut off or not heard."""

    cut_off: bool
    waited_ms: float | None


Endpointer = Callable[[Samples, Expectation], list[Stretch]]
"""Turns as (first sample with voice, sample at which the turn was found to be over)."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--strings", type=int, default=30, help="of each sort, by real people")
    parser.add_argument("--callers", type=int, help="of the rendered ones; all where not given")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--half", choices=HALVES, help="of people and callers; all where not given")
    parser.add_argument("--bot-only", action="store_true", help="without its peers")
    arguments = parser.parse_args()
    half = HALVES.get(arguments.half)
    random = np.random.default_rng(SEED)
    answers = list(rendered_answers(random, ROOT / "audio" / "callers", arguments.callers, half))
    if arguments.data.is_dir():
        answers += spliced_answers(random, arguments.data / "human-digits", arguments.strings, half)
    else:
        sys.stderr.write(f"No human speech at {arguments.data}: rendered callers only.\n")
    began = time.process_time()
    peers = endpointers(bot_only=arguments.bot_only)
    for name, below_db in (("in quiet", None), (f"noise {NOISE_DB} dB below", NOISE_DB)):
        noisy = [over_line(random, answer, below_db) for answer in answers]
        sys.stdout.write("\n".join(table(name, noisy, peers)) + "\n\n")
        sys.stdout.flush()
    sys.stdout.write(f"{time.process_time() - began:.0f} s of CPU\n")


# What is compared


def the_bot(recogniser: Recogniser | None) -> Endpointer:
    """recogniser: None for an ear that nobody tells what was heard so far."""
    payment = PaymentSettings()

    def find(sound: Samples, expectation: Expectation) -> list[Stretch]:
        ear = Ear(HearingSettings())
        ear.expect(expectation)
        turns: list[Stretch] = []

        def hear(events: Sequence[EarEvent], now: int) -> None:
            for event in events:
                match event:
                    case TurnEnded(start, _):
                        turns.append((start, now))
                        if recogniser is not None:
                            recogniser.finish()
                    case _ if recogniser is None:
                        pass
                    case SpeechBegan():
                        recogniser.begin(expectation)
                    case SpeechSound(chunk):
                        recogniser.accept(chunk)
                    case SpeechPaused(at):
                        needed = payment.confidence_needed(expectation.kind)
                        verdict = completeness(
                            recogniser.preliminary(),
                            expectation,
                            needed,
                            partial(is_whole, expectation),
                        )
                        hear(ear.judge(verdict, at), now)

        for at in range(0, len(sound), CHUNK_SAMPLES):
            hear(ear.feed(AudioChunk(sound[at : at + CHUNK_SAMPLES], at)), at + CHUNK_SAMPLES)
        hear(ear.flush(), len(sound))
        return turns

    return find


def fixed(detector: Callable[[Samples, int], list[Stretch]], silence_ms: int) -> Endpointer:
    """A turn ends after this silence, whatever was asked."""

    def find(sound: Samples, _: Expectation) -> list[Stretch]:
        waited = ms_to_samples(silence_ms)
        return [(start, end + waited) for start, end in detector(sound, silence_ms)]

    return find


def endpointers(*, bot_only: bool) -> dict[str, Endpointer]:
    bot = the_bot(load_engine(HearingSettings(), ROOT).recogniser())
    if bot_only:
        return {"the bot": bot}
    return {
        "the bot": bot,
        "the ear alone": the_bot(None),
        "webrtcvad, 700 ms": fixed(webrtc, 700),
        "webrtcvad, 1500 ms": fixed(webrtc, 1500),
        "Silero, 700 ms": fixed(silero, 700),
        "Silero, 1500 ms": fixed(silero, 1500),
    }


def table(title: str, answers: Sequence[Answer], peers: Mapping[str, Endpointer]) -> Iterator[str]:
    """A row for each sort of answer: cut off, and waiting in ms (median, 90 %)."""
    yield f"| {title} | of | {' | '.join(peers)} |"
    yield "|" + "---|" * (2 + len(peers))
    for who, what in sorted({(answer.who, answer.what) for answer in answers}):
        chosen = [answer for answer in answers if (answer.who, answer.what) == (who, what)]
        cells = [
            cell([ending(answer, find(answer.sound, answer.expectation)) for answer in chosen])
            for find in peers.values()
        ]
        yield f"| {what}, {who} | {len(chosen)} | {' | '.join(cells)} |"


def ending(answer: Answer, turns: Sequence[Stretch]) -> Ending:
    if any(over <= max(answer.last_word, answer.end - _HALF_A_WORD) for _, over in turns):
        return Ending(cut_off=True, waited_ms=None)
    last = [over for start, over in turns if start < answer.end]
    waited = (last[-1] - answer.end) * 1000 / SAMPLE_RATE if last else None
    return Ending(cut_off=False, waited_ms=waited)


def cell(endings: Sequence[Ending]) -> str:
    """Cut off (95 % interval of that); * not heard at all; ms waited (median, 90 %)."""
    cut_off = sum(one.cut_off for one in endings)
    waits = [one.waited_ms for one in endings if one.waited_ms is not None]
    unheard = len(endings) - cut_off - len(waits)
    share = proportion(cut_off, len(endings))
    told = f"{cut_off} ({share.low:.0f}-{share.high:.0f} %)" + (f" {unheard}*" if unheard else "")
    if not waits:
        return told
    middle, most = np.median(waits), np.quantile(waits, 0.9)
    return f"{told}; {middle:.0f}, {most:.0f}"


# Answers


def half_of(everybody: list[_T], half: int | None) -> list[_T]:
    """Every second one; all for None."""
    return everybody if half is None else everybody[half::2]


def spliced_answers(
    random: np.random.Generator, folder: Path, count: int, half: int | None
) -> Iterator[Answer]:
    clips = read_clips(folder)
    speakers = half_of(sorted(clips), half)
    for number in range(count):
        words = clips[speakers[number % len(speakers)]]
        card = CARDS[number % len(CARDS)]
        given = [("card number", card, GROUPS[len(card)])]
        for what, ways in CODES.items():
            groups = ways[number // len(speakers) % len(ways)]
            said = "".join(map(str, random.integers(10, size=sum(groups))))
            if what == "expiry":
                said = f"{random.integers(1, 13):02}{random.integers(27, 40)}"
            given.append((what, said, groups))
        for what, digits, groups in given:
            spoken = [words[DIGITS[int(d)]] for d in digits]
            chosen = [clips_of[random.integers(len(clips_of))] for clips_of in spoken]
            yield _spliced(random, what, chosen, groups)


def _spliced(
    random: np.random.Generator, what: str, words: Sequence[Wave], groups: Sequence[int]
) -> Answer:
    """0.03 to 0.12 s between words, PAUSES_S between groups; two seconds of silence before, five
    after."""
    group_ends = set(np.cumsum(groups).tolist())
    pieces = [silence(2 * SAMPLE_RATE)]
    last_word = end = 0
    for count, word in enumerate(words, start=1):
        last_word = sum(map(len, pieces))
        pieces.append(at_level(np.round(word * 32767).astype(np.int16), VOICE_DBFS))
        end = last_word + len(word)
        pause = random.uniform(*PAUSES_S) if count in group_ends else random.uniform(0.03, 0.12)
        pieces.append(silence(int(pause * SAMPLE_RATE)))
    sound = np.concatenate([*pieces[:-1], silence(5 * SAMPLE_RATE)])
    return Answer(what, "people", _EXPECTED[what], sound, last_word, end)


_EXPECTED = {
    "card number": Expectation(Kind.CARD, CARD_LENGTHS),
    "postal code": Expectation(Kind.DIGITS, PaymentSettings().postal_code_lengths),
    "security code": Expectation(Kind.DIGITS, (3,)),
    "amount": Expectation(Kind.OPEN, field=Field.AMOUNT),
    "expiry": Expectation(
        Kind.EXPIRY, (4,), expiries=ExpiryLimits(Expiry(11, 2026), Expiry(11, 2046))
    ),
    "yes or no": Expectation(Kind.OPEN),
}
_FILES = {
    "card-number": "card number",
    "second-card": "card number",
    "postal-code": "postal code",
    "security-code": "security code",
    "second-security-code": "security code",
    "amount": "amount",
    "change-amount": "amount",
    "expiry": "expiry",
    "second-expiry": "expiry",
    "confirm": "yes or no",
    "second-confirm": "yes or no",
    "yes": "yes or no",
    "no": "yes or no",
}


def rendered_answers(
    random: np.random.Generator, folder: Path, callers: int | None, half: int | None
) -> Iterator[Answer]:
    """callers: how many of them; None: all, but for the one whose line is noise itself."""
    chosen = sorted({path.parent for path in folder.glob("*/*.wav")} - {folder / "noise"})
    for path in (
        path for caller in half_of(chosen, half)[:callers] for path in sorted(caller.glob("*.wav"))
    ):
        what = _FILES.get(path.stem)
        if what is None:
            continue
        sound = at_level(read_wav(path), VOICE_DBFS)
        stretches = list(voiced_stretches(sound))
        pieces = [silence(2 * SAMPLE_RATE)]
        last_word = end = 0
        for number, (begin, over) in enumerate(stretches):
            if number:
                gap = begin - stretches[number - 1][1]
                if what in {"card number", "postal code", "security code"}:
                    gap = int(random.uniform(*PAUSES_S) * SAMPLE_RATE)
                pieces.append(silence(gap))
            last_word = sum(map(len, pieces))
            pieces.append(sound[begin:over])
            end = last_word + over - begin
        whole = np.concatenate([*pieces, silence(5 * SAMPLE_RATE)])
        expectation = _EXPECTED[what]
        if path.parent.name == "amex" and what == "security code":
            expectation = Expectation(Kind.DIGITS, (4,))
        yield Answer(what, "rendered", expectation, whole, last_word, end)


def voiced_stretches(sound: Samples) -> Iterator[Stretch]:
    """Of 60 ms or more, between pauses of 0.2 s or more that are 20 dB below the loudest 20 ms: the
    recordings' own noise lies 20 to 30 dB below their speech."""
    count = len(sound) // _ROUND
    power = np.mean(np.square(sound[: count * _ROUND].reshape(count, -1).astype(float)), axis=1)
    loud = np.flatnonzero(power > power.max() / 100)
    for group in np.split(loud, np.flatnonzero(np.diff(loud) > 10) + 1):
        if group[-1] - group[0] >= 2:
            yield int(group[0]) * _ROUND, (int(group[-1]) + 1) * _ROUND


def over_line(random: np.random.Generator, answer: Answer, below_db: int | None) -> Answer:
    dbfs = NOISE_FLOOR_DBFS if below_db is None else VOICE_DBFS - below_db
    noisy = line(answer.sound, white(len(answer.sound), random, dbfs))
    return Answer(answer.what, answer.who, answer.expectation, noisy, answer.last_word, answer.end)


if __name__ == "__main__":
    main()
