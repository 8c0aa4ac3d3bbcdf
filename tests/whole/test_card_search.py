"""The search for leaks can find: without this a test that finds nothing would prove nothing."""

import base64
import urllib.parse
from pathlib import Path

import numpy as np
import pytest
from card_search import leaks_in, leaks_in_file

CARD = "2223003172645898"
CODE = "739"


@pytest.mark.parametrize(
    "text",
    [
        CARD,
        CARD[3:8],
        "2223 0031 7264 5898",
        "2223-0031-7264-5898",
        '{"text": "two two two three oh oh three one"}',
        "it is three zero zero three one, please",
        f"pan={CARD}&x=1",
        "pan=" + "".join(f"%{ord(digit):02x}" for digit in CARD),
        base64.b64encode(CARD.encode()).decode(),
        base64.b64encode(b'{"pan":"' + CARD.encode() + b'"}').decode(),
        base64.b64encode(b"x" + CARD.encode()).decode(),
        base64.urlsafe_b64encode(b"??" + CARD.encode()).decode(),
        urllib.parse.quote(f"card {CARD}"),
        f"http://127.0.0.1:8080/v1/charges/{CARD}",
        f"card_{CARD}",
        f"security_code: {CODE}",
        f'"cvv": "{CODE}"',
        "the security code is seven three nine",
    ],
)
def test_a_leak_is_found_however_it_is_written(text: str) -> None:
    assert leaks_in(f"some words before {text} and after", [CARD], [CODE])


@pytest.mark.parametrize("text", [CARD, CARD[3:8], "2223 0031 7264 5898", f"cvv {CODE}"])
@pytest.mark.parametrize("name", ["call.wav", "payments.db"])
def test_a_leak_is_found_among_bytes_that_are_no_text(tmp_path: Path, name: str, text: str) -> None:
    noise = np.random.default_rng(1).bytes(100_000)
    (tmp_path / name).write_bytes(noise)
    assert leaks_in_file(tmp_path / name, [CARD], [CODE]) == []
    (tmp_path / name).write_bytes(noise + b"\0" + text.encode() + b"\xff" + noise)
    assert leaks_in_file(tmp_path / name, [CARD], [CODE])


@pytest.mark.parametrize(
    "text",
    [
        "ending in 5898",
        "************5898",
        "the expiry is 04/29, the amount 87.50",
        "2026-11-22T07:31:02.300317Z",
        "job 8e30031772645f0c",
        f"<NetworkStream object at 0x7f2b{CARD[3:9]}d0>",
        "connect_tcp.started host='127.0.0.1' port=30031",
        "http://127.0.0.1:30031/v1/charges",
        "key 30031726-4589-4223-8003-172645895898",
        f"charged {CODE} cards today",
        "security_code: done",
    ],
)
def test_what_may_be_kept_is_not_taken_for_a_leak(text: str) -> None:
    assert leaks_in(text, [CARD], [CODE]) == []
