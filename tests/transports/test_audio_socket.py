"""AudioSocket frames: read however the bytes are cut, and garbage is refused in clear words."""

from __future__ import annotations

import contextlib
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import ProtocolError
from bot.transports.audio_socket import (
    KEYS,
    CallUuid,
    Fault,
    Frame,
    FrameReader,
    HangUp,
    Key,
    Sound,
    Unknown,
    frame_bytes,
)

CALL = UUID("40325ec2-5efd-4bd3-805f-53576e581d13")
BEGINNING = frame_bytes(CallUuid(CALL))

sounds = st.lists(st.integers(-32_768, 32_767), max_size=400).map(
    lambda values: Sound(np.array(values, dtype=np.int16))
)
any_frame: st.SearchStrategy[Frame] = st.one_of(
    sounds,
    st.sampled_from(KEYS).map(Key),
    st.just(HangUp()),
    st.one_of(st.none(), st.integers(0, 255)).map(Fault),
    st.uuids().map(CallUuid),
    st.integers(0x20, 0x80).map(Unknown),
)


def plain(frame: Frame) -> object:
    """Comparable: an array compares element by element."""
    return frame.samples.tolist() if isinstance(frame, Sound) else frame


@given(st.lists(any_frame, max_size=8), st.data())
def test_any_cut_of_the_bytes_gives_the_same_frames(
    frames: list[Frame], data: st.DataObject
) -> None:
    sent = BEGINNING + b"".join(frame_bytes(frame) for frame in frames)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(sent)), max_size=20)))
    reader = FrameReader()
    found: list[Frame] = []
    for start, end in zip([0, *cuts], [*cuts, len(sent)], strict=True):
        found += reader.feed(sent[start:end])
    assert [plain(frame) for frame in found] == [
        plain(frame) for frame in [CallUuid(CALL), *frames]
    ]


@given(st.binary(max_size=3_000), st.booleans())
def test_garbage_is_refused_and_never_anything_else(garbage: bytes, begun: bool) -> None:
    reader = FrameReader()
    with contextlib.suppress(ProtocolError):
        reader.feed((BEGINNING if begun else b"") + garbage)


def test_the_documents_own_example_of_a_hang_up_is_three_zeros() -> None:
    assert frame_bytes(HangUp()) == bytes(3)


def test_sound_is_little_endian_and_its_length_big_endian() -> None:
    assert frame_bytes(Sound(np.array([1, -2], dtype=np.int16))) == b"\x10\x00\x04\x01\x00\xfe\xff"


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (b"GET / HTTP/1.1\r\n", "begins with a call's UUID .* this one with 0x47"),
        (b"\x01\x00\x04abcd", "a UUID has 16 bytes, not 4"),
        (BEGINNING + b"\x10\xff\xff", "a frame of 65535 bytes; at most 16000"),
        (BEGINNING + b"\x10\x00\x03abc", "3 bytes are no whole number of 16-bit samples"),
        (BEGINNING + b"\x12\x00\x02ab", "sound at 16000 Hz; only slin at 8000 Hz"),
        (BEGINNING + b"\x03\x00\x01x", "a key is one of"),
        (BEGINNING + b"\x03\x00\x0212", "a key is one of"),
    ],
)
def test_what_the_document_does_not_allow_is_named(sent: bytes, why: str) -> None:
    with pytest.raises(ProtocolError, match=why):
        FrameReader().feed(sent)


def test_a_key_that_is_none_is_not_repeated() -> None:
    with pytest.raises(ProtocolError) as error:
        FrameReader().feed(BEGINNING + b"\x03\x00\x104242424242424242")
    assert "4242" not in str(error.value)


def test_a_uuid_which_is_a_token_and_a_key_are_not_shown() -> None:
    assert "40325ec2" not in repr(CallUuid(CALL))
    assert "7" not in repr(Key("7"))
