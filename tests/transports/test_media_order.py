"""Chunks that come out of order are heard in order, and a lost one never shifts what follows."""

from __future__ import annotations

import random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bot.audio import CHUNK_SAMPLES, Samples, silence
from bot.transports.media_order import MOST_WAITING, MediaOrder


def chunk(number: int) -> Samples:
    return np.full(CHUNK_SAMPLES, number % 30_011, dtype=np.int16)


def heard(numbers: list[int]) -> tuple[list[int], MediaOrder]:
    """The number of each chunk that is heard; 0 for one of silence."""
    order = MediaOrder()
    found: list[int] = []
    for number in numbers:
        for samples in order.push(chunk(number), number):
            found += samples[::CHUNK_SAMPLES].tolist()
    return found, order


@given(st.integers(0, 2**32), st.integers(1, 80))
def test_chunks_that_overtake_one_another_a_little_are_all_heard_in_order(
    seed: int, count: int
) -> None:
    jitter = random.Random(seed)
    numbers = list(range(1, count + 1))
    numbers[1:] = sorted(numbers[1:], key=lambda n: n + jitter.uniform(0, MOST_WAITING - 1))
    found, order = heard(numbers)
    assert found == list(range(1, count + 1))
    assert order.late == order.missing == 0


@given(st.sets(st.integers(2, 60), max_size=20))
def test_a_lost_chunk_is_silence_of_its_own_length(lost: set[int]) -> None:
    numbers = [n for n in range(1, 80) if n not in lost]
    found, order = heard(numbers)
    assert found == [0 if n in lost else n for n in range(1, 80)]
    assert order.missing == len(lost)


def test_a_chunk_that_comes_twice_or_much_too_late_is_heard_once_or_not_at_all() -> None:
    found, order = heard([1, 2, 2, 3, 5, 6, 7, 8, 9, 10, 4, 11])
    assert found == [1, 2, 3, 0, 5, 6, 7, 8, 9, 10, 11]
    assert order.late == 2


def test_a_number_that_jumps_makes_a_second_of_silence_and_no_more() -> None:
    found, _ = heard([1, *range(10**9, 10**9 + 6)])
    assert found.count(0) == 50


def test_chunks_without_a_number_are_heard_as_they_come() -> None:
    order = MediaOrder()
    assert len(order.push(silence(160), None)) == len(order.push(silence(160), None)) == 1
