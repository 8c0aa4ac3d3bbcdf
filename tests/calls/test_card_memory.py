"""What a call leaves of a card in the bot's memory once the gateway has answered. Linux.

The bot is a process of its own, with everything it logs at debug level; its memory is read from
outside. `benchmarks/card_memory.py`, which does it, also measures speech, TLS and other moments.
"""

from __future__ import annotations

import sys

import pytest
from canaries import canary

from benchmarks.card_memory import measured

CARD = canary(401, prefix="37", length=15, code_length=4)
"""Of most codes of three digits any process has a text of its own."""
IN_FLIGHT, AFTER = "in flight", ("answered", "over")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/PID/mem")
def test_after_the_answer_no_digit_of_a_keyed_card_is_left_in_memory() -> None:
    left = measured(
        "keyed",
        [(CARD.number, CARD.code)],
        ["--deaf", "--setting", "hearing.voice_detector=webrtcvad"],
        tls=False,
        moments=(IN_FLIGHT, *AFTER),
    )
    (in_flight,) = left.at[IN_FLIGHT]
    assert in_flight.number.total() >= 1, "the search finds the request that is under way"
    assert in_flight.code.total() >= 1
    for moment in AFTER:
        (found,) = left.at[moment]
        assert (moment, found.number, found.code, found.around) == (moment, {}, {}, [])
