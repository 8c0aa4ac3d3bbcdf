"""Only what Twilio signed is Twilio's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.transports.twilio_signature import is_signed, signature

TOKEN = "12345"
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
FORM = [
    ("CallSid", "CA1234567890ABCDE"),
    ("Caller", "+14158675309"),
    ("Digits", "1234"),
    ("From", "+14158675309"),
    ("To", "+18005551212"),
]
PUBLISHED = "RSOYDt4T1cUTdK1PDd93/VVr8B8="
"""Of the example on Twilio's security page."""


def test_the_example_of_twilios_own_page() -> None:
    assert signature(TOKEN, URL, FORM) == PUBLISHED
    assert is_signed(PUBLISHED, TOKEN, URL, reversed(FORM))


@pytest.mark.parametrize(
    ("signed", "asked"),
    [
        ("wss://pay.example/twilio", "wss://pay.example/twilio"),
        ("wss://pay.example/twilio/", "wss://pay.example/twilio"),
        ("wss://pay.example:443/twilio", "wss://pay.example/twilio"),
        ("https://pay.example/twilio/answer", "https://pay.example:443/twilio/answer"),
        ("https://[::1]/x", "https://[::1]:443/x"),
    ],
)
def test_a_default_port_and_a_sockets_last_slash_are_spelt_either_way(
    signed: str, asked: str
) -> None:
    assert is_signed(signature(TOKEN, signed), TOKEN, asked)


@pytest.mark.parametrize(
    ("given_signature", "token", "url"),
    [
        (None, TOKEN, URL),
        ("", TOKEN, URL),
        (PUBLISHED, "", URL),
        (PUBLISHED, "54321", URL),
        (PUBLISHED, TOKEN, "https://mycompany.com/other?foo=1&bar=2"),
        (signature("", URL, FORM), "", URL),
        ("\udce9\u20ac", TOKEN, URL),
    ],
)
def test_anything_else_is_not(given_signature: str | None, token: str, url: str) -> None:
    assert not is_signed(given_signature, token, url, FORM)


@given(st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8)), min_size=1, max_size=4))
def test_a_form_that_was_changed_is_not_signed(form: list[tuple[str, str]]) -> None:
    name, value = form[0]
    changed = [(name, value + "x"), *form[1:]]
    genuine = signature(TOKEN, URL, form)
    if sorted(set(changed)) != sorted(set(form)):
        assert not is_signed(genuine, TOKEN, URL, changed)
