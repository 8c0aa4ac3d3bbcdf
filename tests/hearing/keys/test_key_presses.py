"""One press is one digit, whichever way and however often it was reported."""

from __future__ import annotations

from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from bot.audio import AudioChunk, ms_to_samples
from bot.hearing.keys.key_tones import tone
from bot.hearing.keys.presses import WINDOW_MS, KeyPresses, KeyReport
from bot.hearing.keys.telephone_events import EventReceiver
from bot.hearing.keys.tones import ToneDetector

Reports = list[KeyReport]
ways = ("tone", "event", "message")


def digits(reports: Reports) -> str:
    presses = KeyPresses()
    return "".join(report.key for report in reports if presses.report(report))


def at(way: str, ms: float, key: str = "5", end_ms: float | None = None) -> KeyReport:
    end = None if end_ms is None else ms_to_samples(end_ms)
    return KeyReport(way, key, ms_to_samples(ms), end)


@st.composite
def interleaved(draw: st.DrawFn) -> tuple[str, Reports]:
    """Presses of at least 40 ms with pauses of as much, all of them reported by every way.

    Each way is shifted by a time of its own and repeats itself; in what order reports of different
    ways arrive is left open.
    """
    keys = draw(st.lists(st.sampled_from("155*"), max_size=10))
    gaps = draw(st.lists(st.integers(80, 500), min_size=len(keys), max_size=len(keys)))
    starts = list(accumulate(gaps))
    waiting: list[Reports] = []
    for way in draw(st.sets(st.sampled_from(ways), min_size=1)):
        shift = draw(st.integers(0, WINDOW_MS // 2))
        told = [at(way, s + shift, k, s + shift + 40) for k, s in zip(keys, starts, strict=True)]
        repeats = [draw(st.integers(1, 4)) for _ in told]
        waiting.append([r for r, n in zip(told, repeats, strict=True) for _ in range(n)])
    arrived: Reports = []
    while any(waiting):
        arrived.append(draw(st.sampled_from([w for w in waiting if w])).pop(0))
    return "".join(keys), arrived


@given(interleaved())
def test_each_press_counts_once_however_its_reports_are_shuffled(
    case: tuple[str, Reports],
) -> None:
    pressed, arrived = case
    assert digits(arrived) == pressed


@given(st.data())
def test_a_press_counts_as_long_as_one_way_tells_of_it(data: st.DataObject) -> None:
    """Presses further apart than the window; each way may lose any, but not all ways the same."""
    keys = data.draw(st.lists(st.sampled_from("15"), max_size=8))
    arrived = []
    for i, key in enumerate(keys):
        telling = data.draw(st.sets(st.sampled_from(ways), min_size=1))
        shifts = {way: data.draw(st.integers(0, WINDOW_MS // 2 - 1)) for way in telling}
        arrived += [
            at(way, 300 * i + shifts[way], key)
            for way in data.draw(st.permutations(sorted(telling)))
        ]
    closed = [KeyReport(r.way, r.key, r.start, r.start + 400) for r in arrived]
    assert digits(closed) == "".join(keys)


def test_two_quick_presses_of_one_key_stay_two() -> None:
    assert digits([at("tone", 0, end_ms=40), at("tone", 80, end_ms=120)]) == "55"
    tones = [at("tone", 0, end_ms=40), at("tone", 80, end_ms=120)]
    events = [at("event", 30, end_ms=70), at("event", 110, end_ms=150)]
    assert digits([tones[0], events[0], tones[1], events[1]]) == "55"
    assert digits([*tones, *events]) == "55"
    end_lost = at("event", 30)
    assert digits([tones[0], end_lost, tones[1], events[1]]) == "55"


def test_a_way_that_tells_late_does_not_hold_a_key_that_was_let_go() -> None:
    """The late way's tone still sounds when the next press begins on the other way's clock."""
    messages = [at("message", ms, end_ms=ms + 40) for ms in (0, 80, 160)]
    events = [at("event", ms, end_ms=ms + 40) for ms in (0, 80, 160)]
    late = at("tone", 60, end_ms=100)
    assert digits([messages[0], late, *messages[1:], *events]) == "555"


def test_a_tone_that_breaks_while_events_say_the_key_is_held_is_one_press() -> None:
    assert digits([at("tone", 0), at("event", 10), at("tone", 900)]) == "5"
    assert digits([at("event", 0, end_ms=1200), at("tone", 10), at("tone", 900)]) == "5"
    assert digits([at("event", 0, end_ms=800), at("tone", 10), at("tone", 900)]) == "55"


def test_other_keys_are_other_presses_however_near() -> None:
    assert digits([at("tone", 0, "1"), at("event", 10, "2")]) == "12"


def test_a_key_that_sounds_and_comes_as_events_is_one_digit() -> None:
    """Both ways together, as a gateway sends them that does not mute the tone."""
    receiver = EventReceiver(first_timestamp=2**32 - 400, offset=0)
    packets = [receiver.receive(2**32 - 400 + 800, bytes([5, 10, 0, d])) for d in (80, 160, 240)]
    packets.append(receiver.receive(2**32 - 400 + 800, bytes([5, 0x8A, 3, 0x20])))
    detector = ToneDetector()
    heard = detector.feed(AudioChunk(tone("5", 100), 850)) + detector.flush()
    tones = [KeyReport("tone", k.key, k.start, k.end) for k in heard]
    assert [t.key for t in tones] == ["5"]
    events = [report for packet in packets for report in packet]
    assert digits(events[:2] + tones + events[2:]) == "5"
    assert digits(tones + events) == "5"


def test_a_key_held_long_that_is_told_of_when_let_go_is_one_digit() -> None:
    held = [at("tone", 0, end_ms=40), at("tone", 0, end_ms=900), at("message", 930, end_ms=930)]
    assert digits(held) == "5"
    assert digits([held[2], held[1]]) == "5"


def test_the_next_press_after_a_long_one_is_another() -> None:
    first = [at("tone", 0, end_ms=600), at("message", 630, end_ms=630)]
    second = [at("tone", 700, end_ms=780), at("message", 800, end_ms=800)]
    assert digits([*first, *second]) == "55"
    assert digits([first[0], second[0], first[1], second[1]]) == "55"
