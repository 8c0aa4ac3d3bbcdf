"""RFC 4733 events: bytes as telephones send them, lost, doubled, out of order and very long."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.hearing.keys.presses import KeyPresses, KeyReport
from bot.hearing.keys.telephone_events import LONGEST, EventReceiver, TelephoneEvent, parse

Packet = tuple[int, bytes]


def press(key: int, timestamp: int, duration: int = 800, step: int = 160) -> list[Packet]:
    """The packets of a press as a sender makes them: one each 20 ms, the last one three times."""
    packets = []
    segment, left = timestamp, duration
    while left > LONGEST:
        packets += [(segment, block(key, d)) for d in range(step, LONGEST, step * 50)]
        packets.append((segment, block(key, LONGEST)))
        segment, left = (segment + LONGEST) % 2**32, left - LONGEST
    packets += [(segment, block(key, d)) for d in range(step, left, step)]
    return packets + [(segment, block(key, left, end=True))] * 3


def block(key: int, duration: int, *, end: bool = False) -> bytes:
    return bytes([key, 0x8A if end else 0x0A]) + duration.to_bytes(2, "big")


def reports(packets: list[Packet], first: int) -> list[KeyReport]:
    receiver = EventReceiver(first)
    return [r for timestamp, payload in packets for r in receiver.receive(timestamp, payload)]


def digits(packets: list[Packet], first: int = 0) -> str:
    presses = KeyPresses()
    return "".join(r.key for r in reports(packets, first) if presses.report(r))


def test_a_payload_is_read_bit_by_bit() -> None:
    # Digit 1, as in the RFC's own example (RFC 4733 5, table 5): not ended, -7 dBm0, 50 ms; then
    # a # at -10 dBm0, ended after 100 ms, with the reserved bit set.
    assert parse(bytes.fromhex("01070190")) == [TelephoneEvent(1, False, 7, 400)]
    assert parse(bytes.fromhex("0bca0320")) == [TelephoneEvent(11, True, 10, 800)]
    assert len(parse(bytes.fromhex("010701900bca0320"))) == 2


@pytest.mark.parametrize("payload", [b"", b"\x01", b"\x01\x0a\x00", b"\x01\x0a\x00\xa0\x00"])
def test_a_payload_that_is_none_is_refused(payload: bytes) -> None:
    with pytest.raises(ValueError, match="are no telephone events of 4 bytes each"):
        parse(payload)


def test_every_key_has_its_event_and_other_events_are_no_keys() -> None:
    packets = [p for key in range(16) for p in press(key, 2000 * key)]
    assert digits(packets) == "0123456789*#ABCD"
    assert reports([(0, block(16, 160)), (0, block(36, 160)), (0, block(255, 160))], 0) == []


def test_a_press_is_told_at_its_first_packet_and_its_end_at_the_last() -> None:
    told = reports(press(4, 1000, 480), 0)
    assert told[0] == KeyReport("event", "4", 1000, None)
    assert told[-1] == KeyReport("event", "4", 1000, 1480)


@given(st.data())
def test_loss_repetition_and_disorder_change_no_digit(data: st.DataObject) -> None:
    first = data.draw(st.sampled_from([0, 2**32 - 3000, 2**31 - 100]))
    keys = data.draw(st.lists(st.integers(0, 15), max_size=6))
    arrived: list[Packet] = []
    for i, key in enumerate(keys):
        packets = press(key, (first + 1600 * i) % 2**32, data.draw(st.integers(320, 1200)))
        kept = data.draw(st.lists(st.sampled_from(packets), min_size=1, max_size=12))
        arrived += data.draw(st.permutations(kept))
    for i in data.draw(st.sets(st.integers(0, max(0, len(arrived) - 2)))):
        arrived[i : i + 2] = arrived[i : i + 2][
            ::-1
        ]  # also a press's last after the next one's first
    names = "0123456789*#ABCD"
    assert sorted(digits(arrived, first)) == sorted(names[key] for key in keys)


@pytest.mark.parametrize("first", [0, 2**32 - LONGEST, 2**32 - 10])
def test_a_key_held_longer_than_a_duration_can_say_is_one_digit(first: int) -> None:
    packets = press(7, first, 3 * LONGEST + 500)
    assert digits(packets, first) == "7"
    assert reports(packets, first)[-1] == KeyReport("event", "7", 0, 3 * LONGEST + 500)
    assert digits([*packets, *press(7, (first + 4 * LONGEST) % 2**32)], first) == "77"


def test_the_same_key_right_after_its_end_is_a_press_of_its_own() -> None:
    assert digits([*press(5, 0, 400), *press(5, 720, 400)]) == "55"


def test_events_packed_together_lie_one_after_the_other() -> None:
    [one, two] = reports([(100, block(1, 400, end=True) + block(2, 160))], 0)
    assert (one.key, one.start, one.end) == ("1", 100, 500)
    assert (two.key, two.start, two.end) == ("2", 500, None)
