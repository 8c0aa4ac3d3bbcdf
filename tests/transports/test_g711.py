"""G.711's tables, beside libsndfile's and the recommendation's own properties."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
import soundfile

from bot.audio import SAMPLE_RATE, Samples
from bot.transports.g711 import a_law_decoded, a_law_encoded, mu_law_decoded, mu_law_encoded

ALL_CODES = bytes(range(256))
ALL_SAMPLES = np.arange(-32_768, 32_768, dtype=np.int32).astype(np.int16)

Law = tuple[Callable[[Samples], bytes], Callable[[bytes], Samples], str]
MU_LAW: Law = (mu_law_encoded, mu_law_decoded, "ULAW")
A_LAW: Law = (a_law_encoded, a_law_decoded, "ALAW")
BOTH = pytest.mark.parametrize("law", [MU_LAW, A_LAW], ids=["mu-law", "A-law"])


def libsndfile_decoded(code: bytes, subtype: str) -> Samples:
    samples, _ = soundfile.read(
        io.BytesIO(code), dtype="int16", samplerate=SAMPLE_RATE, channels=1, format="RAW",
        subtype=subtype,
    )  # fmt: skip
    return np.asarray(samples, dtype=np.int16)


@BOTH
def test_every_code_is_the_sample_that_another_decoder_makes_of_it(law: Law) -> None:
    _, decoded, subtype = law
    assert np.array_equal(decoded(ALL_CODES), libsndfile_decoded(ALL_CODES, subtype))


@BOTH
def test_every_sample_is_missed_by_half_a_step_at_most_and_louder_stays_louder(law: Law) -> None:
    encoded, decoded, _ = law
    levels = np.unique(decoded(ALL_CODES).astype(np.int32))
    heard = decoded(encoded(ALL_SAMPLES)).astype(np.int32)
    places = np.searchsorted(levels, heard)
    steps = np.diff(levels)
    widest = np.maximum(steps[np.maximum(places - 1, 0)], steps[np.minimum(places, len(steps) - 1)])
    within = (levels[0] < ALL_SAMPLES) & (levels[-1] > ALL_SAMPLES)
    assert np.all((np.abs(heard - ALL_SAMPLES) <= widest / 2)[within])
    assert np.all(np.diff(heard) >= 0)


@BOTH
def test_what_was_decoded_is_encoded_to_the_same_sound(law: Law) -> None:
    encoded, decoded, _ = law
    assert np.array_equal(decoded(encoded(decoded(ALL_CODES))), decoded(ALL_CODES))


def test_silence_is_silence() -> None:
    assert mu_law_encoded(np.zeros(1, dtype=np.int16)) == b"\xff"
    assert mu_law_decoded(b"\xff").tolist() == [0]
    assert a_law_encoded(np.zeros(1, dtype=np.int16)) == b"\xd5"
    assert abs(int(a_law_decoded(b"\xd5")[0])) == 8
